"""A real store, and an announcer that remembers what was said."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from edge_runtime.store import Store


@dataclass
class Heard:
    """What clients were told."""

    events: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    async def emit(self, kind, data):
        self.events.append((kind, dict(data)))

    def tell(self, kind, data):
        self.events.append((kind, dict(data)))

    @property
    def kinds(self) -> list[str]:
        return [kind for kind, _ in self.events]


@pytest.fixture
async def store(tmp_path) -> AsyncIterator[Store]:
    async with await Store.open(tmp_path / "home") as store:
        yield store


@pytest.fixture
def heard() -> Heard:
    return Heard()
