"""`edge-captions library`: folders of photos, from the first look to the last word."""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from ..folder_settings import (
    MetadataMode,
    Policy,
    SidecarNaming,
)
from ..schemas import Style, Verdict
from . import library_work as work
from .output import language_code

_SETTINGS: Final = (
    "language", "style", "model", "policy", "write_metadata", "sidecar_name",
    "automatic", "watch", "include_captioned",
)  # fmt: skip


def add_parser(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "library",
        help="watch folders of photos, describe them, search, write, take out again",
        description="Folders of photos: found, described, accepted, searched. While "
        "the service runs, the commands are its clients; else they do the work.",
    )
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    _add_folders(actions, common)
    _add_work(actions, common)
    _add_reading(actions, common)


def settings_of(options: argparse.Namespace) -> dict[str, Any]:
    """Return the settings that options name."""
    values: Mapping[str, Any] = vars(options)
    found = {k: values[k] for k in _SETTINGS if values.get(k) is not None}
    schedule = {k: values[k] for k in ("hours", "max_load") if values[k] is not None}
    return {**found, "schedule": schedule} if schedule else found


def _add_folders(actions: Any, common: argparse.ArgumentParser) -> None:
    add = _action(actions, common, "add", work.add, "watch a folder of photos")
    add.add_argument("path", type=Path, metavar="FOLDER")
    _add_settings(add)
    change = _action(actions, common, "set", work.change, "change a folder's settings")
    change.add_argument("folder", metavar="FOLDER", help="its path, name or id")
    _add_settings(change)
    remove = _action(
        actions, common, "remove", work.remove, "forget a folder; no file is touched"
    )
    remove.add_argument("folder", metavar="FOLDER", help="its path, name or id")
    remove.add_argument(
        "--forget-captions",
        action="store_true",
        help="also if its photos have captions, which are then gone",
    )
    status = _action(actions, common, "status", work.status, "how far the folders are")
    _add_folder(status)


def _add_work(actions: Any, common: argparse.ArgumentParser) -> None:
    scan = _action(
        actions, common, "scan", work.scan, "look for new, moved and deleted photos"
    )
    _add_folder(scan)
    caption = _action(
        actions,
        common,
        "caption",
        work.caption,
        "describe what nobody has described, newest first; goes on where it stopped",
    )
    _add_folder(caption)
    caption.add_argument("--limit", type=_count, metavar="N", help="most photos")
    caption.add_argument("--language", type=language_code, metavar="CODE")
    caption.add_argument("--model", metavar="ID", help="the captioner to use")
    caption.add_argument(
        "--refresh", action="store_true", help="also photos that have words already"
    )
    accept = _action(
        actions, common, "accept", work.accept, "make suggestions captions"
    )
    _add_folder(accept)
    which = accept.add_mutually_exclusive_group()
    which.add_argument(
        "--verdict",
        choices=[verdict.value for verdict in Verdict],
        default=Verdict.SURE.value,
        help="only those of this verdict (default: sure)",
    )
    which.add_argument(
        "--all", dest="verdict", action="store_const", const=None, help="all that wait"
    )
    accept.add_argument("--language", type=language_code, metavar="CODE")
    restore = _action(
        actions,
        common,
        "restore",
        work.restore,
        "take our words out of the photos again, and write no more",
    )
    _add_folder(restore)


def _add_reading(actions: Any, common: argparse.ArgumentParser) -> None:
    search = _action(
        actions, common, "search", work.search, "find photos by words of any caption"
    )
    search.add_argument("words", nargs="+", metavar="WORD")
    search.add_argument("--limit", type=_count, default=20, metavar="N")
    export = _action(
        actions,
        common,
        "export",
        work.export,
        "print every caption with its photo's path, as JSON lines",
    )
    _add_folder(export)
    export.add_argument(
        "--output", type=Path, metavar="FILE", help="write a file instead"
    )


def _action(
    actions: Any, common: argparse.ArgumentParser, name: str, run: Any, text: str
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = actions.add_parser(
        name, parents=[common], help=text, description=text[0].upper() + text[1:] + "."
    )
    parser.add_argument("--json", action="store_true", help="machine-readable")
    parser.set_defaults(run=run, settings=settings_of)
    return parser


def _add_folder(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "folder",
        nargs="?",
        metavar="FOLDER",
        help="its path, name or id; by default every folder",
    )


def _add_settings(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("settings of the folder")
    group.add_argument("--name", metavar="TEXT", help="what it is called")
    group.add_argument("--language", type=language_code, metavar="CODE")
    group.add_argument("--style", choices=[style.value for style in Style])
    group.add_argument("--model", metavar="ID", help="the captioner to use")
    group.add_argument(
        "--policy",
        choices=[policy.value for policy in Policy],
        help="what becomes of suggestions (default: suggest)",
    )
    group.add_argument(
        "--write-metadata",
        choices=[mode.value for mode in MetadataMode],
        help="where accepted captions are written (default: off)",
    )
    group.add_argument(
        "--sidecar-name", choices=[naming.value for naming in SidecarNaming]
    )
    group.add_argument(
        "--hours", metavar="22:00-06:00", help="describe by itself only then"
    )
    group.add_argument(
        "--max-load", type=float, metavar="SHARE", help="only below this load, as 0.3"
    )
    for name, text in (
        ("automatic", "describe photos that come in without being asked"),
        ("watch", "look for changes without being asked"),
        ("include-captioned", "suggestions also for photos that have a caption"),
    ):
        group.add_argument(
            f"--{name}", action=argparse.BooleanOptionalAction, help=text
        )


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number
