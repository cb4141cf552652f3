"""Which families this version has, by name: found without importing any of them."""

from collections.abc import Mapping
from typing import Final

CAPTIONERS: Final[Mapping[str, str]] = {
    "encoder_decoder": "edge_runtime.families.encoder_decoder:EncoderDecoderCaptioner",
    "florence2": "edge_runtime.families.florence2:Florence2Captioner",
    "im2txt": "edge_runtime.families.im2txt:Im2txtCaptioner",
    "vision_chat": "edge_runtime.families.vision_chat:VisionChat",
}
ANSWERING: Final = frozenset({"vision_chat"})
"""The captioners that read a prompt: asked a question, they answer it."""
SCORERS: Final[Mapping[str, str]] = {
    "clip": "edge_runtime.families.clip:ClipScorer",
    "image_text": "edge_runtime.families.image_text:SharedEncoderScorer",
}
GENERATORS: Final[Mapping[str, str]] = {
    "text_chat": "edge_runtime.families.text_chat:TextChat",
}
READERS: Final[Mapping[str, str]] = {
    "ocr": "edge_runtime.families.ocr:PaddleTextReader",
}
TRANSLATORS: Final[Mapping[str, str]] = {
    "translation": "edge_runtime.families.translation:MarianTranslator",
}
FAMILIES: Final[Mapping[str, str]] = {
    **CAPTIONERS,
    **SCORERS,
    **GENERATORS,
    **READERS,
    **TRANSLATORS,
}
SESSIONS: Final[Mapping[str, str]] = {
    "ai-edge-litert": "edge_runtime.sessions.tflite:TfliteSession",
    "llama-cpp-python": "edge_runtime.sessions.llama:LlamaSession",
    "onnxruntime": "edge_runtime.sessions.onnx:OnnxSession",
    "tflite-runtime": "edge_runtime.sessions.tflite:TfliteRuntimeSession",
}
