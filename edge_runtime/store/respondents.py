"""Who rates in a study, by links with a secret of their own, and what they said."""

from collections.abc import Sequence
import sqlite3
from typing import Final

from .database import Database
from .errors import RespondentNotFoundError, StudyNotFoundError
from .ids import new_id
from .keys import hash_of, is_same, new_secret
from .studies import study_of
from .study_records import Respondent, Stars, Study, StudyRating
from .times import now_ms

_COUNTED: Final = (
    "SELECT respondents.*, (SELECT count(*) FROM study_photos AS photo"
    "   WHERE photo.study_id = respondents.study_id AND 0 < (SELECT count(*)"
    "     FROM study_captions AS one WHERE one.study_id = photo.study_id"
    "     AND one.photo_id = photo.photo_id)"
    "   AND NOT EXISTS (SELECT 1 FROM study_captions AS one"
    "     WHERE one.study_id = photo.study_id AND one.photo_id = photo.photo_id"
    "     AND NOT EXISTS (SELECT 1 FROM study_ratings AS said"
    "       WHERE said.respondent_id = respondents.id"
    "       AND said.photo_id = one.photo_id AND said.variant = one.variant))"
    " ) AS rated_photos FROM respondents"
)


class Respondents:
    """The respondents of studies, and their ratings."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(
        self, study_id: str, names: Sequence[str]
    ) -> Sequence[tuple[Respondent, str]]:
        """Add respondents; return each with the secret of the link, which is not kept.

        Raises StudyNotFoundError.
        """
        secrets = [new_secret() for _ in names]

        def work(connection: sqlite3.Connection) -> Sequence[Respondent]:
            last = connection.execute(
                "SELECT (SELECT ifnull(max(number), 0) FROM respondents"
                "   WHERE study_id = studies.id) AS number FROM studies WHERE id = ?",
                (study_id,),
            ).fetchone()
            if last is None:
                raise StudyNotFoundError(f"no study has the id '{study_id[:40]}'")
            first, now = last["number"] + 1, now_ms()
            added = [
                Respondent(new_id(), study_id, number, name, now, 0)
                for number, name in enumerate(names, first)
            ]
            connection.executemany(
                "INSERT INTO respondents"
                " (id, study_id, number, name, secret_hash, created_at)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                [
                    (one.id, study_id, one.number, one.name, hash_of(secret), now)
                    for one, secret in zip(added, secrets, strict=True)
                ],
            )
            return added

        added = await self._database.write(work)
        return list(zip(added, secrets, strict=True))

    async def of_study(self, study_id: str) -> Sequence[Respondent]:
        """Return the respondents of a study in the order in which they came."""

        def work(connection: sqlite3.Connection) -> Sequence[Respondent]:
            rows = connection.execute(
                f"{_COUNTED} WHERE study_id = ? ORDER BY number", (study_id,)
            )
            return [_respondent_of(row) for row in rows]

        return await self._database.read(work)

    async def remove(self, study_id: str, respondent_id: str) -> None:
        """End a respondent's link, and take back what they said."""

        def work(connection: sqlite3.Connection) -> None:
            gone = connection.execute(
                "DELETE FROM respondents WHERE id = ? AND study_id = ?",
                (respondent_id, study_id),
            )
            if gone.rowcount == 0:
                raise RespondentNotFoundError("the study has no such respondent")

        await self._database.write(work)

    async def by_secret(self, secret: str) -> tuple[Respondent, Study] | None:
        """Return who a link belongs to, and their study."""

        def work(connection: sqlite3.Connection) -> tuple[Respondent, Study] | None:
            row = connection.execute(
                f"{_COUNTED} WHERE secret_hash = ?", (hash_of(secret),)
            ).fetchone()
            if row is None or not is_same(row["secret_hash"], secret):
                return None
            study = connection.execute(
                "SELECT * FROM studies WHERE id = ?", (row["study_id"],)
            ).fetchone()
            return _respondent_of(row), study_of(study)

        return await self._database.read(work)

    async def rate(self, respondent: Respondent, photo_id: str, stars: Stars) -> None:
        """Keep a respondent's stars for the captions of a photo."""
        now = now_ms()

        def work(connection: sqlite3.Connection) -> None:
            connection.executemany(
                "INSERT OR REPLACE INTO study_ratings"
                " (respondent_id, study_id, photo_id, variant, stars, rated_at)"
                " SELECT ?, study_id, photo_id, variant, ?, ? FROM study_captions"
                " WHERE study_id = ? AND photo_id = ? AND variant = ?",
                [
                    (respondent.id, given, now, respondent.study_id, photo_id, variant)
                    for variant, given in stars.items()
                ],
            )

        await self._database.write(work)

    async def ratings(
        self, study_id: str, respondent_id: str | None = None
    ) -> Sequence[StudyRating]:
        """Return what was said in a study, by one respondent or by all."""

        def work(connection: sqlite3.Connection) -> Sequence[StudyRating]:
            rows = connection.execute(
                "SELECT number, said.photo_id, variant, stars, rated_at"
                " FROM study_ratings AS said"
                " JOIN respondents ON respondents.id = said.respondent_id"
                " JOIN study_photos AS photo ON photo.study_id = said.study_id"
                "   AND photo.photo_id = said.photo_id"
                " WHERE said.study_id = ?"
                "   AND respondents.id = ifnull(?, respondents.id)"
                " ORDER BY number, photo.place, variant",
                (study_id, respondent_id),
            )
            return [StudyRating(*row) for row in rows]

        return await self._database.read(work)


def _respondent_of(row: sqlite3.Row) -> Respondent:
    return Respondent(
        row["id"],
        row["study_id"],
        row["number"],
        row["name"],
        row["created_at"],
        row["rated_photos"],
    )
