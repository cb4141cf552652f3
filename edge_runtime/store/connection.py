"""How every connection to the database is set up."""

from pathlib import Path
import sqlite3
from typing import Final

BUSY_TIMEOUT_S: Final = 2.0
APPLICATION_ID: Final = 0x45644361
"""`EdCa`, in the file's header: tells our databases from others."""
_WAL_PAGES: Final = 2000
_WAL_KEPT_BYTES: Final = 8 * 1024 * 1024
_CACHE_KIB: Final = 8 * 1024
"""Of the writer, while it works; it is given back when nothing is written."""

_READER_CACHE_KIB: Final = 1024
"""Of each reader: the system keeps the file's pages in memory anyway."""


def connect(path: Path, *, read_only: bool = False) -> sqlite3.Connection:
    """Open a connection that any one thread at a time may use."""
    connection = sqlite3.connect(
        path,
        timeout=BUSY_TIMEOUT_S,
        isolation_level=None,  # transactions are ours to begin and end
        check_same_thread=False,
    )
    connection.row_factory = sqlite3.Row
    try:
        connection.execute(f"PRAGMA query_only = {int(read_only)}")
        connection.execute("PRAGMA foreign_keys = ON")
        if read_only:
            connection.execute(f"PRAGMA cache_size = -{_READER_CACHE_KIB}")
        else:
            _prepare_writer(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _prepare_writer(connection: sqlite3.Connection) -> None:
    # on a file system that can't do WAL SQLite stays with its journal: slower, as safe
    connection.execute("PRAGMA journal_mode = WAL")
    # FULL: what a client was told is saved survives a power cut; writes that wait at
    # the same time share one sync
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA secure_delete = ON")
    # fewer and larger moves from the log into the file: an SD card wears less
    connection.execute(f"PRAGMA wal_autocheckpoint = {_WAL_PAGES}")
    connection.execute(f"PRAGMA journal_size_limit = {_WAL_KEPT_BYTES}")
    connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
