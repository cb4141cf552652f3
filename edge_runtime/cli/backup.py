"""`edge-captions backup` and `restore`: copies of what people wrote."""

import argparse
import asyncio
from pathlib import Path
from typing import Any

from ..runtime import EdgeRuntime
from ..units import human_bytes, printable
from .exit_codes import ExitCode
from .output import Console


def add_parser(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add both commands to the parser."""
    backup = commands.add_parser(
        "backup",
        parents=[common],
        help="copy captions, tags and settings of clients into one file",
        description="Copy the database into one checked file, also while it is in use. "
        "Photos, thumbnails and models are not in it.",
    )
    backup.add_argument("file", type=Path, metavar="FILE")
    backup.add_argument(
        "--force", action="store_true", help="replace the file if it is there"
    )
    backup.set_defaults(run=_backup)
    restore = commands.add_parser(
        "restore",
        parents=[common],
        help="put a backup back",
        description="Make a backup the database. The one before is kept beside it.",
    )
    restore.add_argument("file", type=Path, metavar="FILE")
    restore.set_defaults(run=_restore)


async def _backup(
    runtime: EdgeRuntime, options: argparse.Namespace, console: Console
) -> ExitCode:
    from ..store import DATABASE_NAME, StoreError, back_up  # noqa: PLC0415 - SQLite

    database = runtime.settings.home / DATABASE_NAME
    if not database.exists():
        raise StoreError(f"{database}: there is nothing to back up yet")
    if options.file.exists() and not options.force:
        raise StoreError(f"{options.file} is there already; --force replaces it")
    written = await asyncio.to_thread(back_up, database, options.file)
    console.print(f"{printable(str(options.file))}: {human_bytes(written)}")
    return ExitCode.OK


async def _restore(
    runtime: EdgeRuntime, options: argparse.Namespace, console: Console
) -> ExitCode:
    from ..api.home_lock import home_lock  # noqa: PLC0415 - not for every command
    from ..store import DATABASE_NAME, restore_backup  # noqa: PLC0415 - SQLite

    home = runtime.settings.home
    with home_lock(home):
        database = home / DATABASE_NAME
        moved = await asyncio.to_thread(restore_backup, options.file, database)
    if moved:
        console.tell(f"the database before is now {printable(str(moved[0]))}")
    console.print(f"restored {printable(str(options.file))}")
    return ExitCode.OK
