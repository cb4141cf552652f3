"""The download plan of every row of models.yaml, against local servers.

Files are as long as the rows say under `slow`, and at most 3 MB else: the contents are
not ours to have, so each is zeros with its own name at the end.
"""

from collections.abc import AsyncIterator
from dataclasses import replace
import json
from pathlib import Path

import pytest

from edge_runtime.config import Settings
from edge_runtime.const import RECORD_NAME
from edge_runtime.downloads import ModelState, ModelStore
from edge_runtime.downloads.files import WORK_NAME
from edge_runtime.errors import DownloadError, HashMismatchError, SourceUnreachableError
from edge_runtime.manifest.model import SourceKind
from tests.downloads.models import everything_below, put
from tests.downloads.origins import Blob, Origins, open_origins, wheel_of
from tests.downloads.plans import (
    FETCHED,
    LAST,
    ROWS,
    Plan,
    hub_path,
    interrupt,
    parts_of,
    requests_of,
    rows_from,
    serve,
    tar_of,
    wheel_name,
)

FROM_SERVERS = rows_from(*FETCHED)
FROM_PACKAGES = rows_from(SourceKind.PYPI)
IN_ARCHIVES = rows_from(SourceKind.URL)
ON_HUB = rows_from(SourceKind.HUGGINGFACE)
TO_MAKE = rows_from(SourceKind.CONVERT)
UNPINNED = [s for s in FROM_SERVERS if any(f.sha256 is None for f in s.files)]
PINNED = [s for s in FROM_SERVERS if any(f.sha256 for f in s.files)]


def by_id(rows):
    return pytest.mark.parametrize("row", rows, ids=lambda row: row.id)


@pytest.fixture(name="origins")
async def origins_fixture() -> AsyncIterator[Origins]:
    async with open_origins() as origins:
        yield origins


@pytest.fixture(name="store_for")
def store_for_fixture(origins, make_store):
    def store_for(plan: Plan) -> ModelStore:
        index = {"PIP_INDEX_URL": f"{origins.url}/simple"}
        store = make_store(index, hub=origins.url)
        if plan.spec.requires_acceptance:
            store.accept_license(plan.spec)
        return store

    return store_for


@pytest.fixture(name="home")
def home_fixture(tmp_path) -> Path:
    return tmp_path / "home" / "models"


async def install(store: ModelStore, plan: Plan, folder: Path) -> None:
    """Bring a row and look at every file of it."""
    spec = plan.spec
    assert [f.path for f in store.plan(spec).files] == [f.path for f in spec.files]
    paths = await store.ensure(spec)
    assert store.state(spec) is ModelState.INSTALLED
    assert store.verify(spec) == []
    assert len(paths) == len(spec.files)
    found = everything_below(folder)
    assert found == {".lock", RECORD_NAME, *(file.path for file in spec.files)}
    for file in spec.files:
        assert (folder / file.path).stat().st_size == plan.contents[file.path].size


def test_every_row_is_tried():
    bundled = [row for row in ROWS if row.is_bundled]
    tried = {row.id for row in (*FROM_SERVERS, *TO_MAKE, *bundled)}
    assert tried == {row.id for row in ROWS}


@by_id([*FROM_PACKAGES, *IN_ARCHIVES])
async def test_a_plan_asks_for_each_thing_once_in_order(row, origins, store_for, home):
    plan = serve(origins, row)
    await install(store_for(plan), plan, home / row.id)
    assert origins.asked == [(path, None) for path in plan.requests]


@by_id([*ON_HUB, *FROM_PACKAGES])
async def test_an_interrupted_plan_goes_on(row, origins, store_for, home):
    plan = serve(origins, row)
    due = interrupt(origins, plan, home / row.id)
    await install(store_for(plan), plan, home / row.id)
    assert origins.asked == due


@pytest.mark.slow
@pytest.mark.timeout(600)
@by_id([*ON_HUB, *FROM_PACKAGES])
async def test_an_interrupted_plan_goes_on_at_the_last_megabyte_of_its_real_size(
    row, origins, store_for, home
):
    plan = serve(origins, row, None)
    due = interrupt(origins, plan, home / row.id)
    await install(store_for(plan), plan, home / row.id)
    assert origins.asked == due


@by_id(IN_ARCHIVES)
async def test_an_archive_goes_on_where_the_line_was_lost(
    row, origins, store_for, home
):
    plan = serve(origins, row)
    store, (path,) = store_for(plan), plan.requests
    origins.lost[path] = origins.blobs[path].size - LAST
    with pytest.raises(SourceUnreachableError, match="what came is kept"):
        await store.ensure(plan.spec)
    assert store.state(plan.spec) is ModelState.PARTIAL
    (part,) = (home / row.id / WORK_NAME).glob("*.part")
    have = part.stat().st_size
    assert have > LAST
    origins.lost.clear()
    origins.asked.clear()
    await install(store, plan, home / row.id)
    assert origins.asked == [(path, f"bytes={have}-")]


@by_id(PINNED)
async def test_another_content_is_refused(row, origins, store_for, home):
    plan = serve(origins, row)
    pinned = [file for file in plan.spec.files if file.sha256]
    plan.spec = replace(plan.spec, files=(pinned[0],))
    change(origins, plan)
    store = store_for(plan)
    with pytest.raises(HashMismatchError, match="the file was removed"):
        await store.ensure(plan.spec)
    assert not (home / row.id).exists()
    assert not store.state(plan.spec).is_usable
    assert origins.paths == plan.requests


def change(origins: Origins, plan: Plan, *, honest: bool = False) -> None:
    """Have the servers give out another first file of the same length."""
    file = plan.spec.files[0]
    source = file.sources[0]
    old = plan.contents[file.path]
    other = Blob([old.size - 5, b"other"])
    if source.kind is SourceKind.HUGGINGFACE:
        path = hub_path(source)
        origins.blobs[path] = other
        if honest:
            origins.linked[path] = other.sha256
    elif source.kind is SourceKind.URL:
        (path,) = plan.requests
        members = {f.sources[0].member: plan.contents[f.path] for f in plan.spec.files}
        origins.blobs[path] = tar_of({**members, source.member: other})
    else:
        requirement, member = parts_of(source)[-1]
        last = plan.parts[file.path][-1]
        blob = Blob([last.size - 5, b"other"])
        origins.wheel(wheel_name(requirement), wheel_of({member: blob}))


@by_id(UNPINNED)
async def test_a_first_download_is_recorded_and_another_content_refused_later(
    row, origins, store_for, home
):
    plan = serve(origins, row)
    unpinned = [file for file in plan.spec.files if file.sha256 is None]
    plan.spec = replace(plan.spec, files=tuple(unpinned))
    store, folder = store_for(plan), home / row.id
    await store.ensure(plan.spec)
    record = folder / RECORD_NAME
    recorded = json.loads(record.read_text())["files"]
    hashes = {f.path: plan.contents[f.path].sha256 for f in unpinned}
    assert {path: entry["sha256"] for path, entry in recorded.items()} == hashes
    first = folder / unpinned[0].path
    first.unlink()
    change(origins, plan, honest=True)
    with pytest.raises(HashMismatchError, match="download --remove"):
        await store.ensure(plan.spec)
    left = {".lock", RECORD_NAME, *(file.path for file in unpinned[1:])}
    assert everything_below(folder) == left
    assert not store.state(plan.spec).is_usable
    assert json.loads(record.read_text())["files"] == recorded


OTHERS = [(row, f) for row in ROWS for f in row.files if len(f.sources) > 1]


@pytest.mark.parametrize(
    ("row", "file"), OTHERS, ids=[f"{row.id}-{file.path}" for row, file in OTHERS]
)
async def test_the_next_source_is_asked_where_the_first_has_it_not(
    row, file, origins, store_for, home
):
    first, second = file.sources
    plan = serve(origins, replace(row, files=(replace(file, sources=(second,)),)))
    both = replace(plan.spec.files[0], sources=file.sources)
    plan.spec = replace(plan.spec, files=(both,))
    await install(store_for(plan), plan, home / row.id)
    assert origins.paths == [requests_of([first])[0], *requests_of([second])]


@by_id(TO_MAKE)
async def test_a_row_that_no_server_has_tells_how_it_is_made(
    row, origins, make_store, home
):
    store = make_store(hub=origins.url)
    with pytest.raises(DownloadError, match="no server has it") as caught:
        await store.ensure(row)
    assert row.files[0].sources[0].location in caught.value.message
    assert origins.asked == []


@by_id(TO_MAKE)
async def test_a_row_that_was_made_is_recorded_and_another_content_refused_later(
    row, origins, make_store, home
):
    store = make_store(hub=origins.url)
    made = [f for f in row.files if f.sources[0].kind is SourceKind.CONVERT]
    spec, folder = replace(row, files=tuple(made)), home / row.id
    for file in made:
        put(folder / file.path, file.path.encode())
    await store.ensure(spec)
    assert store.state(spec) is ModelState.INSTALLED
    put(folder / made[0].path, b"other")
    assert [p.code for p in store.verify(spec)] == ["hash_mismatch"]
    with pytest.raises(DownloadError, match="no server has it"):
        await store.ensure(spec)
    assert not store.state(spec).is_usable
    assert origins.asked == []


@by_id([row for row in ROWS if row.is_bundled])
async def test_a_row_of_the_package_asks_nobody(row, origins, tmp_path):
    home = tmp_path / "home"
    store = ModelStore(Settings(home=home, hub=origins.url))
    assert store.state(row) is ModelState.BUNDLED
    assert store.verify(row) == []
    assert len(await store.ensure(row)) == len(row.files)
    assert origins.asked == []
    assert not home.exists()
