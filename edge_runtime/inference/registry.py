"""Which families this version has, by name: found without importing any of them."""

from collections.abc import Mapping
from typing import Final

FAMILIES: Final[Mapping[str, str]] = {
    "encoder_decoder": "edge_runtime.families.encoder_decoder:EncoderDecoderCaptioner",
}
SESSIONS: Final[Mapping[str, str]] = {
    "onnxruntime": "edge_runtime.sessions.onnx:OnnxSession",
}
