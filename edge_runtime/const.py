"""Names, formats and limits that more than one part of the runtime needs."""

from typing import Final

APP_NAME: Final = "edge-captions"
ENV_PREFIX: Final = "EDGE_CAPTIONS_"

MIB: Final = 1024 * 1024
MB: Final = 1_000_000
GB: Final = 1_000_000_000

EMBEDDED_MODEL: Final = "tiny-captioner"
DEFAULT_HUB: Final = "https://huggingface.co"
