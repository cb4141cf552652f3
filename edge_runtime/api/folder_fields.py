"""A watched folder's settings, as requests and answers have them."""

from collections.abc import Mapping
from typing import Any, Final

from ..folder_settings import (
    HOURS_PATTERN,
    MAX_POLL_S,
    MIN_POLL_S,
    FolderSettings,
    MetadataMode,
    Policy,
    SidecarNaming,
)
from ..schemas import Style
from .fields import (
    ABSENT,
    Boolean,
    Choice,
    Field,
    Integer,
    Number,
    Object,
    Text,
    answer,
    language,
)

_MAY: Final[dict[str, Any]] = {"required": False, "default": ABSENT}
_MAY_BE_NULL: Final[dict[str, Any]] = {**_MAY, "nullable": True}
_SCHEDULE: Final[dict[str, Field]] = {
    "hours": Text(
        **_MAY_BE_NULL,
        pattern=HOURS_PATTERN,
        description="only between these hours, such as 22:00-06:00; null: at any time",
    ),
    "max_load": Number(
        **_MAY_BE_NULL,
        minimum=0,
        description="only while other programs keep at most this share of the cores "
        "busy; null: always",
    ),
    "on_battery": Boolean(**_MAY, description="also while on battery"),
    "max_celsius": Number(
        **_MAY, minimum=0, description="not while the processor is hotter"
    ),
}
SETTINGS: Final[dict[str, Field]] = {
    "language": language(
        **_MAY_BE_NULL, description="of the captions; null: the service's own"
    ),
    "style": Choice.of(*Style, **_MAY),
    "model": Text(
        **_MAY_BE_NULL,
        min_length=1,
        max_length=200,
        description="the captioner to use; null: the best that is here",
    ),
    "automatic": Boolean(
        **_MAY, description="describe photos that come in, without being asked"
    ),
    "policy": Choice.of(
        *Policy,
        **_MAY,
        description="suggest: every suggestion waits for a person; accept_sure: it "
        "becomes the caption where the check is sure and the photo has none",
    ),
    "include_captioned": Boolean(
        **_MAY, description="also make suggestions for photos that have a caption"
    ),
    "write_metadata": Choice.of(
        *MetadataMode,
        **_MAY,
        description="where accepted captions are written: nowhere else, into an XMP "
        "file beside the photo, or into the photo",
    ),
    "sidecar_name": Choice.of(*SidecarNaming, **_MAY),
    "keep_mtime": Boolean(
        **_MAY, description="leave a photo that is written into its time of change"
    ),
    "watch": Boolean(**_MAY, description="false: look only when asked to scan"),
    "poll_s": Integer(**_MAY, minimum=MIN_POLL_S, maximum=MAX_POLL_S),
    "schedule": Object(fields=_SCHEDULE, **_MAY),
}


def _as_answer(fields: Mapping[str, Field]) -> Object:
    """Return the same fields as they are answered: all of them, always."""
    shown: dict[str, Field] = {}
    for name, field in fields.items():
        if isinstance(field, Object):
            shown[name] = _as_answer(field.fields)
        else:
            shown[name] = type(field)(
                **{
                    **{k: getattr(field, k) for k in field.__dataclass_fields__},
                    "required": True,
                    "default": None,
                }
            )
    return answer(**shown)


ANSWER: Final = _as_answer(SETTINGS)


def given(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return those settings that a request names."""
    found = {}
    for name in SETTINGS:
        value = values[name]
        if value is ABSENT:
            continue
        if isinstance(value, dict):
            value = {k: v for k, v in value.items() if v is not ABSENT}
        found[name] = value
    return found


def settings_dict(settings: FolderSettings) -> dict[str, Any]:
    """Return a folder's settings as clients see them."""
    return settings.to_dict()
