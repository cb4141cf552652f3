"""The embedded captioner says the same as TFLite."""

from functools import partial
from pathlib import Path
import shutil
import subprocess
import sys

from PIL import Image
import pytest

pytest.importorskip("ai_edge_litert", reason="ai-edge-litert is not installed")
pytest.importorskip("onnx", reason="onnx is not installed")

from edge_runtime.config import Settings
from edge_runtime.errors import ModelBrokenError
from edge_runtime.families.base import FamilyConfig
from edge_runtime.families.encoder_decoder import EncoderDecoderCaptioner
from edge_runtime.manifest import load_manifest
from edge_runtime.runtime import EdgeRuntime
from edge_runtime.schemas import CaptionRequest
from edge_runtime.selftest import load_samples
from edge_runtime.sessions.onnx import OnnxSession
from edge_runtime.sessions.tflite import TfliteSession

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "edge_runtime" / "bundled" / "tiny_captioner"
DEV = ROOT.parent / "shared" / "data" / "flickr8k" / "dev"
MODEL = "tiny-captioner-tflite"


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tflite")
    script = ROOT / "scripts" / "export_tflite.py"
    subprocess.run([sys.executable, script, folder], check=True, capture_output=True)
    return folder


def captioner(session, folder, kind):
    spec = load_manifest().get("tiny-captioner")
    return EncoderDecoderCaptioner(
        FamilyConfig(
            files={
                "encoder": str(folder / f"encoder.{kind}"),
                "decoder": str(folder / f"decoder.{kind}"),
                "vocabulary": str(SHIPPED / "vocabulary.txt"),
            },
            preprocess=spec.preprocess,
            generate=spec.generate,
            open_session=partial(session, threads=1, options={}),
        )
    )


@pytest.fixture(scope="module")
def pair(exported):
    return (
        captioner(OnnxSession, SHIPPED, "onnx"),
        captioner(TfliteSession, exported, "tflite"),
    )


def said(model, path):
    with Image.open(path) as photo:
        return model.caption(photo.convert("RGB"), {}).captions


def test_the_graphs_have_the_same_inputs_and_outputs(exported):
    for part in ("encoder", "decoder"):
        ours = OnnxSession(str(SHIPPED / f"{part}.onnx"), threads=1, options={})
        theirs = TfliteSession(str(exported / f"{part}.tflite"), threads=1, options={})
        assert theirs.inputs == ours.inputs
        assert theirs.outputs == ours.outputs
        for name in ours.inputs:
            assert theirs.input_shape(name) == ours.input_shape(name)


def test_both_say_the_same_of_the_samples_and_score_it_alike(pair):
    paths = [sample.path for sample in load_samples()]
    found = [[said(model, path)[0] for model in pair] for path in paths]
    same = [(a, b) for a, b in found if a.text == b.text]
    assert len(same) >= len(paths) - 1
    assert len({a.text for a, _ in same}) > len(same) / 2
    for a, b in same:
        assert b.score == pytest.approx(a.score, abs=0.1)


@pytest.mark.skipif(not DEV.is_dir(), reason="Flickr8k's dev photos are not here")
def test_nine_of_ten_dev_photos_get_the_same_caption(pair):
    paths = sorted(DEV.iterdir())[:100]
    texts = [[said(model, path)[0].text for model in pair] for path in paths]
    assert sum(a == b for a, b in texts) >= 90


async def test_the_worker_runs_it_after_a_download_took_it_over(exported, tmp_path):
    shutil.copytree(exported, tmp_path / "models" / MODEL)
    async with EdgeRuntime(Settings(home=tmp_path)) as runtime:
        spec = runtime.model(MODEL)
        await runtime.store.ensure(spec)
        assert (await runtime.self_test(spec)).passed
        photo = load_samples()[0].path
        result = await runtime.caption(CaptionRequest(path=str(photo)), spec)
    assert result.caption
    assert result.model == MODEL


def test_a_file_that_is_no_graph_is_an_error_with_its_path(tmp_path):
    path = tmp_path / "encoder.tflite"
    path.write_bytes(b"no graph at all")
    with pytest.raises(ModelBrokenError, match=str(path)):
        TfliteSession(str(path), threads=1, options={})
