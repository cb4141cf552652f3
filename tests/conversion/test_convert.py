"""A checkpoint becomes a model that is compared, described and refused if it drifts."""

from dataclasses import replace
import json
import shutil

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="onnx is not installed")
pytest.importorskip("torch", reason="PyTorch is not installed")
pytest.importorskip("transformers", reason="transformers is not installed")

from conversion.checkpoints import write_captioner, write_translator  # noqa: E402

from edge_runtime.convert import conversion as converting  # noqa: E402
from edge_runtime.convert.conversion import Conversion  # noqa: E402
from edge_runtime.convert.parity import Bounds  # noqa: E402
from edge_runtime.convert.quantization import quantize  # noqa: E402
from edge_runtime.convert.request import FLOAT32, ConvertRequest  # noqa: E402
from edge_runtime.convert.sentences import SENTENCES  # noqa: E402
from edge_runtime.convert.sources import open_checkpoint  # noqa: E402
from edge_runtime.errors import (  # noqa: E402
    ArchitectureUnknownError,
    CheckpointError,
    ConversionDriftsError,
    DiskFullError,
    OfflineError,
    SourceUnreachableError,
)
from edge_runtime.manifest import load_manifest  # noqa: E402
from edge_runtime.selftest import load_samples  # noqa: E402

NOWHERE = "http://127.0.0.1:9"


def request_for(tmp_path, source, **changes):
    request = ConvertRequest(
        source=str(source),
        model_id="made-here",
        work=str(tmp_path / "work"),
        samples=tuple(str(sample.path) for sample in load_samples()),
        sentences=SENTENCES[:6],
        hub=NOWHERE,
    )
    return replace(request, **changes)


def convert(request):
    stages = []
    report = Conversion(request, lambda step: stages.append(step.stage)).run()
    return report, list(dict.fromkeys(stages))


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory):
    root = tmp_path_factory.mktemp("checkpoints")
    for kind in ("vit_gpt2", "blip", "git", "florence2"):
        write_captioner(root / kind, kind)
    write_translator(root / "marian")
    return root


@pytest.mark.parametrize("kind", ["vit_gpt2", "blip", "git", "florence2"])
def test_a_captioner_says_the_same_after_its_conversion(tmp_path, checkpoints, kind):
    report, _ = convert(request_for(tmp_path, checkpoints / kind, quantization=FLOAT32))

    assert report["float32"]["token_agreement"] == 1.0
    assert report["float32"]["caption_agreement"] == 1.0
    assert report["float32"]["samples"] == len(load_samples())
    assert abs(report["float32"]["logprob_change"]) < 1e-3


def test_the_row_beside_a_model_is_one_of_the_manifest(tmp_path, checkpoints):
    request = request_for(tmp_path, checkpoints / "blip", quantization=FLOAT32)
    report, _ = convert(request)

    row = tmp_path / "work" / "result" / "model.yaml"
    spec = load_manifest(converted=[row]).get("made-here")

    assert spec is not None
    assert spec.license == "MIT"
    assert spec.preprocess["size"] == (64, 64)
    assert spec.preprocess["resample"] == "bicubic"
    assert {file.role for file in spec.files} == {"encoder", "decoder", "tokenizer"}
    for file in spec.files:
        assert (row.parent / file.path).stat().st_size == file.bytes
    assert report["source"] == "blip"


@pytest.mark.parametrize(
    ("kind", "settings", "expected"),
    [
        ("vit_gpt2", {"max_length": 16}, {"max_new_tokens": 15}),  # the start counts
        ("vit_gpt2", {"max_new_tokens": 12}, {"max_new_tokens": 12}),
        ("florence2", {}, {"max_new_tokens": 30, "no_repeat_ngram_size": 3}),
        ("florence2", {"forced_bos_token_id": 0, "num_beams": 3}, None),
    ],
)
def test_what_a_checkpoint_says_of_its_captions_is_in_the_row(
    tmp_path, kind, settings, expected
):
    folder = write_captioner(tmp_path / "model", kind)
    path = folder / "generation_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | settings))
    found = open_checkpoint(folder).row.generate
    assert found.items() >= (expected or settings).items()


def test_int8_is_smaller_and_within_its_bounds(tmp_path, checkpoints):
    report, stages = convert(request_for(tmp_path, checkpoints / "marian"))
    work = tmp_path / "work"

    assert report["converted"]["token_agreement"] >= 0.9
    assert report["converted"]["logprob_change"] >= -0.15
    for name in ("encoder.onnx", "decoder.onnx"):
        small, whole = work / "result" / name, work / "float32" / name
        assert small.stat().st_size < whole.stat().st_size
    assert stages[0] == "read"
    assert stages[-1] == "compare int8"


def break_layer(path, scope):
    """Damage one weight of a graph: that of the first product below a scope."""
    model = onnx.load(path)
    weights = {tensor.name: tensor for tensor in model.graph.initializer}
    for node in model.graph.node:
        if node.name.startswith(scope) and node.op_type in {"MatMul", "Gemm"}:
            tensor = weights[node.input[1]]
            values = onnx.numpy_helper.to_array(tensor)
            noise = np.random.default_rng(0).normal(0, 3, values.shape)
            damaged = (values + noise).astype(np.float32)
            tensor.CopyFrom(onnx.numpy_helper.from_array(damaged, tensor.name))
            onnx.save(model, path)
            return
    raise AssertionError(f"no product below {scope}")


@pytest.mark.parametrize(
    ("part", "scope", "told"),
    [
        ("encoder.onnx", "/see/vision/layers.1/", "encoder: see.vision.layers.1"),
        ("decoder.onnx", "/layers.1/", "decoder: layers.1"),
    ],
)
def test_a_layer_that_drifts_is_named_and_nothing_made(
    tmp_path, checkpoints, part, scope, told
):
    request = request_for(tmp_path, checkpoints / "vit_gpt2", quantization=FLOAT32)
    convert(request)
    break_layer(tmp_path / "work" / "float32" / part, scope)

    with pytest.raises(ConversionDriftsError, match=told.replace(".", r"\.")) as caught:
        convert(request)

    assert "nothing was installed" in caught.value.message
    assert not (tmp_path / "work" / "result" / "model.yaml").exists()


def test_a_killed_conversion_goes_on_after_what_is_done(tmp_path, checkpoints):
    request = request_for(tmp_path, checkpoints / "git", quantization=FLOAT32)

    class KilledError(Exception):
        pass

    def kill(step):
        if step.stage == "compare float32":
            raise KilledError

    with pytest.raises(KilledError):
        Conversion(request, kill).run()
    before = (tmp_path / "work" / "float32" / "encoder.onnx").stat().st_mtime_ns

    _, stages = convert(request)

    assert "ask PyTorch" not in stages
    after = (tmp_path / "work" / "float32" / "encoder.onnx").stat().st_mtime_ns
    assert after == before


def test_another_checkpoint_is_not_taken_for_the_one_before(tmp_path, checkpoints):
    convert(request_for(tmp_path, checkpoints / "git", quantization=FLOAT32))
    request = request_for(tmp_path, checkpoints / "blip", quantization=FLOAT32)
    report, stages = convert(request)
    assert report["architecture"] == "blip"
    assert "ask PyTorch" in stages


def test_an_unknown_architecture_is_named(tmp_path):
    folder = tmp_path / "bert"
    folder.mkdir()
    (folder / "config.json").write_text('{"model_type": "bert"}')
    with pytest.raises(ArchitectureUnknownError, match=r"'bert'.*blip, florence2, git"):
        convert(request_for(tmp_path, folder))


def test_a_folder_without_a_configuration_is_refused(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(CheckpointError, match=r"config\.json: can't be read"):
        convert(request_for(tmp_path, tmp_path / "empty"))


@pytest.mark.parametrize(
    ("lost", "told"),
    [
        ("model.safetensors", "has no weights"),
        ("preprocessor_config.json", "preprocessor_config.json: can't be read"),
    ],
)
def test_a_missing_file_is_named(tmp_path, checkpoints, lost, told):
    folder = shutil.copytree(checkpoints / "git", tmp_path / "copy")
    (folder / lost).unlink()
    with pytest.raises(CheckpointError, match=told):
        convert(request_for(tmp_path, folder))


def test_damaged_weights_are_an_error_in_one_line(tmp_path, checkpoints):
    folder = shutil.copytree(checkpoints / "git", tmp_path / "copy")
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:100])
    with pytest.raises(CheckpointError) as caught:
        convert(request_for(tmp_path, folder))
    assert "\n" not in caught.value.message


def test_a_translator_needs_its_pieces(tmp_path, checkpoints):
    folder = shutil.copytree(checkpoints / "marian", tmp_path / "copy")
    (folder / "source.spm").write_bytes(b"\x0a\xff")
    with pytest.raises(CheckpointError, match="no tokenizer of Marian"):
        convert(request_for(tmp_path, folder))


def test_a_full_disk_is_told_before_it_is_full(tmp_path, checkpoints, monkeypatch):
    usage = shutil.disk_usage(tmp_path)
    nothing = usage._replace(free=10)
    monkeypatch.setattr(converting.shutil, "disk_usage", lambda _path: nothing)
    with pytest.raises(DiskFullError, match="takes up to"):
        convert(request_for(tmp_path, checkpoints / "git"))


def test_a_hub_out_of_reach_is_told_with_a_way_out(tmp_path):
    with pytest.raises(SourceUnreachableError, match="a folder with the checkpoint"):
        convert(request_for(tmp_path, "microsoft/git-base"))


def test_without_a_network_the_hub_is_not_asked(tmp_path):
    with pytest.raises(OfflineError, match="switched off"):
        convert(request_for(tmp_path, "microsoft/git-base", offline=True))


def test_a_name_that_is_neither_folder_nor_model_is_refused(tmp_path):
    with pytest.raises(CheckpointError, match="owner/name"):
        convert(request_for(tmp_path, "no-such-folder"))


def test_a_request_comes_through_as_it_was(tmp_path):
    request = request_for(tmp_path, "x")
    assert ConvertRequest.from_json(request.to_json()) == request
    assert json.loads(request.to_json())["model_id"] == "made-here"


def products_below(path, scope):
    graph = onnx.load(path).graph
    return {
        node.op_type
        for node in graph.node
        if node.name.startswith(scope) and "MatMul" in node.op_type
    }


def test_a_layer_that_is_kept_stays_in_float32(tmp_path, checkpoints):
    request = request_for(tmp_path, checkpoints / "vit_gpt2", quantization=FLOAT32)
    convert(request)
    whole = tmp_path / "work" / "float32" / "encoder.onnx"

    quantize(whole, tmp_path / "int8.onnx", keep=["/see/vision/layers.1/"])

    assert products_below(tmp_path / "int8.onnx", "/see/vision/layers.1/") == {"MatMul"}
    kinds = products_below(tmp_path / "int8.onnx", "/see/vision/layers.0/")
    assert "MatMulInteger" in kinds


def test_int8_that_no_kept_layer_saves_is_refused(tmp_path, checkpoints, monkeypatch):
    monkeypatch.setattr(converting, "INT8", Bounds(1.0, 1.0, 1.0))
    with pytest.raises(
        ConversionDriftsError, match=r"in int8 .* nothing was installed"
    ):
        convert(request_for(tmp_path, checkpoints / "vit_gpt2"))
