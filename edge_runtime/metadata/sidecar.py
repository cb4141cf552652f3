"""Where a photo's sidecar is, and which name a new one gets."""

from collections.abc import Iterator
from contextlib import suppress
from enum import StrEnum
import os
from pathlib import Path
from typing import Final

RAW_SUFFIXES: Final = frozenset({
    ".3fr", ".arw", ".cr2", ".cr3", ".crw", ".dcr", ".dng", ".erf", ".iiq", ".kdc",
    ".mef", ".mos", ".mrw", ".nef", ".nrw", ".orf", ".pef", ".raf", ".raw", ".rw2",
    ".rwl", ".sr2", ".srf", ".srw", ".x3f",
})  # fmt: skip
_MAX_NAME_BYTES: Final = 255


class SidecarName(StrEnum):
    """How a new sidecar is called."""

    FULL = "photo.jpg.xmp"
    """The photo's whole name first: digiKam, darktable, Immich."""
    STEM = "photo.xmp"
    """Without the photo's suffix: Lightroom, Capture One."""


def existing_sidecars(photo: Path) -> list[Path]:
    """Return the sidecars that are there, the most trusted first.

    A name that holds the photo's whole name can mean no other photo, so it goes first.
    """
    found = []
    for path in dict.fromkeys(_candidates(photo)):
        with suppress(OSError):  # a name that is too long for a file
            if path.is_file():
                found.append(path)
    return found


def sidecar_to_write(photo: Path, naming: SidecarName) -> Path:
    """Return the sidecar that is there, else the name for a new one.

    `photo.xmp` beside a RAW photo of the same name belongs to that one.
    """
    existing = existing_sidecars(photo)
    for path in existing:
        if _is_full(path, photo):
            return path
    full = photo.with_name(f"{photo.name}.xmp")
    is_too_long = len(os.fsencode(full.name)) > _MAX_NAME_BYTES
    if not existing and naming is SidecarName.FULL and not is_too_long:
        return full
    if _has_raw_sibling(photo):
        return full
    return existing[0] if existing else photo.with_suffix(".xmp")


def _candidates(photo: Path) -> Iterator[Path]:
    for suffix in (".xmp", ".XMP"):
        yield photo.with_name(f"{photo.name}{suffix}")
    if photo.suffix.lower() == ".xmp":
        return
    for suffix in (".xmp", ".XMP"):
        yield photo.with_suffix(suffix)


def _is_full(sidecar: Path, photo: Path) -> bool:
    return sidecar.name.startswith(f"{photo.name}.")


def _has_raw_sibling(photo: Path) -> bool:
    if photo.suffix.lower() in RAW_SUFFIXES:
        return False
    return any(
        photo.with_suffix(suffix).is_file()
        or photo.with_suffix(suffix.upper()).is_file()
        for suffix in RAW_SUFFIXES
    )
