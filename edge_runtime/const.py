"""Names, formats and limits that more than one part of the runtime needs."""

from typing import Final

APP_NAME: Final = "edge-captions"
ENV_PREFIX: Final = "EDGE_CAPTIONS_"

MIB: Final = 1024 * 1024
MB: Final = 1_000_000
GB: Final = 1_000_000_000

SHARE_OF_MEMORY: Final = 0.85
"""The part of the available memory that a model or a photo may fill."""

PART_SUFFIX: Final = ".part"
"""Ends the name under which a file grows before it is whole."""
RECORD_NAME: Final = "installed.json"
"""What is known about the checked files of a model, in the model's folder."""

EMBEDDED_MODEL: Final = "tiny-captioner"
ONNX: Final = "onnxruntime"
CPU: Final = "cpu"
PROVIDER_NAMES: Final = ("cuda", "migraphx", "rocm", "openvino", "tensorrt")
"""What else onnxruntime may compute on, the best first."""
DEFAULT_HUB: Final = "https://huggingface.co"

LANGUAGE_PATTERN: Final = r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*"
"""A language tag as BCP 47 forms it: `en`, `pt-BR`, `zh-Hant`."""
MAX_PATTERN: Final = 500
"""Most characters of a person's own template."""
