"""Folders of photos: watched, scanned, described, written to."""

from .browsing import MAX_FOLDERS, FolderListing, list_folder
from .captioning import CAPTION_JOB
from .deciding import ACCEPT_JOB, RESTORE_JOB, WRITE_JOB
from .errors import (
    FolderInConfigError,
    FolderNotFoundError,
    FolderOfflineError,
    FolderWatchedError,
    NoFolderError,
    SourceHasCaptionsError,
)
from .facts import FolderFacts
from .library import LibraryService
from .scanning import SCAN_JOB
from .watching import FolderStatus

__all__ = [
    "ACCEPT_JOB",
    "CAPTION_JOB",
    "MAX_FOLDERS",
    "RESTORE_JOB",
    "SCAN_JOB",
    "WRITE_JOB",
    "FolderFacts",
    "FolderInConfigError",
    "FolderListing",
    "FolderNotFoundError",
    "FolderOfflineError",
    "FolderStatus",
    "FolderWatchedError",
    "LibraryService",
    "NoFolderError",
    "SourceHasCaptionsError",
    "list_folder",
]
