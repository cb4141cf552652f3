"""One process at a time works on a model: a lock file that dies with its owner."""

import asyncio
from collections.abc import AsyncIterator, Iterator
import contextlib
import fcntl
from functools import partial
import os
from pathlib import Path
from typing import Final

from ..errors import ModelLockedError
from .files import disk_error, disk_errors
from .records import WaitCallback
from .threads import in_thread

LOCK_NAME: Final = ".lock"
_POLL_S: Final = 0.2


@contextlib.asynccontextmanager
async def model_lock(
    folder: Path, *, wait: bool, on_wait: WaitCallback | None = None
) -> AsyncIterator[None]:
    """Hold a model's lock; wait for another owner, or raise ModelLockedError.

    A folder that holds nothing afterwards is removed.
    """
    told = False
    with contextlib.ExitStack() as held:
        while not await in_thread(partial(_try_lock, folder, held)):
            pid = await in_thread(partial(_owner, folder))
            if not wait:
                raise _locked(folder, pid)
            if not told and on_wait is not None:
                on_wait(pid)
            told = True
            await asyncio.sleep(_POLL_S)
        try:
            yield
        finally:
            await in_thread(partial(_remove_if_empty, folder))


@contextlib.contextmanager
def model_lock_now(folder: Path) -> Iterator[None]:
    """Hold a model's lock for a short work; raise ModelLockedError if it is taken."""
    with contextlib.ExitStack() as held:
        if not _try_lock(folder, held):
            raise _locked(folder, _owner(folder))
        yield


def _try_lock(folder: Path, held: contextlib.ExitStack) -> bool:
    """Take the lock, to be let go by `held`: a cancelled caller loses no result."""
    path = folder / LOCK_NAME
    with disk_errors(path):
        folder.mkdir(parents=True, exist_ok=True)
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except FileNotFoundError:  # the owner before took the folder away just now
            return False
    with contextlib.ExitStack() as mine:
        mine.callback(os.close, descriptor)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError as err:
            raise disk_error(err, path) from err
        if not _is_current(descriptor, path):
            return False
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        held.push(mine.pop_all())
    return True


def _remove_if_empty(folder: Path) -> None:
    """Remove a folder in which there is only the lock; the caller holds it."""
    lock = folder / LOCK_NAME
    with contextlib.suppress(OSError):
        below = [path for path in folder.rglob("*") if path != lock]
        if not all(path.is_dir() for path in below):
            return
        for path in sorted(below, reverse=True):
            path.rmdir()
        # from here another process may take the folder: it must be empty to go
        lock.unlink()
        folder.rmdir()


def _is_current(descriptor: int, path: Path) -> bool:
    # the owner before may have removed the folder while this process waited: a lock
    # on a file that nobody can find any more would shut nobody out
    mine = os.fstat(descriptor)
    try:
        there = path.stat()
    except OSError:
        return False
    return (mine.st_dev, mine.st_ino) == (there.st_dev, there.st_ino)


def _owner(folder: Path) -> int | None:
    try:
        return int((folder / LOCK_NAME).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None


def _locked(folder: Path, pid: int | None) -> ModelLockedError:
    who = f"process {pid}" if pid else "another process"
    return ModelLockedError(
        f"{who} is working on model '{folder.name}'; wait until it is done, or end it"
    )
