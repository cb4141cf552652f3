"""Weights that onnxruntime maps from a model's own file; several graphs at once."""

from functools import partial
from pathlib import Path
import shutil
import subprocess
import sys

import numpy as np
import onnxruntime as ort
import pytest

from edge_runtime.errors import ModelBrokenError
from edge_runtime.families.base import FamilyConfig
from edge_runtime.sessions.onnx import OnnxSession
from edge_runtime.sessions.onnx_weights import without_weights

BUNDLED = Path(__file__).parents[2] / "edge_runtime" / "bundled" / "tiny_captioner"
ENCODER = BUNDLED / "encoder.onnx"
DECODER = BUNDLED / "decoder.onnx"
HEAD_BYTES = 4
"""Where the first field of a model file is not over yet."""


def open_session(path: Path) -> OnnxSession:
    return OnnxSession(str(path), threads=1, options={})


def picture() -> np.ndarray:
    session = open_session(ENCODER)
    shape = [size or 1 for size in session.input_shape("pixel_values")]
    return np.random.default_rng(0).standard_normal(shape, dtype=np.float32)


def outputs_of_onnxruntime_alone(path: Path) -> list[np.ndarray]:
    settings = ort.SessionOptions()
    settings.intra_op_num_threads = 1
    return ort.InferenceSession(str(path), settings).run(
        None, {"pixel_values": picture()}
    )


def test_mapped_weights_compute_what_the_files_own_do():
    whole = outputs_of_onnxruntime_alone(ENCODER)
    mapped = open_session(ENCODER).run({"pixel_values": picture()})
    assert len(mapped) == len(whole) > 0
    for ours, theirs in zip(mapped, whole, strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("path", [ENCODER, DECODER])
def test_little_of_a_graph_is_copied(path):
    found = without_weights(str(path))
    assert found is not None
    assert found.folder == str(BUNDLED.resolve())
    assert len(found.graph) < path.stat().st_size / 4


def test_a_model_behind_a_link_is_mapped_from_where_it_is(tmp_path):
    link = tmp_path / "linked.onnx"
    link.symlink_to(ENCODER)
    whole = outputs_of_onnxruntime_alone(ENCODER)
    mapped = open_session(link).run({"pixel_values": picture()})
    np.testing.assert_array_equal(mapped[0], whole[0])


def test_a_graph_with_weights_in_another_file_is_left_as_it_is(tmp_path):
    found = without_weights(str(ENCODER))
    assert found is not None
    shutil.copy(ENCODER, tmp_path)  # it is the file that the graph names
    apart = tmp_path / "apart.onnx"
    apart.write_bytes(found.graph)
    assert without_weights(str(apart)) is None
    mapped = open_session(apart).run({"pixel_values": picture()})
    np.testing.assert_array_equal(mapped[0], outputs_of_onnxruntime_alone(ENCODER)[0])


@pytest.mark.parametrize("kept", [0, HEAD_BYTES, 100_000, -1])
def test_a_file_that_was_cut_off_is_refused_by_name(tmp_path, kept):
    cut = tmp_path / "cut.onnx"
    cut.write_bytes(ENCODER.read_bytes()[:kept])
    with pytest.raises(ModelBrokenError, match=r"cut\.onnx: can't be loaded"):
        open_session(cut)


def test_what_is_no_model_is_refused_by_name(tmp_path):
    page = tmp_path / "page.onnx"
    page.write_text("<html>no such file</html>" * 10_000, encoding="utf-8")
    with pytest.raises(ModelBrokenError, match=r"page\.onnx: can't be loaded"):
        open_session(page)


def opening(files: dict[str, str], *roles: str):
    config = FamilyConfig(files, {}, {}, partial(OnnxSession, threads=1, options={}))
    return config.opening(*roles)


def test_sessions_opened_at_once_come_in_the_order_of_their_roles():
    files = {"encoder": str(ENCODER), "decoder": str(DECODER)}
    decoder, encoder = opening(files, "decoder", "encoder").opened()
    assert encoder.inputs == ("pixel_values",)
    assert "input_ids" in decoder.inputs


def test_of_sessions_opened_at_once_the_broken_one_is_named(tmp_path):
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"\xff" * 100)
    files = {"encoder": str(ENCODER), "decoder": str(broken)}
    with pytest.raises(ModelBrokenError, match=r"broken\.onnx"):
        opening(files, "encoder", "decoder").opened()
    with pytest.raises(ModelBrokenError, match="role 'connector'"):
        opening(files, "encoder", "connector")


def test_a_worker_starts_without_what_its_parent_alone_needs():
    code = (
        "import sys; before = set(sys.modules);"
        "import edge_runtime.inference.worker;"
        "print(sorted({'asyncio', 'ssl', 'subprocess', 'numpy', 'PIL', 'onnxruntime'}"
        " & set(sys.modules) - before))"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
