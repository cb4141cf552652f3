"""A captioner with a detector and several looks, made of what ships."""

from dataclasses import replace
from pathlib import Path
import sys

import numpy as np
from PIL import Image
import torch
from torch import nn

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "edge_runtime" / "bundled" / "tiny_captioner"
SAMPLES = ROOT / "edge_runtime" / "bundled" / "samples"
DEV = ROOT.parent / "shared" / "data" / "flickr8k" / "dev"
SCORER = SHIPPED.parent / "tiny_scorer"
_SIZE = (224, 224)

sys.path.append(str(ROOT / "scripts"))

from tiny_captioner.detector import _SCOPE, GRAPH, Detector, _layers  # noqa: E402
from tiny_captioner.encoders import Eyes, photo_encoder  # noqa: E402
from tiny_captioner.model import CaptionDecoder  # noqa: E402
from tiny_captioner.restore import restore  # noqa: E402


def looking_captioner():
    """Return what ships, with a detector that learned nothing where it has none."""
    config, modules = restore(SHIPPED, "lite2")
    if not config.detector:
        torch.manual_seed(3)
        config = replace(config, detector=True)
        decoder = CaptionDecoder(config)
        decoder.load_state_dict(modules["decoder"].state_dict(), strict=False)
        eyes = Eyes(modules["encoder"], Detector())
        modules = nn.ModuleDict({"encoder": eyes, "decoder": decoder})
    return config, modules.eval()


def plain_captioner():
    """Return what ships without its detector."""
    config, modules = restore(SHIPPED, "lite2")
    config = replace(config, detector=False, region_dropout=0.0)
    decoder = CaptionDecoder(config)
    decoder.load_state_dict(modules["decoder"].state_dict(), strict=False)
    encoder = photo_encoder(modules["encoder"])
    return config, nn.ModuleDict({"encoder": encoder, "decoder": decoder})


def photos(folder=SAMPLES, count=4):
    """Return photos as the training reads them, uint8 [photos, 224, 224, 3]."""
    paths = sorted(folder.glob("*.jpg"))[:count]
    squares = [np.asarray(Image.open(p).convert("RGB").resize(_SIZE)) for p in paths]
    return torch.from_numpy(np.stack(squares))


def _field(number, content):
    return bytes([number << 3 | 2]) + _number(len(content)) + content


def _constant(name, values):
    sizes = b"".join(_field(2, b"\x08" + _number(size)) for size in values.shape)
    tensor = b"\x08\x01" + _field(2, sizes) + _field(4, values.tobytes())
    value = _field(1, b"value") + _field(2, _field(8, tensor))
    node = _field(1, name.encode()) + _field(2, b"Const") + _field(5, value)
    return _field(1, node)


def _number(value):
    more = b""
    while value > 127:
        more += bytes([value & 127 | 128])
        value >>= 7
    return more + bytes([value])


def write_detector(folder, detector):
    """Write a detector as TensorFlow's frozen graph has it, batch norm apart."""
    parts = [_field(1, _field(1, b"Preprocessor") + _field(2, b"Mul"))]
    for name, convolution in _layers(detector).items():
        stem = f"{_SCOPE}/{name}"
        weight = convolution.weight.detach().numpy()
        depthwise = name.endswith("depthwise")
        axes = (2, 3, 0, 1) if depthwise else (2, 3, 1, 0)
        ours = np.ascontiguousarray(weight.transpose(axes) / 2)
        kind = "depthwise_weights" if depthwise else "weights"
        parts.append(_constant(f"{stem}/{kind}", ours))
        norm = {
            "gamma": np.full(len(weight), 2.0),
            "beta": convolution.bias.detach().numpy() + 2.0,
            "moving_mean": np.ones(len(weight)),
            "moving_variance": np.full(len(weight), 1 - 0.001),
        }
        parts += [
            _constant(f"{stem}/BatchNorm/{part}", values.astype("<f4"))
            for part, values in norm.items()
        ]
    (folder / GRAPH).write_bytes(b"".join(parts))
