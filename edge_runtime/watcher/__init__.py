"""Folders that are watched: what lies there, what changed, and when it is whole."""

from .diff import Difference, compare
from .file_systems import Mount, mount_of, parse_mounts, tells_of_changes
from .inotify import Inotify, InotifyUnavailableError
from .look import Look, look
from .names import PHOTO_SUFFIXES, is_ignored_file, is_ignored_folder, is_photo
from .settling import SETTLE_S, Now, Settling
from .walk import LookStoppedError, Seen, Walk, WalkReport

__all__ = [
    "PHOTO_SUFFIXES",
    "SETTLE_S",
    "Difference",
    "Inotify",
    "InotifyUnavailableError",
    "Look",
    "LookStoppedError",
    "Mount",
    "Now",
    "Seen",
    "Settling",
    "Walk",
    "WalkReport",
    "compare",
    "is_ignored_file",
    "is_ignored_folder",
    "is_photo",
    "look",
    "mount_of",
    "parse_mounts",
    "tells_of_changes",
]
