"""Folders of real photos, a store in an empty home."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from serving import serving

from edge_runtime.config import Settings
from edge_runtime.service import Service
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


@pytest.fixture
def settings(tmp_path) -> Settings:
    """Return settings that allow to watch everything below the test's folder."""
    return replace(
        Settings(home=tmp_path / "home"),
        offline=True,
        threads=1,
        allowed_folders=(tmp_path,),
    )


@pytest.fixture
async def service(settings) -> AsyncIterator[Service]:
    async with serving(settings) as service:
        yield service
