"""Names and numbers that the whole integration shares."""

from datetime import timedelta
from typing import Final

DOMAIN: Final = "edge_captions"
NAME: Final = "Edge Captions"

CONF_LANGUAGE: Final = "language"
CONF_TIMEOUT: Final = "timeout"
CONF_LENIENT: Final = "caption_instead"
CONF_CAMERA: Final = "camera"
CONF_ON_CHANGE: Final = "on_change"
CONF_TRIGGERS: Final = "triggers"
CONF_INTERVAL: Final = "interval"
CONF_COOLDOWN: Final = "cooldown"

SUBENTRY_CAMERA: Final = "watched_camera"

DEFAULT_PORT: Final = 8477
DEFAULT_TIMEOUT_S: Final = 300
DEFAULT_COOLDOWN_S: Final = 30
POLL_EVERY: Final = timedelta(seconds=60)

MAX_SHORT: Final = 255
"""Most characters of an entity's state."""

ISSUE_RUNTIME_TOO_OLD: Final = "runtime_too_old"
ISSUE_INTEGRATION_TOO_OLD: Final = "integration_too_old"
