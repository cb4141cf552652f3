"""Turn a filter into SQL, with the index that answers it leading."""

from dataclasses import dataclass
from typing import Final

from .hashtags import tag_name
from .positions import position_at
from .records import PhotoFilter
from .times import month_range, year_range

UNDESCRIBED: Final = (
    "photos.has_caption = 0",
    "photos.verdict IS NULL",
    "photos.problem IS NULL",
)
"""Nobody has said a word about the photo; an index holds just these."""


@dataclass(frozen=True, slots=True)
class PhotoQuery:
    """The parts of a SELECT on `photos`, in the order of their position."""

    tables: str
    order: str
    """The column that leads: its index gives the order without a sort."""
    conditions: tuple[str, ...]
    parameters: tuple[object, ...]

    def where(self) -> str:
        """Return the WHERE clause."""
        return " AND ".join(self.conditions)


def photo_query(wanted: PhotoFilter, *, lead: str | None = None) -> PhotoQuery:
    """Return the query for a filter; `lead` is a table that is joined already."""
    parts = _conditions(wanted)
    tables, order = "photos", "photos.position"
    if lead is not None:
        # CROSS JOIN: SQLite keeps the order of the tables
        tables = f"{lead} CROSS JOIN photos ON photos.position = {lead}.rowid"
        order = f"{lead}.rowid"
    for table, condition, parameter in _memberships(wanted):
        if tables == "photos":
            tables = f"{table} CROSS JOIN photos USING (position)"
            order = f"{table}.position"
            parts.append((condition, (parameter,)))
        else:
            member = f"SELECT 1 FROM {table} AS m WHERE m.position = photos.position"  # noqa: S608  # our own names
            parts.append((f"EXISTS ({member} AND {condition})", (parameter,)))
    return PhotoQuery(
        tables,
        order,
        tuple(condition for condition, _ in parts),
        tuple(value for _, values in parts for value in values),
    )


def _memberships(wanted: PhotoFilter) -> list[tuple[str, str, str]]:
    found = []
    if wanted.album_id is not None:
        found.append(("album_photos", "album_id = ?", wanted.album_id))
    if wanted.tag is not None:
        condition = "tag_id = (SELECT id FROM tags WHERE name = ?)"
        found.append(("photo_tags", condition, tag_name(wanted.tag)))
    return found


def _conditions(wanted: PhotoFilter) -> list[tuple[str, tuple[object, ...]]]:
    parts: list[tuple[str, tuple[object, ...]]] = [
        ("photos.deleted_at IS " + ("NOT NULL" if wanted.deleted else "NULL"), ())
    ]
    columns = {
        "source_id": wanted.source_id,
        "has_caption": wanted.has_caption,
        "verdict": wanted.verdict,
    }
    parts += [
        (f"photos.{name} = ?", (value,))
        for name, value in columns.items()
        if value is not None
    ]
    if wanted.pending is not None:
        # no parameter: the index holds only those that wait
        parts.append((f"photos.is_pending = {int(wanted.pending)}", ()))
    if wanted.undescribed:
        parts += [(condition, ()) for condition in UNDESCRIBED]
    if wanted.unwritten:
        parts.append(("photos.unwritten = 1", ()))
    if wanted.year is not None:
        parts.append(_taken_between(*year_range(wanted.year)))
    if wanted.month is not None:
        parts.append(_taken_between(*month_range(wanted.month)))
    if wanted.place is not None:
        # every name in it, however it is nested
        names = "SELECT 1 FROM json_tree(photos.place) WHERE atom = ?"
        parts.append((f"EXISTS ({names})", (wanted.place,)))
    if wanted.person is not None:
        people = "SELECT 1 FROM json_each(photos.people) WHERE value = ?"
        parts.append((f"EXISTS ({people})", (wanted.person,)))
    return parts


def _taken_between(first: int, following: int) -> tuple[str, tuple[object, ...]]:
    return (
        "photos.taken_at >= ? AND photos.position BETWEEN ? AND ?",
        (first, position_at(first), position_at(following) - 1),
    )
