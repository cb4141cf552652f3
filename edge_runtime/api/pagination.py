"""Lists in pages: `?limit=&cursor=` and `{"items": [...], "next_cursor": ...}`."""

from typing import Final

from .fields import Field, Integer, Text

MAX_LIMIT: Final = 200
DEFAULT_LIMIT: Final = 50
PAGE_QUERY: Final[dict[str, Field]] = {
    "limit": Integer(
        required=False,
        default=DEFAULT_LIMIT,
        minimum=1,
        maximum=MAX_LIMIT,
        description="most items of one page",
    ),
    "cursor": Text(
        required=False, max_length=500, description="next_cursor of the page before"
    ),
}
