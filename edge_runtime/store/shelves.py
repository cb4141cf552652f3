"""What photos can be browsed by, and the words that stand under each."""

from collections import Counter
from collections.abc import Mapping, Sequence
import sqlite3
from typing import Final

from .database import Database
from .listing import WORDS
from .records import Shelf, SourceKind
from .rows import from_json
from .search_index import place_names

_OF_A_LIBRARY: Final = (
    "photos.deleted_at IS NULL"
    " AND photos.source_id NOT IN (SELECT id FROM sources WHERE kind = ?)"
)
_WORDS: Final = [one.format(photo=":photo", language=":language") for one in WORDS]
_CODE: Final = 2
"""Letters of a country's code, which is no name to browse by."""


class Shelves:
    """The library by month, place and person; a camera's frames are on no shelf."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def months(self) -> Sequence[Shelf]:
        """Return the months that photos were taken in, the newest first."""

        def work(connection: sqlite3.Connection) -> Sequence[Shelf]:
            rows = connection.execute(
                "SELECT strftime('%Y-%m', taken_at / 1000, 'unixepoch') AS month,"  # noqa: S608  # our own names
                f" count(*) AS photos FROM photos WHERE {_OF_A_LIBRARY}"
                " AND taken_at >= 0 GROUP BY month ORDER BY month DESC",
                (SourceKind.CAMERA,),
            )
            return [Shelf(row["month"], row["photos"]) for row in rows]

        return await self._database.read(work)

    async def places(self) -> Sequence[Shelf]:
        """Return the names of places, those with the most photos first."""

        def work(connection: sqlite3.Connection) -> Sequence[Shelf]:
            names = _counted(connection, "place")
            return [one for one in names if len(one.name) > _CODE]

        return await self._database.read(work)

    async def people(self) -> Sequence[Shelf]:
        """Return the names of people, those with the most photos first."""
        return await self._database.read(lambda c: _counted(c, "people"))

    async def words(self, photo_ids: Sequence[str], language: str) -> Mapping[str, str]:
        """Return what stands under each photo: its caption, else what is suggested.

        In the language if there is such a text; a photo without any is left out.
        """

        def work(connection: sqlite3.Connection) -> Mapping[str, str]:
            found: dict[str, str] = {}
            for photo_id in photo_ids:
                place = {"photo": photo_id, "language": language}
                for query in _WORDS:
                    row = connection.execute(query, place).fetchone()
                    if row is not None:
                        found[photo_id] = row["text"]
                        break
            return found

        return await self._database.read(work)


def _counted(connection: sqlite3.Connection, column: str) -> Sequence[Shelf]:
    """Return every name in a column of JSON with the number of its photos."""
    counts: Counter[str] = Counter()
    for row in connection.execute(
        f"SELECT {column} AS names, count(*) AS photos FROM photos"  # noqa: S608  # our own names
        f" WHERE {_OF_A_LIBRARY} AND {column} IS NOT NULL GROUP BY {column}",
        (SourceKind.CAMERA,),
    ):
        for name in set(place_names(from_json(row["names"]))):
            counts[name] += row["photos"]
    ranked = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return [Shelf(name, photos) for name, photos in ranked]
