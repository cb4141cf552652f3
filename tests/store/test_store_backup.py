"""Backups are whole, checked, and can be put back."""

import asyncio
from contextlib import closing
import os
import sqlite3

import pytest

from edge_runtime.errors import EdgeRuntimeError
from edge_runtime.store import (
    DATABASE_NAME,
    Store,
    StoreError,
    StoreTooNewError,
    restore_backup,
)
from tests.store.photos import Gallery


async def names_of(home) -> set[str]:
    async with await Store.open(home) as store:
        assert await store.check() == []
        return {hit.text for hit in (await store.search.photos("dog")).items}


@pytest.fixture
async def backup(home, tmp_path):
    """Return a backup with one dog, of a store that has another since."""
    async with await Store.open(home) as store:
        gallery = await Gallery.of(store)
        await gallery.caption(await gallery.photo(1), "First dog")
        size = await store.back_up(tmp_path / "backups" / "a.db")
        assert size == (tmp_path / "backups" / "a.db").stat().st_size
        await gallery.caption(await gallery.photo(2), "Second dog")
    return tmp_path / "backups" / "a.db"


async def test_a_backup_brings_back_what_was(home, backup):
    moved = restore_backup(backup, home / DATABASE_NAME)
    assert moved[0].name.startswith(f"{DATABASE_NAME}.before-restore-")
    assert await names_of(home) == {"First dog"}
    moved[0].replace(home / DATABASE_NAME)
    assert await names_of(home) == {"First dog", "Second dog"}
    assert backup.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in backup.parent.iterdir()] == ["a.db"]


async def test_a_backup_goes_into_an_empty_home(backup, tmp_path):
    assert restore_backup(backup, tmp_path / "other" / DATABASE_NAME) == ()
    assert await names_of(tmp_path / "other") == {"First dog"}


async def test_a_backup_made_under_load_is_of_one_moment(home, tmp_path):
    async with await Store.open(home) as store:
        gallery = await Gallery.of(store)

        async def pairs():
            for number in range(0, 400, 2):
                await gallery.store.photos.add_many(
                    [gallery.new(number), gallery.new(number + 1)]
                )

        writing = asyncio.create_task(pairs())
        await asyncio.sleep(0.05)
        await store.back_up(tmp_path / "a.db")
        await writing
    restore_backup(tmp_path / "a.db", tmp_path / "home2" / DATABASE_NAME)
    async with await Store.open(tmp_path / "home2") as store:
        assert (await store.counts())["photos"] % 2 == 0
        assert await store.check() == []


async def test_an_existing_backup_is_replaced_only_by_a_whole_one(
    home, backup, monkeypatch
):
    before = backup.read_bytes()

    def fails(_):
        raise StoreError("the copy is not sound")

    monkeypatch.setattr("edge_runtime.store.backup.check_backup", fails)
    async with await Store.open(home) as store:
        with pytest.raises(StoreError, match="not sound"):
            await store.back_up(backup)
    assert backup.read_bytes() == before
    assert [path.name for path in backup.parent.iterdir()] == ["a.db"]


async def test_a_place_that_can_not_be_written_is_told(home, tmp_path):
    (tmp_path / "file").touch()
    async with await Store.open(home) as store:
        with pytest.raises(EdgeRuntimeError, match="can't be written"):
            await store.back_up(tmp_path / "file" / "a.db")


def garbage(path):
    path.write_bytes(os.urandom(10_000))


def cut(path):
    os.truncate(path, path.stat().st_size // 2)


def foreign(path):
    path.unlink()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE theirs (a)")


def missing(path):
    path.unlink()


@pytest.mark.parametrize("damage", [garbage, cut, foreign, missing])
async def test_a_bad_backup_changes_nothing(home, backup, damage):
    damage(backup)
    with pytest.raises(StoreError, match=r"no sound backup|no such backup"):
        restore_backup(backup, home / DATABASE_NAME)
    assert await names_of(home) == {"First dog", "Second dog"}
    assert [path.name for path in home.iterdir()] == [DATABASE_NAME]


async def test_a_backup_of_a_newer_version_is_refused(home, backup):
    with closing(sqlite3.connect(backup)) as connection:
        connection.execute("PRAGMA user_version = 999")
    with pytest.raises(StoreTooNewError):
        restore_backup(backup, home / DATABASE_NAME)
    assert await names_of(home) == {"First dog", "Second dog"}
