"""What the store does with files that are damaged, foreign, newer, held or too big."""

import asyncio
from contextlib import closing
import os
from pathlib import Path
import resource
import shutil
import sqlite3
import stat
import subprocess
import sys
import time

import pytest

from edge_runtime.errors import DiskFullError
from edge_runtime.store import (
    DATABASE_NAME,
    Store,
    StoreClosedError,
    StoreError,
    StoreLockedError,
    StoreTooNewError,
    StoreUnsupportedError,
    StoreUnwritableError,
    connection as store_connection,
    migrate,
)
from edge_runtime.store.opening import open_file
from tests.store.photos import Gallery, new_photo


@pytest.fixture
async def filled(home) -> Path:
    """Return the path of a closed store with one captioned photo."""
    async with await Store.open(home) as store:
        gallery = await Gallery.of(store)
        await gallery.caption(await gallery.photo(), "Our dog")
    return home / DATABASE_NAME


@pytest.fixture
def short_wait(monkeypatch):
    monkeypatch.setattr(store_connection, "BUSY_TIMEOUT_S", 0.05)


async def captions_in(home: Path) -> list[str]:
    async with await Store.open(home) as store:
        hits = (await store.search.photos("dog")).items
        return [hit.text for hit in hits]


async def test_a_new_home_gets_a_private_database(home):
    async with await Store.open(home) as store:
        assert store.opening.created
        assert store.opening.moved_aside == ()
        mode = stat.S_IMODE((home / DATABASE_NAME).stat().st_mode)
        assert mode == 0o600
        assert await store.check() == []
    assert [path.name for path in home.iterdir()] == [DATABASE_NAME]


async def test_an_old_home_is_opened_as_it_was_left(filled):
    async with await Store.open(filled.parent) as store:
        assert not store.opening.created
        assert store.opening.migrated_from is None
    assert await captions_in(filled.parent) == ["Our dog"]


def garbage(path: Path) -> None:
    path.write_bytes(os.urandom(20_000))


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def scribble(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(8192)
        file.write(os.urandom(40_000))


def no_header(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(b"\0" * 100)


@pytest.mark.parametrize("damage", [garbage, cut, scribble, no_header])
async def test_a_damaged_database_is_moved_aside_and_told(filled, damage):
    damage(filled)
    filled.with_name(f"{DATABASE_NAME}-wal").write_bytes(b"also damaged")
    before = filled.read_bytes()
    async with await Store.open(filled.parent) as store:
        moved = store.opening.moved_aside
        assert await store.check() == []
        assert (await store.counts())["photos"] == 0
    assert moved[0].name.startswith(f"{DATABASE_NAME}.corrupt-2")
    assert moved[0].read_bytes() == before
    assert {path.name for path in filled.parent.iterdir()} == {
        DATABASE_NAME,
        *(path.name for path in moved),
    }


async def test_several_damaged_databases_are_all_kept(filled):
    kept = set()
    for _ in range(3):
        garbage(filled)
        async with await Store.open(filled.parent) as store:
            kept.update(store.opening.moved_aside)
    assert len(kept) == 3
    assert all(path.is_file() for path in kept)


async def test_an_empty_file_is_a_new_database(home):
    home.mkdir()
    (home / DATABASE_NAME).touch()
    async with await Store.open(home) as store:
        assert store.opening.created


async def test_a_newer_database_is_left_alone(filled):
    with closing(sqlite3.connect(filled)) as connection:
        connection.execute("PRAGMA user_version = 999")
    before = filled.read_bytes()
    with pytest.raises(StoreTooNewError, match="schema 999, this one knows"):
        await Store.open(filled.parent)
    assert filled.read_bytes() == before
    assert [path.name for path in filled.parent.iterdir()] == [DATABASE_NAME]


async def test_another_program_s_database_is_left_alone(home):
    home.mkdir()
    with closing(sqlite3.connect(home / DATABASE_NAME)) as connection:
        connection.execute("CREATE TABLE theirs (a)")
    with pytest.raises(StoreError, match="database of another program"):
        await Store.open(home)
    with closing(sqlite3.connect(home / DATABASE_NAME)) as connection:
        (table,) = connection.execute("SELECT name FROM sqlite_master").fetchall()
    assert table == ("theirs",)


async def test_a_home_that_is_a_file_is_told(tmp_path):
    (tmp_path / "home").touch()
    with pytest.raises(StoreUnwritableError, match="can't be created"):
        await Store.open(tmp_path / "home")


@pytest.mark.usefixtures("short_wait")
async def test_a_database_that_another_program_holds_is_told(home):
    async with await Store.open(home) as store:
        gallery = await Gallery.of(store)
        photo = await gallery.photo()
        with closing(sqlite3.connect(home / DATABASE_NAME)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreLockedError, match="another program holds"):
                await gallery.caption(photo, "Our dog")
            assert (await store.photos.get(photo.id)).has_caption is False
            begun = time.monotonic()
            many = (store.meta.set(str(n), "x") for n in range(100))
            results = await asyncio.gather(*many, return_exceptions=True)
            assert {type(one) for one in results} == {StoreLockedError}
            assert time.monotonic() - begun < 100 * store_connection.BUSY_TIMEOUT_S / 2
            other.execute("ROLLBACK")
        await gallery.caption(photo, "Our dog")
        assert await store.check() == []


async def test_a_full_disk_is_told_and_nothing_is_half_written(home):
    async with await Store.open(home) as store:
        gallery = await Gallery.of(store)
        kept = await gallery.photo("kept")

        def limit(connection, pages=None):
            pages = pages or connection.execute("PRAGMA page_count").fetchone()[0]
            return connection.execute(f"PRAGMA max_page_count = {pages}").fetchone()

        await store._database.write(limit)
        many = [new_photo(gallery.library, n) for n in range(2000)]
        with pytest.raises(DiskFullError, match="nothing was changed"):
            await store.photos.add_many(many)
        assert (await store.counts())["photos"] == 1
        # a neighbour in the same group is not drawn in
        results = await asyncio.gather(
            store.photos.add_many(many),
            store.meta.set("small", "fits"),
            return_exceptions=True,
        )
        assert isinstance(results[0], DiskFullError)
        assert await store.meta.get("small") == "fits"
        await store._database.write(lambda one: limit(one, 1_000_000))
        await store.photos.add_many(many)
        assert (await store.photos.get(kept.id)) == kept
        assert await store.check() == []


FULL = """
import asyncio, resource, sys
from pathlib import Path
from edge_runtime.errors import EdgeRuntimeError
from edge_runtime.store import Store
from tests.store.photos import Gallery, new_photo

async def main():
    async with await Store.open(Path(sys.argv[1])) as store:
        gallery = await Gallery.of(store)
        resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, 600_000))
        try:
            for n in range(50):
                await gallery.photos(200, camera=str(n), place={"n": "x" * 100 * n})
        except EdgeRuntimeError as err:
            print(err.code, (await store.counts())["photos"], await store.check())

asyncio.run(main())
"""


async def test_a_file_that_may_not_grow_is_told(home):
    """A write that the system refuses, where SQLite does not call the disk full."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", FULL, str(home), stdout=subprocess.PIPE
    )
    output, _ = await child.communicate()
    assert output.decode().split()[0] in {"store_unwritable", "disk_full"}
    assert output.decode().split(maxsplit=2)[2].strip() == "[]"
    assert child.returncode == 0
    async with await Store.open(home) as store:
        assert store.opening.moved_aside == ()
        assert await store.check() == []


def test_limits_of_this_process_are_untouched():
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY


async def test_work_after_the_end_is_told(home):
    store = await Store.open(home)
    await store.close()
    await store.close()
    with pytest.raises(StoreClosedError, match="the store is closed"):
        await store.counts()
    with pytest.raises(StoreClosedError):
        await store.meta.set("a", "b")


async def test_what_waits_is_written_before_the_end(home):
    store = await Store.open(home)
    writes = [asyncio.create_task(store.meta.set(str(n), "x")) for n in range(300)]
    await asyncio.sleep(0)
    await store.close()
    await asyncio.gather(*writes)
    async with await Store.open(home) as store:
        assert await store.meta.get("299") == "x"


async def test_a_cancelled_caller_leaves_the_store_usable(home):
    async with await Store.open(home) as store:
        writes = [asyncio.create_task(store.meta.set(str(n), "x")) for n in range(50)]
        await asyncio.sleep(0)
        for write in writes[::2]:
            write.cancel()
        results = await asyncio.gather(*writes, return_exceptions=True)
        assert all(result is None for result in results[1::2])
        assert await store.meta.get("49") == "x"


async def test_writes_that_wait_share_one_sync(home, monkeypatch):
    async with await Store.open(home) as store:
        commits = []

        def count(connection):
            connection.set_trace_callback(
                lambda text: commits.append(text) if text == "COMMIT" else None
            )

        await store._database.write(count)
        commits.clear()
        await asyncio.gather(*(store.meta.set(str(n), "x") for n in range(200)))
        assert 1 <= len(commits) < 100
        await store._database.write(lambda one: one.set_trace_callback(None))


async def test_one_write_that_fails_does_not_touch_its_neighbours(home):
    async with await Store.open(home) as store:

        def fail(connection):
            connection.execute("INSERT INTO meta VALUES ('half', 'x')")
            raise ValueError("a bug")

        results = await asyncio.gather(
            store.meta.set("before", "x"),
            store._database.write(fail),
            store.meta.set("after", "x"),
            return_exceptions=True,
        )
        assert [type(one) for one in results] == [type(None), ValueError, type(None)]
        assert await store.meta.get("half") is None
        assert await store.meta.get("before") == await store.meta.get("after") == "x"


async def test_readers_can_not_write(home):
    async with await Store.open(home) as store:
        with pytest.raises(StoreError, match="readonly database"):
            await store._database.read(
                lambda one: one.execute("DELETE FROM meta").rowcount
            )


async def search_it(store) -> None:
    assert len((await store.search.photos("dog")).items) == 1


async def write_then_search(store) -> None:
    (photo,) = (await store.photos.page()).items
    await store.captions.put(photo.id, "de", "Unser dog")
    await search_it(store)


@pytest.mark.parametrize("use", [search_it, write_then_search])
@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE search_data SET block = x'ffffffff' WHERE id > 10",
        "DELETE FROM search_data WHERE id > 10",
        "UPDATE search_data SET block = x'ffffffffffffffffff' WHERE id = 10",
        "DELETE FROM search_data",
    ],
)
async def test_a_damaged_search_index_is_made_anew(filled, use, damage):
    async with await Store.open(filled.parent) as store:
        await store._database.write(lambda one: one.execute(damage).rowcount)
    async with await Store.open(filled.parent) as store:
        assert store.opening.moved_aside == ()
        await use(store)
        assert await store.check() == []
    assert len(await captions_in(filled.parent)) == 1


def test_a_python_whose_sqlite_is_too_old_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(migrate.sqlite3, "sqlite_version_info", (3, 8, 0))
    with pytest.raises(StoreUnsupportedError, match="or later"):
        open_file(tmp_path / DATABASE_NAME)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
async def test_a_folder_that_can_not_be_written_is_told(filled):
    filled.parent.chmod(0o500)
    try:
        with pytest.raises(StoreUnwritableError, match="folder's owner"):
            await Store.open(filled.parent)
    finally:
        filled.parent.chmod(0o700)


async def test_a_copy_of_a_database_in_use_opens(home, tmp_path):
    """A crash leaves the log beside the file; both together are the store."""
    async with await Store.open(home) as store:
        gallery = await Gallery.of(store)
        await gallery.caption(await gallery.photo(), "Our dog")
        shutil.copytree(home, tmp_path / "copy")
    assert (tmp_path / "copy" / f"{DATABASE_NAME}-wal").stat().st_size > 0
    assert await captions_in(tmp_path / "copy") == ["Our dog"]
