"""Folders of real photos, a store in an empty home."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from edge_runtime.store import SourceKind, Store


@pytest.fixture
def folder(tmp_path) -> Path:
    path = tmp_path / "photos"
    path.mkdir()
    return path


@pytest.fixture
async def store(tmp_path) -> AsyncIterator[Store]:
    async with await Store.open(tmp_path / "store") as store:
        yield store


@pytest.fixture
async def source(store, folder):
    return await store.sources.add(SourceKind.LIBRARY, "photos", str(folder))
