"""The queue's memory: jobs survive a restart, and go on where they were parked."""

import sqlite3
from typing import Final

from .cursors import Page, check_limit, decode_number, encode_cursor, page_of
from .database import Database
from .errors import ConflictError, JobFinishedError, JobNotFoundError
from .ids import new_id
from .positions import ABOVE_ALL
from .records import Json
from .rows import from_json, to_json, to_json_or_none
from .service_records import Job, JobState, NewJob
from .times import now_ms

_ACTIVE: Final = "state IN ('queued', 'running')"


class Jobs:
    """Jobs by id, in pages, and the next one to run."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def enqueue(self, new: NewJob) -> Job:
        """Queue a job, or return the active one that its key stands for."""

        def work(connection: sqlite3.Connection) -> Job:
            row = connection.execute(
                f"SELECT id FROM jobs WHERE key = ? AND {_ACTIVE}",  # noqa: S608  # constant
                (new.key,),
            ).fetchone()
            job_id = _insert(connection, new) if row is None else str(row["id"])
            return _get(connection, job_id)

        return await self._database.write(work)

    async def claim(self, resource: str, group: str | None = None) -> Job | None:
        """Start the next job of a resource: the most urgent, then the oldest.

        Among equally urgent ones, those of `group` (the model that is loaded) go first.
        """

        def work(connection: sqlite3.Connection) -> Job | None:
            job_id = _next(connection, resource, group)
            if job_id is None:
                return None
            connection.execute(
                "UPDATE jobs SET state = 'running', started_at = ? WHERE id = ?",
                (now_ms(), job_id),
            )
            return _get(connection, job_id)

        if not await self.waiting(resource):
            return None
        return await self._database.write(work)

    async def progress(
        self,
        job_id: str,
        progress: float,
        total: float | None = None,
        stage: str | None = None,
    ) -> Job:
        """Say how far a running job is; each call is a write, so make few."""

        def work(connection: sqlite3.Connection) -> Job:
            connection.execute(
                "UPDATE jobs SET progress = ?, total = ifnull(?, total),"
                " stage = ifnull(?, stage) WHERE id = ? AND state = 'running'",
                (progress, total, stage, job_id),
            )
            return _get(connection, job_id)

        return await self._database.write(work)

    async def finish(
        self,
        job_id: str,
        state: JobState,
        result: Json | None = None,
        error: Json | None = None,
    ) -> Job:
        """End a job that runs or waits; raise JobFinishedError if it has ended."""
        if not state.is_final:
            raise ValueError(f"a job does not end as {state}")

        def work(connection: sqlite3.Connection) -> Job:
            _refuse_ended(_get(connection, job_id))
            connection.execute(
                "UPDATE jobs SET state = ?, result = ?, error = ?, finished_at = ?,"
                " resume = NULL WHERE id = ?",
                (
                    state,
                    to_json_or_none(result),
                    to_json_or_none(error),
                    now_ms(),
                    job_id,
                ),
            )
            return _get(connection, job_id)

        return await self._database.write(work)

    async def park(self, job_id: str, resume: Json | None = None) -> Job:
        """Return a running job to its place in the queue, with where it goes on."""

        def work(connection: sqlite3.Connection) -> Job:
            _refuse_ended(_get(connection, job_id))
            connection.execute(
                "UPDATE jobs SET state = 'queued', resume = ifnull(?, resume)"
                " WHERE id = ?",
                (to_json_or_none(resume), job_id),
            )
            return _get(connection, job_id)

        return await self._database.write(work)

    async def cancel(self, job_id: str) -> Job:
        """Cancel a job that waits; one that runs is returned for its owner to stop."""

        def work(connection: sqlite3.Connection) -> Job:
            _refuse_ended(_get(connection, job_id))
            connection.execute(
                "UPDATE jobs SET state = 'cancelled', finished_at = ?"
                " WHERE id = ? AND state = 'queued'",
                (now_ms(), job_id),
            )
            return _get(connection, job_id)

        return await self._database.write(work)

    async def remove(self, job_id: str) -> None:
        """Forget a job that has ended; raise ConflictError if it has not."""

        def work(connection: sqlite3.Connection) -> None:
            if not _get(connection, job_id).state.is_final:
                raise ConflictError("the job has not ended: cancel it first")
            connection.execute("DELETE FROM jobs WHERE id = ?", (job_id,))

        await self._database.write(work)

    async def get(self, job_id: str) -> Job:
        """Return a job; raise JobNotFoundError if there is none."""
        return await self._database.read(lambda connection: _get(connection, job_id))

    async def page(
        self,
        state: JobState | None = None,
        kind: str | None = None,
        *,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[Job]:
        """Return a page of jobs, the newest first."""
        check_limit(limit)
        below = ABOVE_ALL if cursor is None else decode_number("jobs", cursor)

        def work(connection: sqlite3.Connection) -> Page[Job]:
            rows = connection.execute(
                "SELECT * FROM jobs WHERE number < ? AND state = ifnull(?, state)"
                " AND kind = ifnull(?, kind) ORDER BY number DESC LIMIT ?",
                (below, state, kind, limit + 1),
            ).fetchall()
            return page_of(
                rows, limit, _job_of, lambda row: encode_cursor("jobs", row["number"])
            )

        return await self._database.read(work)

    async def waiting(self, resource: str | None = None) -> int:
        """Return how many jobs are queued, for one resource or all."""

        def work(connection: sqlite3.Connection) -> int:
            row = connection.execute(
                "SELECT count(*) FROM jobs WHERE state = 'queued'"
                " AND (? IS NULL OR resource = ?)",
                (resource, resource),
            ).fetchone()
            return int(row[0])

        return await self._database.read(work)

    async def requeue_interrupted(self) -> int:
        """Queue again what ran when the process before ended; once, at the start."""

        def work(connection: sqlite3.Connection) -> int:
            return connection.execute(
                "UPDATE jobs SET state = 'queued' WHERE state = 'running'"
            ).rowcount

        return await self._database.write(work)

    async def prune(self, keep: int = 1000) -> int:
        """Remove ended jobs except the newest; return how many went."""

        def work(connection: sqlite3.Connection) -> int:
            return connection.execute(
                f"DELETE FROM jobs WHERE NOT {_ACTIVE} AND number <= ifnull(("  # noqa: S608  # constant
                f"SELECT number FROM jobs WHERE NOT {_ACTIVE}"
                " ORDER BY number DESC LIMIT 1 OFFSET ?), 0)",
                (keep,),
            ).rowcount

        return await self._database.write(work)


def _insert(connection: sqlite3.Connection, new: NewJob) -> str:
    now = now_ms()
    job_id = new_id(now)
    connection.execute(
        "INSERT INTO jobs (id, kind, resource, priority, grouping, key, state,"
        " started_by, params, queued_at) VALUES (?, ?, ?, ?, ?, ?, 'queued', ?, ?, ?)",
        (
            job_id,
            new.kind,
            new.resource,
            new.priority,
            new.group,
            new.key,
            new.started_by,
            to_json(new.params),
            now,
        ),
    )
    return job_id


def _next(
    connection: sqlite3.Connection, resource: str, group: str | None
) -> str | None:
    first = connection.execute(
        "SELECT id, priority FROM jobs WHERE state = 'queued' AND resource = ?"
        " ORDER BY priority DESC, number LIMIT 1",
        (resource,),
    ).fetchone()
    if first is None:
        return None
    same = connection.execute(
        "SELECT id FROM jobs WHERE state = 'queued' AND resource = ?"
        " AND priority = ? AND grouping = ? ORDER BY number LIMIT 1",
        (resource, first["priority"], group),
    ).fetchone()
    return str((same or first)["id"])


def _get(connection: sqlite3.Connection, job_id: str) -> Job:
    row = connection.execute("SELECT * FROM jobs WHERE id = ?", (job_id,)).fetchone()
    if row is None:
        raise JobNotFoundError(f"no job has the id '{job_id[:40]}'")
    return _job_of(row)


def _refuse_ended(job: Job) -> None:
    if job.state.is_final:
        raise JobFinishedError(f"the job is {job.state} already")


def _job_of(row: sqlite3.Row) -> Job:
    return Job(
        id=row["id"],
        kind=row["kind"],
        resource=row["resource"],
        priority=row["priority"],
        group=row["grouping"],
        key=row["key"],
        state=JobState(row["state"]),
        progress=row["progress"],
        total=row["total"],
        stage=row["stage"],
        started_by=row["started_by"],
        params=from_json(row["params"]),
        result=from_json(row["result"]),
        error=from_json(row["error"]),
        resume=from_json(row["resume"]),
        queued_at=row["queued_at"],
        started_at=row["started_at"],
        finished_at=row["finished_at"],
    )
