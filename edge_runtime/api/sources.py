"""`/api/v1/sources`: where the photos come from, and the folders that are watched."""

from typing import Any, Final

from ..schemas import Verdict
from ..service import (
    ACCEPT_JOB,
    CAPTION_JOB,
    SCAN_JOB,
    WRITE_JOB,
    FolderFacts,
    FolderInConfigError,
    FolderNotFoundError,
    FolderWatchedError,
    NoFolderError,
    PathNotAllowedError,
    SourceHasCaptionsError,
)
from ..store import ConflictError, Job, SourceKind, SourceUnknownError, to_rfc3339
from .callers import CallerKind
from .fields import (
    ABSENT,
    Boolean,
    Choice,
    Integer,
    ListOf,
    Number,
    Object,
    Text,
    Timestamp,
    answer,
    language,
    obj,
    ulid,
)
from .folder_fields import ANSWER, SETTINGS, given, settings_dict
from .pagination import PAGE_QUERY
from .routing import API, Call, Reply, RouteTable, json_answer
from .scopes import Scope
from .shapes import JOB, job_dict, moment, page_shape

ROUTES: Final = RouteTable("photos")
_ONE: Final = f"{API}/sources/{{source_id}}"
_ID: Final = {"source_id": ulid()}
_NAME: Final = Text(required=False, min_length=1, max_length=100)
_COUNTS: Final = answer(
    photos=Integer(minimum=0),
    captioned=Integer(minimum=0),
    pending=Integer(minimum=0),
    undescribed=Integer(minimum=0),
    failed=Integer(minimum=0),
    missing=Integer(minimum=0),
    offline=Integer(minimum=0),
    unread=Integer(minimum=0),
)
_STATUS: Final = Object(
    fields={
        "online": Boolean(nullable=True, description="null: nobody has looked yet"),
        "problem": Text(description="why it is not online; empty: it is"),
        "looked_at": Timestamp(nullable=True),
        "look_seconds": Number(minimum=0),
        "growing": Integer(minimum=0, description="files that are still written"),
        "told_by": Choice.of("inotify", "polling", "nobody"),
        "waits_for": Text(description="why photos are not described now"),
        "write_problems": ListOf(item=Text()),
    },
    is_open=True,
    nullable=True,
)
_WORK: Final = answer(
    **JOB.fields,
    per_second=Number(nullable=True, minimum=0),
    seconds_left=Number(nullable=True, minimum=0),
)
SOURCE: Final = answer(
    id=ulid(),
    kind=Choice.of(*SourceKind),
    name=Text(),
    path=Text(nullable=True, max_length=5000),
    created_at=Timestamp(),
    in_config=Boolean(description="config.yaml names it, and it alone can change it"),
    settings=Object(fields=ANSWER.fields, is_open=True, nullable=True),
    status=_STATUS,
    counts=_COUNTS,
    jobs=ListOf(item=_WORK),
)
_UNREAD: Final = answer(
    path=Text(max_length=5000), size=Integer(), code=Text(), message=Text()
)


@ROUTES.get(
    f"{API}/sources",
    summary="List where photos come from: folders, cameras and requests",
    answer=answer(items=ListOf(item=SOURCE)),
)
async def list_sources(call: Call) -> Reply:
    """Return all sources; `photos?source_id=` lists the photos of one."""
    return {"items": [source_dict(f) for f in await call.service.library.all()]}


@ROUTES.post(
    f"{API}/sources",
    summary="Watch a folder of photos; it must lie in an allowed folder",
    scope=Scope.ADMIN,
    body=obj(path=Text(min_length=1, max_length=4096), name=_NAME, **SETTINGS),
    answer=SOURCE,
    status=201,
    errors=(
        FolderNotFoundError,
        FolderWatchedError,
        PathNotAllowedError,
        ConflictError,
    ),
)
async def add_source(call: Call) -> Reply:
    """Watch a folder; a command of the machine's user may name any."""
    library = call.service.library
    source = await library.add(
        call.body["path"],
        given(call.body),
        name=call.body["name"],
        anywhere=call.caller.kind is CallerKind.SOCKET,
    )
    return json_answer(source_dict(await library.facts(source.id)), 201)


@ROUTES.get(
    _ONE,
    summary="Return one source: its settings, its state, and what works on it",
    path_fields=_ID,
    answer=SOURCE,
    errors=(SourceUnknownError,),
)
async def get_source(call: Call) -> Reply:
    """Return a source by its id."""
    return source_dict(await call.service.library.facts(call.path["source_id"]))


@ROUTES.patch(
    _ONE,
    summary="Change a folder's name or settings; what is left out stays",
    scope=Scope.ADMIN,
    path_fields=_ID,
    body=obj(name=_NAME, **SETTINGS),
    answer=SOURCE,
    errors=(SourceUnknownError, NoFolderError, FolderInConfigError, ConflictError),
)
async def change_source(call: Call) -> Reply:
    """Change a folder."""
    library, source_id = call.service.library, call.path["source_id"]
    await library.change(source_id, given(call.body), call.body["name"])
    return source_dict(await library.facts(source_id))


@ROUTES.delete(
    _ONE,
    summary="Forget a source and its photos; the files themselves are left alone",
    scope=Scope.ADMIN,
    path_fields=_ID,
    query={
        "forget_captions": Boolean(
            required=False,
            default=False,
            description="also where photos have captions, which are then gone",
        )
    },
    status=204,
    errors=(SourceUnknownError, FolderInConfigError, SourceHasCaptionsError),
)
async def remove_source(call: Call) -> Reply:
    """Remove a source."""
    await call.service.library.remove(
        call.path["source_id"], forget_captions=call.query["forget_captions"]
    )
    return None


@ROUTES.post(
    f"{_ONE}/scan",
    summary="Look now for new, changed, moved and deleted photos",
    path_fields=_ID,
    body=obj(),
    answer=JOB,
    status=202,
    errors=(SourceUnknownError, NoFolderError),
)
async def scan_source(call: Call) -> Reply:
    """Queue a scan."""
    return await _queued(call, SCAN_JOB, {})


@ROUTES.post(
    f"{_ONE}/caption",
    summary="Describe the photos that nobody has described, newest first",
    path_fields=_ID,
    body=obj(
        language=language(required=False),
        model=Text(required=False, min_length=1, max_length=200),
        limit=Integer(required=False, minimum=1, description="most photos"),
        refresh=Boolean(
            required=False, default=False, description="also those that have words"
        ),
    ),
    answer=JOB,
    status=202,
    errors=(SourceUnknownError, NoFolderError),
)
async def caption_source(call: Call) -> Reply:
    """Queue the work at once, whatever the folder's schedule says."""
    return await _queued(call, CAPTION_JOB, dict(call.body))


@ROUTES.post(
    f"{_ONE}/accept",
    summary="Accept the suggestions that wait; a caption that is there stays",
    path_fields=_ID,
    body=obj(
        verdict=Choice.of(
            *Verdict,
            required=False,
            default=Verdict.SURE.value,
            nullable=True,
            description="only those of this verdict; null: all",
        ),
        language=language(required=False),
    ),
    answer=JOB,
    status=202,
    errors=(SourceUnknownError, NoFolderError),
)
async def accept_source(call: Call) -> Reply:
    """Queue the acceptance."""
    return await _queued(call, ACCEPT_JOB, dict(call.body))


@ROUTES.post(
    f"{_ONE}/write",
    summary="Write captions into metadata that are not there yet",
    scope=Scope.ADMIN,
    path_fields=_ID,
    body=obj(),
    answer=JOB,
    status=202,
    errors=(SourceUnknownError, NoFolderError),
)
async def write_source(call: Call) -> Reply:
    """Queue the writing; it needs `write_metadata` to be on."""
    return await _queued(call, WRITE_JOB, {})


@ROUTES.post(
    f"{_ONE}/restore",
    summary="Take our words out of the photos again, and switch writing off",
    scope=Scope.ADMIN,
    path_fields=_ID,
    body=obj(),
    answer=JOB,
    status=202,
    errors=(SourceUnknownError, NoFolderError, FolderInConfigError),
)
async def restore_source(call: Call) -> Reply:
    """Queue the restoring; captions stay in the store."""
    source_id = call.path["source_id"]
    job = await call.service.library.restore(source_id, call.caller.name)
    return _accepted(job)


@ROUTES.get(
    f"{_ONE}/unread",
    summary="List the files that look like photos and can't be read as such",
    path_fields=_ID,
    query=PAGE_QUERY,
    answer=page_shape(_UNREAD),
    errors=(SourceUnknownError,),
)
async def list_unread(call: Call) -> Reply:
    """Return a page of files with the reason for each."""
    store, source_id = call.service.store, call.path["source_id"]
    await store.sources.get(source_id)
    page = await store.files.unread(
        source_id, limit=call.query["limit"], cursor=call.query["cursor"]
    )
    items = [
        {
            "path": file.path,
            "size": file.size,
            "code": file.code,
            "message": file.message,
        }
        for file in page.items
    ]
    return {"items": items, "next_cursor": page.next_cursor}


def source_dict(facts: FolderFacts) -> dict[str, Any]:
    """Return a source as clients see it."""
    source, status = facts.source, facts.status
    return {
        "id": source.id,
        "kind": source.kind.value,
        "name": source.name,
        "path": source.path,
        "created_at": to_rfc3339(source.created_at),
        "in_config": facts.in_config,
        "settings": None if facts.settings is None else settings_dict(facts.settings),
        "status": None
        if status is None
        else {
            "online": status.is_online,
            "problem": status.problem,
            "looked_at": moment(status.looked_at),
            "look_seconds": round(status.look_seconds, 3),
            "growing": status.growing,
            "told_by": status.told_by,
            "waits_for": status.waits_for,
            "write_problems": list(status.write_problems),
        },
        "counts": {name: getattr(facts.counts, name) for name in _COUNTS.fields},
        "jobs": [{**job_dict(job), **facts.pace(job)} for job in facts.jobs],
    }


async def _queued(call: Call, kind: str, params: dict[str, Any]) -> Reply:
    wanted = {key: value for key, value in params.items() if value is not ABSENT}
    job = await call.service.library.enqueue(
        kind, call.path["source_id"], wanted, call.caller.name
    )
    return _accepted(job)


def _accepted(job: Job) -> Reply:
    return json_answer(job_dict(job), 202, {"Location": f"{API}/jobs/{job.id}"})
