"""Names and numbers that the whole integration shares."""

from datetime import timedelta
from typing import Final

DOMAIN: Final = "edge_captions"
NAME: Final = "Edge Captions"

CONF_LANGUAGE: Final = "language"
CONF_TIMEOUT: Final = "timeout"
CONF_LENIENT: Final = "caption_instead"
CONF_STYLE: Final = "style"
CONF_DETAIL: Final = "detail"
CONF_SOURCE: Final = "source_id"
CONF_SNAPSHOTS: Final = "snapshots"
CONF_CAMERA: Final = "camera"
CONF_ON_CHANGE: Final = "on_change"
CONF_TRIGGERS: Final = "triggers"
CONF_INTERVAL: Final = "interval"
CONF_COOLDOWN: Final = "cooldown"

SUBENTRY_CAMERA: Final = "watched_camera"
SUBENTRY_FOLDER: Final = "photo_folder"
SUBENTRY_TASK: Final = "ai_task_data"

STYLES: Final = ["plain", "alt_text", "social"]
DETAILS: Final = ["short", "normal", "rich"]
LIVE_OPTIONS: Final = frozenset({CONF_LANGUAGE, CONF_STYLE})
"""Preferences that count from the next caption on, without a new start."""

DEFAULT_PORT: Final = 8477
DEFAULT_TIMEOUT_S: Final = 300
DEFAULT_COOLDOWN_S: Final = 30
POLL_EVERY: Final = timedelta(seconds=60)

EVENT_CAPTION: Final = "edge_captions_captioned"
"""Event on Home Assistant's bus: a watched camera has a new text."""

MAX_SHORT: Final = 255
"""Most characters of an entity's state."""

ISSUE_RUNTIME_TOO_OLD: Final = "runtime_too_old"
ISSUE_INTEGRATION_TOO_OLD: Final = "integration_too_old"
ISSUE_MODEL_MISSING: Final = "model_missing"
ISSUE_LOW_MEMORY: Final = "low_memory"
ISSUE_NO_ANSWERS: Final = "no_model_answers"
