"""Put a new file in the place of an old one: whole, or not at all."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
import errno
import fcntl
import hashlib
import os
from pathlib import Path
import stat
import time
from typing import Final

from .containers.base import Plan
from .errors import (
    FolderReadOnlyError,
    MetadataError,
    MetadataNotWrittenError,
    PhotoBusyError,
    PhotoChangedError,
    PhotoDiskFullError,
)
from .leftovers import remove_leftover
from .photo_file import (
    MemoryBytes,
    PhotoFile,
    Readable,
    chunks,
    display_name,
    open_photo,
)

_NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_NO_RIGHT: Final = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
_LOCK_STEP_S: Final = 0.02
_CREATE_TRIES: Final = 5
_NEW_FLAGS: Final = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file that is to take a name."""

    path: Path
    old: os.stat_result | None
    """What has the name now, as it was when it was read; None: nothing has."""
    source: Readable
    plan: Plan
    like: os.stat_result
    """Whose owner and rights it gets."""
    is_photo: bool = False
    """The old file is the photo, which is held open."""
    keep_mtime: bool = False


@contextmanager
def locked_photo(path: Path, timeout_s: float) -> Iterator[PhotoFile]:
    """Open a photo and keep other writers of ours away from it and its sidecars.

    Raises PhotoBusyError when another one holds it for too long.
    """
    deadline = time.monotonic() + timeout_s
    while True:
        with open_photo(path) as photo:
            _lock(photo, deadline)
            # whoever held the lock may have put another file in its place
            if _same_file(path, photo.status, is_open=True):
                yield photo
                return
        if time.monotonic() >= deadline:
            raise PhotoChangedError(
                f"{display_name(path)}: is being changed all the time; try again"
            )


def replace_file(new: NewFile, verify: Callable[[PhotoFile], bool]) -> None:
    """Write a file beside its place, read it back, and give it its name.

    Raises MetadataError; what was there before is then untouched.
    """
    name = display_name(new.path)
    temporary = new.path.with_name(_temporary_name(new.path))
    try:
        descriptor = _create(temporary, name)
    except OSError as err:
        raise not_written(name, err) from None
    try:
        # open to the end: the lock on it keeps those away who take leftovers away
        with os.fdopen(descriptor, "wb", buffering=0):
            _write(descriptor, new)
            _dress(descriptor, new)
            os.fsync(descriptor)
            with open_photo(temporary) as written:
                _check_written(written, new, verify)
            _check_unchanged(new, name)
            temporary.replace(new.path)
    except OSError as err:
        _discard(temporary)
        raise not_written(name, err) from None
    except BaseException:
        _discard(temporary)
        raise
    sync_folder(new.path.parent)


def remove_file(path: Path, old: os.stat_result) -> None:
    """Remove a file that nobody changed since it was read."""
    name = display_name(path)
    if not _same_file(path, old, is_open=False):
        raise PhotoChangedError(f"{name}: was changed meanwhile; try again")
    try:
        path.unlink()
    except OSError as err:
        raise not_written(name, err) from None
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make a new name in a folder survive a power cut, where the system can."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def not_written(name: str, err: OSError) -> MetadataError:
    """Return the typed error for what the system refused."""
    reason = err.strerror or type(err).__name__
    if err.errno in _NO_ROOM:
        return PhotoDiskFullError(
            f"{name}: there is no room to write it ({reason}); free some space"
        )
    if err.errno in _NO_RIGHT:
        return FolderReadOnlyError(
            f"{name}: its folder can't be written to ({reason}); allow this user to, "
            "or keep captions in the program only"
        )
    return MetadataNotWrittenError(f"{name}: can't be written ({reason})")


def _lock(photo: PhotoFile, deadline: float) -> None:
    while True:
        try:
            fcntl.flock(photo.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise PhotoBusyError(
                    f"{photo.name}: another process is writing its metadata; try again"
                ) from None
            time.sleep(_LOCK_STEP_S)
        except OSError:
            return  # a folder without locks: the check before the rename is left
        else:
            return


def _temporary_name(path: Path) -> str:
    """Return a name that programs which watch folders leave alone.

    It is the same for every try, so what a power cut left is found again.
    """
    digest = hashlib.sha256(os.fsencode(path.name)).hexdigest()[:16]
    return f".edge-captions-{digest}.tmp"


def _create(temporary: Path, name: str) -> int:
    for _ in range(_CREATE_TRIES):
        with suppress(FileExistsError):
            descriptor = os.open(temporary, _NEW_FLAGS, 0o600)
            # whoever takes leftovers away may have seen it before it was held
            with suppress(OSError):
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _same_file(temporary, os.fstat(descriptor), is_open=True):
                return descriptor
            os.close(descriptor)
            continue
        if not remove_leftover(temporary):
            break
    raise PhotoBusyError(f"{name}: another process is writing it; try again")


def _write(descriptor: int, new: NewFile) -> None:
    for piece in new.plan.pieces:
        data = (piece,) if isinstance(piece, bytes) else chunks(new.source, *piece)
        for part in data:
            view = memoryview(part)
            while view:
                view = view[os.write(descriptor, view) :]


def _dress(descriptor: int, new: NewFile) -> None:
    """Give the new file owner, rights, attributes and time of the old one.

    As far as that goes: only root may give files away, and a memory card or a network
    folder may know none of it.
    """
    like = new.like
    mode = stat.S_IMODE(like.st_mode) & (0o666 if new.old is None else 0o7777)
    with suppress(OSError):
        os.fchown(descriptor, like.st_uid, like.st_gid)
    with suppress(OSError):
        os.fchmod(descriptor, mode)
    if new.old is None:
        return
    with suppress(OSError):
        for key in os.listxattr(new.path):
            with suppress(OSError):
                os.setxattr(descriptor, key, os.getxattr(new.path, key))
    if new.keep_mtime:
        with suppress(OSError):
            os.utime(descriptor, ns=(like.st_atime_ns, like.st_mtime_ns))


def _check_written(
    written: PhotoFile, new: NewFile, verify: Callable[[PhotoFile], bool]
) -> None:
    if not (_reads_back(written, new) and verify(written)):
        raise MetadataNotWrittenError(
            f"{display_name(new.path)}: what was written did not read back the same; "
            "check the disk"
        )


def _reads_back(written: PhotoFile, new: NewFile) -> bool:
    if written.size != new.plan.size:
        return False
    at = 0
    for piece in new.plan.pieces:
        if isinstance(piece, bytes):
            source: Readable = MemoryBytes(piece)
            start, end = 0, len(piece)
        else:
            source, (start, end) = new.source, piece
        for part in chunks(source, start, end):
            if written.read_at(at, len(part)) != part:
                return False
            at += len(part)
    return at == written.size


def _check_unchanged(new: NewFile, name: str) -> None:
    if new.old is None:
        if new.path.exists() or new.path.is_symlink():
            raise PhotoChangedError(f"{name}: appeared meanwhile; try again")
    elif not _same_file(new.path, new.old, is_open=new.is_photo):
        raise PhotoChangedError(
            f"{name}: was changed by another program meanwhile; try again"
        )


def _same_file(path: Path, status: os.stat_result, *, is_open: bool) -> bool:
    """Return whether nobody touched a file; numbers are stable only of open ones."""
    try:
        now = path.stat()
    except OSError:
        return False
    same_number = (now.st_ino, now.st_dev) == (status.st_ino, status.st_dev)
    return (same_number or not is_open) and (
        now.st_size,
        now.st_mtime_ns,
        now.st_ctime_ns,
    ) == (status.st_size, status.st_mtime_ns, status.st_ctime_ns)


def _discard(temporary: Path) -> None:
    with suppress(OSError):
        temporary.unlink()
