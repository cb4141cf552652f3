"""What a look at a folder found goes into the store: photos, a person's own words."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
import sqlite3

from . import search_index
from .caption_slots import checked_text, read_slot, write_slot
from .database import Database
from .errors import InvalidValueError
from .file_rows import bin_or_back
from .hashtags import tag_display, tag_name
from .photo_rows import add_photo, change_photo, photo_row
from .records import Caption, CaptionOrigin, NewPhoto, PhotoChanges, TagOrigin
from .rows import from_json, to_path
from .tag_rows import add_tag, remove_tag, tags_of
from .times import now_ms

_FACTS = ("width", "height", "taken_at", "camera", "latitude", "longitude")


@dataclass(frozen=True, slots=True)
class FoundCaption:
    """A caption that stands in a photo's metadata."""

    language: str
    text: str
    ours: bool = False
    """We wrote it, and nobody changed it since: it only counts for a new photo."""


@dataclass(frozen=True, slots=True)
class FoundPhoto:
    """A photo's file as it was read; `photo.file` must be there."""

    photo: NewPhoto
    captions: tuple[FoundCaption, ...] = ()
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Indexed:
    """The photo that a file turned out to be."""

    photo_id: str
    created: bool
    captioned: bool
    """A person's caption was taken over."""


class Indexing:
    """Takes over what looks at folders find."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, found: Sequence[FoundPhoto]) -> list[Indexed]:
        """Add files as one: new photos, and what changed about known ones."""

        def work(connection: sqlite3.Connection) -> list[Indexed]:
            now = now_ms()
            return [_index(connection, one, now) for one in found]

        return await self._database.write(work)


def _index(connection: sqlite3.Connection, found: FoundPhoto, now: int) -> Indexed:
    new = found.photo
    before = _photo_at(connection, new)
    added = add_photo(connection, new, now)
    if before not in {None, added.photo_id}:
        bin_or_back(connection, str(before), now)
        search_index.refresh(connection, str(before))
    if not added.created:
        _update_facts(connection, added.photo_id, new)
    captioned = False
    for caption in found.captions:
        if added.created or not caption.ours:
            captioned |= _take_over(connection, added.photo_id, caption, now)
    _sync_tags(connection, added.photo_id, found.tags)
    return Indexed(added.photo_id, added.created, captioned)


def _photo_at(connection: sqlite3.Connection, new: NewPhoto) -> str | None:
    if new.file is None:
        return None
    row = connection.execute(
        "SELECT photo_id FROM files WHERE source_id = ? AND path = ?",
        (new.source_id, to_path(new.file.path)),
    ).fetchone()
    return None if row is None else str(row["photo_id"])


def _update_facts(connection: sqlite3.Connection, photo_id: str, new: NewPhoto) -> None:
    """Take over what the metadata say now; what they no longer say stays known."""
    row = photo_row(connection, photo_id)
    changes = PhotoChanges()
    for name in _FACTS:
        value = getattr(new, name)
        if value is not None and value != row[name]:
            changes[name] = value  # type: ignore[literal-required] # our own names
    people = tuple(from_json(row["people"]) or ())
    if new.people and new.people != people:
        changes["people"] = new.people
    if new.place is not None and new.place != from_json(row["place"]):
        changes["place"] = new.place
    if changes:
        change_photo(connection, photo_id, changes)


def _take_over(
    connection: sqlite3.Connection, photo_id: str, found: FoundCaption, now: int
) -> bool:
    """Make words from the metadata the caption, unless they have been it before.

    What was there goes into the history. Words that were replaced or removed here
    still stand in the file and do not come back from it.
    """
    try:
        text = checked_text(found.text)
    except InvalidValueError:  # longer than any caption
        return False
    current = read_slot(connection, photo_id, found.language)
    if current is not None and current.text == text:
        return False
    known = connection.execute(
        "SELECT 1 FROM caption_history WHERE photo_id = ? AND language = ?"
        " AND text = ?",
        (photo_id, found.language, text),
    ).fetchone()
    if known is not None:
        return False
    caption = Caption(photo_id, found.language, text, CaptionOrigin.IMPORTED, now)
    write_slot(connection, replace(caption, suggestion_id=None), now)
    return True


def _sync_tags(
    connection: sqlite3.Connection, photo_id: str, tags: tuple[str, ...]
) -> None:
    """Make the imported tags those of the metadata; hashtags of captions are apart."""
    of_captions = tags_of(connection, photo_id, TagOrigin.CAPTION)
    present = tags_of(connection, photo_id, TagOrigin.IMPORTED)
    wanted = {n: tag for n, tag in _valid(tags).items() if n not in of_captions}
    if wanted.keys() == present.keys():
        return
    for name, display in wanted.items():
        if name not in present:
            add_tag(connection, photo_id, name, display, TagOrigin.IMPORTED)
    for name in present.keys() - wanted.keys():
        remove_tag(connection, photo_id, name, TagOrigin.IMPORTED)
    search_index.refresh(connection, photo_id)


def _valid(tags: tuple[str, ...]) -> dict[str, str]:
    found = {}
    for tag in tags:
        with suppress(InvalidValueError):
            found[tag_name(tag)] = tag_display(tag)
    return found
