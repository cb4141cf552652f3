"""Folders that `config.yaml` names: it alone says how they are treated."""

import asyncio
from collections.abc import Sequence
import logging
from pathlib import Path
from typing import Any, Final

from ...errors import EdgeRuntimeError
from ...folder_settings import FolderSettings, WatchedFolder
from ...store import Source, SourceKind, Store
from . import rules
from .errors import FolderInConfigError

_LOGGER = logging.getLogger(__name__)
_FROM: Final = "from"
_CONFIG: Final = "config"


def is_configured(source: Source) -> bool:
    """Return whether `config.yaml` names a folder."""
    return source.settings.get(_FROM) == _CONFIG


def refuse_configured(source: Source) -> None:
    """Raise FolderInConfigError for a folder that only the file can change."""
    if is_configured(source):
        raise FolderInConfigError(
            f"{source.name}: is set in config.yaml; change it there"
        )


async def take_configured(store: Store, folders: Sequence[WatchedFolder]) -> None:
    """Make the sources those of the file.

    A folder that was taken out of it is watched no more; its photos stay.
    """
    named: set[str] = set()
    for folder in folders:
        try:
            source = await _take(store, folder)
        except EdgeRuntimeError as err:
            _LOGGER.warning("config.yaml: folders: %s", err)
        else:
            named.add(source.id)
    for source in await store.sources.list():
        if is_configured(source) and source.id not in named:
            settings = {**source.settings, _FROM: "api", "watch": False}
            await store.sources.update(source.id, settings=settings)


async def _take(store: Store, folder: WatchedFolder) -> Source:
    real = await asyncio.to_thread(_real, folder.path)
    sources = await store.sources.list()
    settings: dict[str, Any] = FolderSettings.from_dict(folder.settings).to_dict()
    settings[_FROM] = _CONFIG
    for source in sources:
        if source.path == str(real):
            return await store.sources.update(
                source.id, name=folder.name or None, settings=settings
            )
    rules.refuse_watched(real, sources)
    name = folder.name or rules.name_for(real, sources)
    return await store.sources.add(SourceKind.LIBRARY, name, str(real), settings)


def _real(path: Path) -> Path:
    try:
        return rules.real_folder(str(path))
    except EdgeRuntimeError:  # its disk is not there yet
        return path
