"""Files of the model store: safe names, whole writes, hashes and room on the disk."""

from collections.abc import Callable, Iterator
import contextlib
import errno
import hashlib
import json
import os
from pathlib import Path, PurePosixPath
import shutil
from typing import Any, Final

from ..const import MIB, PART_SUFFIX
from ..errors import DiskFullError, DownloadError
from ..files import replace_file
from ..manifest.room import free_bytes_wanted
from ..units import human_bytes

CHUNK_BYTES: Final = MIB
WORK_NAME: Final = ".work"
"""Folder for archives, beside the files of a model."""
JOINED: Final = ".joined"
LOCAL: Final = ".local"
# EFBIG is what a file size limit gives, EDQUOT what a quota gives
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def inside(folder: Path, relative: str) -> Path:
    """Return the path below a folder; a name that leads out of it is refused."""
    path = PurePosixPath(relative)
    if not relative or path.is_absolute() or ".." in path.parts or "\0" in relative:
        raise DownloadError(f"'{relative}' is no path inside a model's folder")
    return folder.joinpath(*path.parts)


def part_of(final: Path, kind: str = "") -> Path:
    """Return the name under which a file grows before it is whole."""
    return final.with_name(f"{final.name}{kind}{PART_SUFFIX}")


def note_of(part: Path) -> Path:
    """Return the name of what is noted about an unfinished file."""
    return part.with_name(f"{part.name}.json")


def unfinished_names(final: Path) -> list[Path]:
    """Return every name that an unfinished form of a file can have."""
    parts = [part_of(final, kind) for kind in ("", JOINED, LOCAL)]
    return [*parts, *map(note_of, parts)]


def size_of(path: Path) -> int | None:
    """Return the size of a regular file, or None if there is none."""
    try:
        return path.stat().st_size if path.is_file() else None
    except OSError:
        return None


def sha256_of(path: Path, stopped: Callable[[], bool] = lambda: False) -> str:
    """Return the hash of a whole file; an empty text if it was stopped."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
            if stopped():
                return ""
    return digest.hexdigest()


def sync_folder(folder: Path) -> None:
    """Make a rename in a folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def put_in_place(whole: Path, final: Path) -> None:
    """Give a complete file its final name, so that a power cut leaves old or new."""
    with whole.open("rb") as file:
        os.fsync(file.fileno())
    whole.replace(final)
    # renaming onto another hard link of the same file leaves both names
    whole.unlink(missing_ok=True)
    sync_folder(final.parent)


def read_json(path: Path) -> dict[str, Any]:
    """Return a JSON object, or an empty one if the file is missing or damaged."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def write_json(path: Path, value: dict[str, Any]) -> None:
    """Replace a JSON file as a whole; raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_file(path, json.dumps(value, indent=1, sort_keys=True))


def check_room(folder: Path, needed: int) -> None:
    """Raise DiskFullError unless the disk has what is needed, a tenth and a reserve."""
    wanted = free_bytes_wanted(needed)
    free = shutil.disk_usage(folder).free
    if free < wanted:
        raise DiskFullError(
            f"not enough room in {folder}: {human_bytes(needed)} to store need "
            f"{human_bytes(wanted)} free with a reserve, and there are "
            f"{human_bytes(free)}; free some space or set another home"
        )


@contextlib.contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turn every refusal of the disk into an error that a person can read.

    `path` is named where the system does not say which file it was.
    """
    try:
        yield
    except OSError as err:
        raise disk_error(err, path) from err


def disk_error(err: OSError, path: Path) -> DownloadError:
    """Return what a failed write means for a person."""
    path = Path(os.fsdecode(err.filename2 or err.filename or path))
    if err.errno in _FULL:
        return DiskFullError(
            f"the disk is full: {path} could not be written "
            f"({os.strerror(err.errno)}); free some space and start again"
        )
    return DownloadError(f"{path} can't be written: {err.strerror or err}")


def tree_bytes(folder: Path) -> int:
    """Return the bytes of all files below a folder, which may change meanwhile."""
    return sum(
        size_of(path) or 0 for path in folder.rglob("*") if not path.is_symlink()
    )


def remove_tree(folder: Path) -> int:
    """Remove a folder with all it holds; return the bytes that came free."""
    freed = tree_bytes(folder)
    shutil.rmtree(folder)
    return freed
