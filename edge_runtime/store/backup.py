"""Copies of the database: made whole, checked, and put back."""

from contextlib import closing, suppress
import os
from pathlib import Path
import shutil
import sqlite3
from typing import Final

from ..errors import DiskFullError
from .connection import APPLICATION_ID, connect
from .errors import StoreError, StoreUnwritableError, translated
from .migrate import check_version
from .opening import move_aside, problems


def back_up(database: Path, target: Path) -> int:
    """Write a checked copy of a database that may be in use; return its bytes.

    Blocks. The copy appears under its name when it is whole.
    """
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary.unlink(missing_ok=True)
        with closing(connect(database, read_only=True)) as connection:
            connection.execute("PRAGMA query_only = OFF")
            connection.execute("VACUUM INTO ?", (str(temporary),))
        check_backup(temporary)
        temporary.chmod(0o600)
        return _put_in_place(temporary, target)
    except sqlite3.Error as err:
        raise translated(err, target) from err
    except OSError as err:
        raise _unwritable(target, err) from err
    finally:
        _remove(temporary)


def restore_backup(backup: Path, database: Path) -> tuple[Path, ...]:
    """Make a backup the database; return where the files before it are now.

    Blocks. The store must be closed, and its home locked by the caller.
    """
    if not backup.is_file():
        raise StoreError(f"{backup}: there is no such backup")
    temporary = database.with_name(f".{database.name}.{os.getpid()}.tmp")
    try:
        check_backup(backup)
        database.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(backup, temporary)
        temporary.chmod(0o600)
        check_backup(temporary)
        moved = move_aside(database, "before-restore")
        _put_in_place(temporary, database)
    except sqlite3.Error as err:
        raise translated(err, backup) from err
    except OSError as err:
        raise _unwritable(database, err) from err
    finally:
        _remove(temporary)
    return moved


def check_backup(path: Path) -> None:
    """Raise StoreError unless a file is a sound database of ours."""
    try:
        with closing(connect(path, read_only=True)) as connection:
            found = connection.execute("PRAGMA application_id").fetchone()[0]
            check_version(connection, path)
            wrong = problems(connection, "integrity_check")
    except sqlite3.DatabaseError as err:
        raise StoreError(f"{path}: this is no sound backup: {err}") from err
    if found != APPLICATION_ID or wrong:
        why = wrong[0] if wrong else "another program wrote it"
        raise StoreError(f"{path}: this is no sound backup: {why}")


def _put_in_place(temporary: Path, target: Path) -> int:
    with temporary.open("rb+") as file:
        os.fsync(file.fileno())
        size = os.fstat(file.fileno()).st_size
    temporary.replace(target)
    folder = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return size


def _remove(temporary: Path) -> None:
    for end in ("", "-wal", "-shm", "-journal"):
        with suppress(OSError):
            temporary.with_name(temporary.name + end).unlink()


def _unwritable(path: Path, err: OSError) -> StoreError | DiskFullError:
    if err.errno in _FULL:
        return DiskFullError(f"{path}: the disk is full; nothing was changed")
    return StoreUnwritableError(f"{path}: can't be written: {err.strerror}")


_FULL: Final = frozenset({28, 122})
