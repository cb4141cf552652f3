"""What people think of captions: one to five stars."""

from collections.abc import Sequence
import sqlite3

from . import suggestion_rows
from .database import Database
from .errors import InvalidValueError
from .photo_rows import photo_row
from .records import Rating
from .times import now_ms

_STARS = range(1, 6)


class Ratings:
    """One rating per photo, person and suggestion; a new one replaces it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def rate(
        self,
        photo_id: str,
        stars: int,
        *,
        rater: str = "",
        suggestion_id: str | None = None,
    ) -> Rating:
        """Store a rating of a photo's caption, or of one suggestion."""
        if stars not in _STARS:
            raise InvalidValueError(f"a rating has 1 to 5 stars, not {stars}")
        rating = Rating(photo_id, stars, rater, suggestion_id, now_ms())

        def work(connection: sqlite3.Connection) -> Rating:
            photo_row(connection, photo_id)
            if suggestion_id is not None:
                _check_belongs(connection, suggestion_id, photo_id)
            connection.execute(
                "INSERT OR REPLACE INTO ratings"
                " (photo_id, stars, rater, suggestion_id, rated_at)"
                " VALUES (?, ?, ?, ?, ?)",
                (photo_id, stars, rater, suggestion_id, rating.rated_at),
            )
            return rating

        return await self._database.write(work)

    async def of_photo(self, photo_id: str) -> Sequence[Rating]:
        """Return the ratings of a photo, the newest first."""

        def work(connection: sqlite3.Connection) -> Sequence[Rating]:
            photo_row(connection, photo_id)
            rows = connection.execute(
                "SELECT photo_id, stars, rater, suggestion_id, rated_at FROM ratings"
                " WHERE photo_id = ? ORDER BY rated_at DESC",
                (photo_id,),
            )
            return [Rating(*row) for row in rows]

        return await self._database.read(work)


def _check_belongs(
    connection: sqlite3.Connection, suggestion_id: str, photo_id: str
) -> None:
    if suggestion_rows.get(connection, suggestion_id).photo_id != photo_id:
        raise InvalidValueError("the suggestion belongs to another photo")
