"""Which names in a folder are photos, and which belong to programs that copy. Pure.

Names are matched as bytes: a file name need not be text.
"""

import os
import re
from typing import Final

from ..metadata.sidecar import RAW_SUFFIXES

PHOTO_SUFFIXES: Final = RAW_SUFFIXES | {
    ".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".heic", ".heif", ".hif",
    ".avif", ".tif", ".tiff", ".gif", ".bmp",
}  # fmt: skip
_PHOTOS: Final = frozenset(os.fsencode(suffix) for suffix in PHOTO_SUFFIXES)
_SIDECAR: Final = b".xmp"

# Lower case. Everything below such a folder is left alone.
_FOLDERS: Final = frozenset({
    b"@eadir", b"#recycle", b"#snapshot", b"@recycle", b"@recently-snapshot",
    b".@__thumb", b"@tmp", b"@sharebin",  # Synology, QNAP
    b"$recycle.bin", b"system volume information", b"recycler", b"found.000",
    b"lost+found", b"network trash folder", b"temporary items",
    b"__macosx", b"_gsdata_", b"edge captions work",
})  # fmt: skip
_IGNORED: Final = re.compile(
    rb"""
      ^\.                              # hidden: .stversions .trashed-* .pending-* ._*
    | ^~syncthing~ | ^~\$ | ~$
    | \.sync-conflict-\d{8}-\d{6}      # Syncthing: the copy that lost
    | \(conflicted[ ]copy[ ]\d{4}-     # Nextcloud, ownCloud
    | \([^()]*conflicted[ ]copy[^()]*\) | \([^()]*'s[ ]conflicted   # Dropbox
    | _conflict-\d{8}-\d{6}            # ownCloud before 2.6
    | \.octransferid\d+
    | ^thumbs\.db$ | ^ehthumbs | ^desktop\.ini$ | ^synofile_thumb
    | \.(part|partial|filepart|crdownload|download|tmp|temp|opdownload|!ut|!qb|bak
        |unison\.tmp|gstmp|kei-tmp|icloud|lock|swp|swx|aria2|xltd|dwnl)$
    | \.jpg_original$ | _original$     # exiftool's copy of what it changed
    """,
    re.IGNORECASE | re.VERBOSE,
)
_UNISON: Final = re.compile(rb"^\.?unison\.|\.unison\.", re.IGNORECASE)


def is_ignored_folder(name: bytes) -> bool:
    """Return whether a folder holds what no person put there: trash, thumbnails."""
    return name.startswith(b".") or name.lower() in _FOLDERS


def is_ignored_file(name: bytes) -> bool:
    """Return whether a file is temporary, a conflict's loser, a version or trash."""
    return bool(_IGNORED.search(name) or _UNISON.search(name))


def is_photo(name: bytes) -> bool:
    """Return whether a name is one of a photo, by its suffix."""
    return suffix_of(name) in _PHOTOS and not is_ignored_file(name)


def is_sidecar(name: bytes) -> bool:
    """Return whether a name is one of an XMP file beside a photo."""
    return suffix_of(name) == _SIDECAR and not is_ignored_file(name)


def suffix_of(name: bytes) -> bytes:
    """Return the lower-case suffix of a name, with its point."""
    at = name.rfind(b".")
    return name[at:].lower() if at > 0 else b""
