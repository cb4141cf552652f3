"""What lists filter by and searches find, kept in the transaction that changes it."""

from collections.abc import Iterable, Mapping
import sqlite3

from .records import NewPhoto, SourceKind
from .rows import from_json, from_path
from .search_text import searchable
from .tag_rows import tags_of

COLUMNS = ("caption", "tags", "people", "suggestion", "place", "file")
_WRITE = (
    "INSERT OR REPLACE INTO search"
    " (rowid, caption, tags, people, suggestion, place, file)"
    " VALUES (?, ?, ?, ?, ?, ?, ?)"
)


def refresh(connection: sqlite3.Connection, photo_id: str) -> None:
    """Bring a photo's flags and its words in the index up to date."""
    connection.execute(
        "UPDATE photos SET"
        " has_caption = EXISTS (SELECT 1 FROM captions WHERE photo_id = photos.id),"
        " is_pending = EXISTS (SELECT 1 FROM suggestions"
        "   WHERE photo_id = photos.id AND state = 'pending')"
        "   AND (SELECT kind FROM sources WHERE id = source_id) != ?,"
        " verdict = (SELECT verdict FROM suggestions WHERE photo_id = photos.id"
        "   ORDER BY created_at DESC, id DESC LIMIT 1)"
        " WHERE id = ?",
        (SourceKind.CAMERA, photo_id),
    )
    position = connection.execute(
        "SELECT position FROM photos WHERE id = ?", (photo_id,)
    ).fetchone()["position"]
    words = words_of_photo(connection, photo_id)
    connection.execute(_WRITE, (position, *(_folded(words[name]) for name in COLUMNS)))


def add_new(
    connection: sqlite3.Connection, position: int, photo: NewPhoto, path: str
) -> None:
    """Index a photo about which nothing has been said yet."""
    names = "\n".join(photo.people), "\n".join(place_names(photo.place))
    people, place = map(searchable, names)
    connection.execute(_WRITE, (position, "", "", people, "", place, searchable(path)))


def remove(connection: sqlite3.Connection, position: int) -> None:
    """Take a photo's words out of the index."""
    connection.execute("DELETE FROM search WHERE rowid = ?", (position,))


def rebuild(connection: sqlite3.Connection) -> None:
    """Make the whole index anew from the tables."""
    # a damaged index lets nothing be deleted: make it an empty one, as FTS5 begins
    # (1: averages, 10: structure), then agree with its rows in FTS5's own way
    connection.execute("DELETE FROM search_data")
    connection.execute("DELETE FROM search_idx")
    connection.execute(
        "INSERT INTO search_data (id, block) VALUES (1, x''), (10, zeroblob(7))"
    )
    connection.execute("INSERT INTO search (search) VALUES ('rebuild')")
    connection.execute("DELETE FROM search")
    ids = connection.execute("SELECT id FROM photos ORDER BY position").fetchall()
    for row in ids:
        refresh(connection, row["id"])


def words_of_photo(
    connection: sqlite3.Connection, photo_id: str
) -> dict[str, list[str]]:
    """Return a photo's texts by the index's columns, in the order of their rank."""
    photo = connection.execute(
        "SELECT people, place FROM photos WHERE id = ?", (photo_id,)
    ).fetchone()
    return {
        "caption": _texts(
            connection,
            "SELECT text FROM captions WHERE photo_id = ? ORDER BY language",
            photo_id,
        ),
        "tags": list(tags_of(connection, photo_id).values()),
        "people": from_json(photo["people"]) or [],
        "suggestion": _texts(
            connection,
            "SELECT text FROM suggestions WHERE photo_id = ? AND state = 'pending'"
            " ORDER BY language",
            photo_id,
        ),
        "place": place_names(from_json(photo["place"])),
        "file": [
            from_path(row["path"])
            for row in connection.execute(
                "SELECT path FROM files WHERE photo_id = ? ORDER BY id", (photo_id,)
            )
        ],
    }


def place_names(place: object) -> list[str]:
    """Return every name in a place, however it is nested."""
    if isinstance(place, str):
        return [place]
    if isinstance(place, Mapping):
        return [name for value in place.values() for name in place_names(value)]
    if isinstance(place, list):
        return [name for value in place for name in place_names(value)]
    return []


def _texts(connection: sqlite3.Connection, query: str, photo_id: str) -> list[str]:
    return [row[0] for row in connection.execute(query, (photo_id,))]


def _folded(texts: Iterable[str]) -> str:
    return searchable("\n".join(texts))
