"""Studies: their photos, and the captions that are compared."""

from collections.abc import Mapping, Sequence
import json
import sqlite3
from typing import Final

from ..schemas import Verdict
from .database import Database
from .errors import StudyNotFoundError
from .ids import new_id
from .photo_rows import photo_row
from .records import SourceKind
from .scrubbing import Scrubber, note_deletion
from .study_records import Study, StudyCaption, StudyState, Variant
from .times import now_ms

_SPREAD: Final = (
    "SELECT id FROM (SELECT photos.id, row_number() OVER (ORDER BY position) AS n,"
    " count(*) OVER () AS whole FROM photos JOIN sources ON sources.id = source_id"
    " WHERE deleted_at IS NULL AND kind != :camera)"
    " WHERE n * :count / whole > (n - 1) * :count / whole"
)
"""One photo of each of `count` equal parts of the library."""


class Studies:
    """Studies by id, and what belongs to them."""

    def __init__(self, database: Database, scrubber: Scrubber) -> None:
        self._database = database
        self._scrubber = scrubber

    async def create(
        self,
        name: str,
        language: str,
        photo_ids: Sequence[str],
        variants: Sequence[Variant],
    ) -> Study:
        """Create a study of photos; raise PhotoNotFoundError if one is not there."""
        study_id = new_id()
        stored = json.dumps([v.to_json() for v in variants], ensure_ascii=False)

        def work(connection: sqlite3.Connection) -> Study:
            connection.execute(
                "INSERT INTO studies (id, name, language, state, variants, created_at)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (study_id, name, language, StudyState.PREPARING, stored, now_ms()),
            )
            for place, photo_id in enumerate(photo_ids):
                photo_row(connection, photo_id)
                connection.execute(
                    "INSERT INTO study_photos (study_id, photo_id, place)"
                    " VALUES (?, ?, ?)",
                    (study_id, photo_id, place),
                )
            return _get(connection, study_id)

        return await self._database.write(work)

    async def get(self, study_id: str) -> Study:
        """Return a study; raise StudyNotFoundError if there is none."""
        return await self._database.read(lambda connection: _get(connection, study_id))

    async def list(self) -> "Sequence[Study]":
        """Return every study, the newest first."""

        def work(connection: sqlite3.Connection) -> Sequence[Study]:
            rows = connection.execute("SELECT * FROM studies ORDER BY id DESC")
            return [study_of(row) for row in rows]

        return await self._database.read(work)

    async def set_state(self, study_id: str, state: StudyState) -> Study:
        """Open or close a study."""
        return await self._set(study_id, "state", state)

    async def set_job(self, study_id: str, job_id: str) -> Study:
        """Name the job that makes a study's captions."""
        return await self._set(study_id, "job_id", job_id)

    async def delete(self, study_id: str) -> None:
        """Remove a study with all that was said in it; the photos stay."""

        def work(connection: sqlite3.Connection) -> None:
            _get(connection, study_id)
            connection.execute("DELETE FROM studies WHERE id = ?", (study_id,))
            note_deletion(connection)

        await self._database.write(work)
        self._scrubber.later()

    async def photo_ids(self, study_id: str) -> "Sequence[str]":
        """Return the photos of a study in its own order."""

        def work(connection: sqlite3.Connection) -> Sequence[str]:
            rows = connection.execute(
                "SELECT photo_id FROM study_photos WHERE study_id = ? ORDER BY place",
                (study_id,),
            )
            return [row["photo_id"] for row in rows]

        return await self._database.read(work)

    async def spread(self, count: int) -> "Sequence[str]":
        """Return photos from all parts of the library, no camera's among them."""

        def work(connection: sqlite3.Connection) -> Sequence[str]:
            values = {"camera": SourceKind.CAMERA.value, "count": count}
            return [row["id"] for row in connection.execute(_SPREAD, values)]

        return await self._database.read(work)

    async def put_caption(self, study_id: str, caption: StudyCaption) -> None:
        """Keep what a variant says of a photo, unless the photo is gone meanwhile."""

        def work(connection: sqlite3.Connection) -> None:
            connection.execute(
                "INSERT OR REPLACE INTO study_captions"
                " (study_id, photo_id, variant, text, verdict, score, seconds)"
                " SELECT ?, ?, ?, ?, ?, ?, ? WHERE EXISTS (SELECT 1 FROM study_photos"
                "   WHERE study_id = ? AND photo_id = ?)",
                (
                    study_id,
                    caption.photo_id,
                    caption.variant,
                    caption.text,
                    caption.verdict,
                    caption.score,
                    caption.seconds,
                    study_id,
                    caption.photo_id,
                ),
            )

        await self._database.write(work)

    async def put_scores(
        self, study_id: str, photo_id: str, scorer: str, scores: Mapping[int, float]
    ) -> None:
        """Keep how well a photo supports the text of each variant."""

        def work(connection: sqlite3.Connection) -> None:
            connection.execute(
                "UPDATE studies SET scorer = ? WHERE id = ?", (scorer, study_id)
            )
            connection.executemany(
                "UPDATE study_captions SET score = ?"
                " WHERE study_id = ? AND photo_id = ? AND variant = ?",
                [(score, study_id, photo_id, v) for v, score in scores.items()],
            )

        await self._database.write(work)

    async def captions(self, study_id: str) -> "Sequence[StudyCaption]":
        """Return the captions of a study, in the order of its photos."""

        def work(connection: sqlite3.Connection) -> Sequence[StudyCaption]:
            rows = connection.execute(
                "SELECT study_captions.* FROM study_captions"
                " JOIN study_photos USING (study_id, photo_id)"
                " WHERE study_id = ? ORDER BY place, variant",
                (study_id,),
            )
            return [_caption_of(row) for row in rows]

        return await self._database.read(work)

    async def _set(self, study_id: str, column: str, value: str) -> Study:
        def work(connection: sqlite3.Connection) -> Study:
            connection.execute(
                f"UPDATE studies SET {column} = ? WHERE id = ?",  # noqa: S608  # our own names
                (value, study_id),
            )
            return _get(connection, study_id)

        return await self._database.write(work)


def study_of(row: sqlite3.Row) -> Study:
    """Return a row of `studies` as a record."""
    return Study(
        row["id"],
        row["name"],
        row["language"],
        StudyState(row["state"]),
        tuple(Variant.from_json(data) for data in json.loads(row["variants"])),
        row["scorer"],
        row["job_id"],
        row["created_at"],
    )


def _get(connection: sqlite3.Connection, study_id: str) -> Study:
    row = connection.execute(
        "SELECT * FROM studies WHERE id = ?", (study_id,)
    ).fetchone()
    if row is None:
        raise StudyNotFoundError(f"no study has the id '{study_id[:40]}'")
    return study_of(row)


def _caption_of(row: sqlite3.Row) -> StudyCaption:
    return StudyCaption(
        row["photo_id"],
        row["variant"],
        row["text"],
        Verdict(row["verdict"]),
        row["score"],
        row["seconds"],
    )
