"""`FolderWatch`: looks at a folder again and again, and says when it changed."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
import logging
from pathlib import Path
from threading import Event
from typing import Final

from ...errors import EdgeRuntimeError
from ...folder_settings import FolderSettings
from ...store import Source, Store, now_ms
from ...watcher import (
    Inotify,
    InotifyUnavailableError,
    Look,
    Settling,
    look,
    tells_of_changes,
)

_LOGGER = logging.getLogger(__name__)
_CALM_S: Final = 1.0
"""What comes within so short a time is looked at once."""
_SAFETY_S: Final = 900.0
"""Even where the system tells of changes, a look this often."""
_SHARE: Final = 10
"""A look takes at most this part of the time while files come in."""
_RETRY_S: Final = 30.0


@dataclass(slots=True)
class FolderStatus:
    """What is known of a folder now; in memory alone."""

    is_online: bool | None = None
    """None: nobody has looked yet."""
    problem: str = ""
    looked_at: int | None = None
    look_seconds: float = 0.0
    photos: int = 0
    growing: int = 0
    """Files that somebody still writes."""
    told_by: str = "nobody"
    """`inotify`, `polling`, or `nobody`: it is not watched."""
    waits_for: str = ""
    """Why photos are not described now."""
    write_problems: list[str] = field(default_factory=list)
    began: dict[str, tuple[int, float]] = field(default_factory=dict)
    """When the work of a job began in this run, and how far it was then."""

    def note(self, found: Look) -> bool:
        """Take over what a look found; return whether the folder came or went."""
        before = self.is_online
        self.problem = found.difference.problem
        self.is_online = not self.problem
        self.looked_at = now_ms()
        self.look_seconds = found.seconds
        self.photos = found.report.photos
        self.growing = len(found.growing)
        return before is not None and before != self.is_online


class FolderWatch:
    """One folder: its status, and the task that looks at it."""

    def __init__(
        self,
        source: Source,
        store: Store,
        on_change: Callable[[Source], Awaitable[None]],
        on_state: Callable[[Source], Awaitable[None]],
    ) -> None:
        self.source = source
        self.settings = FolderSettings.from_dict(source.settings)
        self.status = FolderStatus()
        self.settling = Settling()
        self._store = store
        self._on_change = on_change
        self._on_state = on_state
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._inotify: Inotify | None = None
        self._looking = asyncio.Lock()
        self._stopping = Event()
        """Set: a look that is under way, which no task can cancel, ends early."""

    @property
    def root(self) -> Path:
        """Return the folder."""
        return Path(str(self.source.path))

    def start(self) -> None:
        """Begin to look, if the settings say so."""
        if self.settings.watch and self._task is None:
            self.status.told_by = "polling"
            self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Look no more; a look that is under way ends with LookStoppedError."""
        self._stopping.set()
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
            self._close_inotify()
            self._task = None
        self.status.told_by = "nobody"

    async def look(self) -> Look:
        """Compare the folder with what the store knows of it.

        Raises LookStoppedError if it is stopped meanwhile.
        """
        async with self._looking:
            known = await self._store.files.known(self.source.id)
            found = await asyncio.to_thread(
                look, self.root, known, self.settling, self._stopping
            )
        if self.status.note(found):
            await self._on_state(self.source)
        await asyncio.to_thread(self._listen, found)
        return found

    def look_soon(self) -> None:
        """Look again as soon as it is this folder's turn."""
        self._wake.set()

    async def _run(self) -> None:
        while True:
            pause = _RETRY_S
            try:
                self._wake.clear()
                found = await self.look()
                if not found.difference.is_empty:
                    await self._on_change(self.source)
                pause = self._pause(found)
            except EdgeRuntimeError as err:
                _LOGGER.warning("%s: %s", self.source.name, err)
            except OSError as err:
                _LOGGER.warning("%s: %s", self.source.name, err.strerror)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), pause)
                await asyncio.sleep(max(_CALM_S, self.status.look_seconds * _SHARE))

    def _pause(self, found: Look) -> float:
        if found.growing:
            return max(self.settling.settle_s, found.seconds * _SHARE)
        return float(self.settings.poll_s) if self._inotify is None else _SAFETY_S

    def _listen(self, found: Look) -> None:
        """Have the kernel tell of changes, where it hears of them."""
        if self._task is None or found.difference.problem:
            self._close_inotify()
            return
        try:
            if self._inotify is None:
                if not tells_of_changes(self.root):
                    return
                self._inotify = Inotify.open()
                loop = self._task.get_loop()
                loop.call_soon_threadsafe(self._attach, loop, self._inotify)
            if self._inotify.watch(self.root, found.report.folders):
                # what came between the look and the watch was told to nobody
                self._task.get_loop().call_soon_threadsafe(self._wake.set)
            self.status.told_by = "inotify"
        except InotifyUnavailableError as err:
            _LOGGER.info("%s: looks every %d s: %s", self.root, _SAFETY_S, err)
            self._close_inotify()

    def _attach(self, loop: asyncio.AbstractEventLoop, inotify: Inotify) -> None:
        if self._inotify is inotify:
            loop.add_reader(inotify.descriptor, self._heard)

    def _heard(self) -> None:
        if self._inotify is not None and self._inotify.drain():
            self._wake.set()

    def _close_inotify(self) -> None:
        inotify, self._inotify = self._inotify, None
        if inotify is None or self._task is None:
            return
        self.status.told_by = "polling"
        loop = self._task.get_loop()
        loop.call_soon_threadsafe(_detach, loop, inotify)


def _detach(loop: asyncio.AbstractEventLoop, inotify: Inotify) -> None:
    loop.remove_reader(inotify.descriptor)
    inotify.close()
