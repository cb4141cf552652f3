"""Databases of every earlier version open, with all that was in them.

A version that changes the schema adds its script to `migrations/` and, made by the
version before its first change, its fixture here:

    scripts/make_store.py /tmp/home --photos 5 --seed 5
    gzip -n9c /tmp/home/edge-captions.db > tests/store/fixtures/schema-NNNN.db.gz
"""

from contextlib import closing
import gzip
from pathlib import Path
import sqlite3

import pytest

from edge_runtime.store import DATABASE_NAME, PhotoFilter, Store, StoreError
from edge_runtime.store.connection import connect
from edge_runtime.store.migrate import migrate, newest_version, scripts, version_of

FIXTURES = sorted((Path(__file__).parent / "fixtures").glob("schema-*.db.gz"))


def version_in(fixture: Path) -> int:
    return int(fixture.name.removeprefix("schema-")[:4])


def schema(connection) -> list[tuple]:
    rows = connection.execute("SELECT type, name, sql FROM sqlite_master ORDER BY name")
    return [tuple(row) for row in rows]


def test_there_is_a_script_and_a_fixture_for_each_version():
    versions = [version for version, _ in scripts()]
    assert versions == list(range(1, newest_version() + 1))
    assert [version_in(path) for path in FIXTURES] == versions


@pytest.mark.parametrize("fixture", FIXTURES, ids=lambda path: path.name)
async def test_an_earlier_database_is_brought_up_to_date(fixture, home):
    home.mkdir()
    (home / DATABASE_NAME).write_bytes(gzip.decompress(fixture.read_bytes()))
    version = version_in(fixture)
    async with await Store.open(home) as store:
        is_old = version < newest_version()
        assert store.opening.migrated_from == (version if is_old else None)
        assert store.opening.moved_aside == ()
        assert await store.check() == []
        counts = await store.counts()
        assert (counts["photos"], counts["suggestions"]) == (5, 5)
        captioned = (await store.photos.page(PhotoFilter(has_caption=True))).items
        waiting = (await store.photos.page(PhotoFilter(pending=True))).items
        assert (len(captioned), len(waiting)) == (3, 2)
        details = await store.photos.details(captioned[0].id)
        (caption,) = details.captions
        assert (len(details.files), len(details.suggestions)) == (1, 1)
        found = await store.search.photos(f'"{caption.text}"')
        assert captioned[0].id in {hit.photo.id for hit in found.items}
        await store.captions.put(captioned[0].id, "en", "Still works")
    with closing(connect(home / DATABASE_NAME)) as connection:
        upgraded = schema(connection)
    with closing(connect(home / "new.db")) as connection:
        migrate(connection)
        assert upgraded == schema(connection)


def test_a_step_that_fails_leaves_the_version_before(tmp_path, monkeypatch):
    good, bad = tmp_path / "0001_a.sql", tmp_path / "0002_b.sql"
    good.write_text("CREATE TABLE a (b);")
    bad.write_text("CREATE TABLE c (d); INSERT INTO nowhere VALUES (1);")
    monkeypatch.setattr("edge_runtime.store.migrate._FOLDER", tmp_path)
    with closing(connect(tmp_path / "x.db")) as connection:
        with pytest.raises(sqlite3.OperationalError, match="nowhere"):
            migrate(connection)
        assert version_of(connection) == 1
        assert [name for _, name, _ in schema(connection)] == ["a"]
        bad.write_text("CREATE TABLE c (d);")
        migrate(connection)
        assert version_of(connection) == 2


async def test_a_failed_step_is_a_readable_error(home, monkeypatch, tmp_path):
    (tmp_path / "0001_a.sql").write_text("CREATE TABLE a (b, b);")
    monkeypatch.setattr("edge_runtime.store.migrate._FOLDER", tmp_path)
    with pytest.raises(StoreError, match="duplicate column"):
        await Store.open(home)
