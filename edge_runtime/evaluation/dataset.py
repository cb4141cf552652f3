"""A data set: photos, and what people say about each of them."""

from collections.abc import Mapping
from dataclasses import dataclass
import hashlib
import json
from pathlib import Path

from .annotations import Annotations, DatasetError


@dataclass(frozen=True, slots=True)
class ReferencePhoto:
    """One photo with the captions that people wrote."""

    name: str
    """As the data set names it; no two photos share a name."""
    path: Path
    references: tuple[str, ...]
    size: int
    mtime_ns: int
    """With the size: tells a photo that was replaced from the one captioned before."""


@dataclass(frozen=True, slots=True)
class Dataset:
    """The photos of one evaluation, in the order of their annotations."""

    title: str
    source: Path
    """The annotation file."""
    images: Path
    photos: tuple[ReferencePhoto, ...]
    fingerprint: str
    """A hash of all names and references, those beyond a limit included."""
    skipped: tuple[str, ...] = ()
    """Names that have captions and no file."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which part of a data set is wanted."""

    images: Path | None = None
    """The folder of the photos; None: the usual places beside the annotations."""
    split: str | None = None
    limit: int | None = None
    skip_missing: bool = False


def choose_photos(annotations: Annotations, images: Path, wanted: Wanted) -> Dataset:
    """Return the wanted photos; raise DatasetError if some are not there."""
    names = list(annotations.captions)
    limit = len(names) if wanted.limit is None else wanted.limit
    # with missing ones left out, the first N are the first N that are there
    looked_at = names if wanted.skip_missing else names[:limit]
    found: list[ReferencePhoto] = []
    missing: list[str] = []
    for name in looked_at:
        if len(found) == limit:
            break
        photo = _look(images, name, annotations.captions[name])
        if photo is None:
            missing.append(name)
        else:
            found.append(photo)
    if missing and not wanted.skip_missing:
        raise DatasetError(_absent(missing, len(looked_at), images, annotations.source))
    if not found:
        raise DatasetError(
            f"{annotations.source}: none of its {len(names)} photos is in {images}"
        )
    return Dataset(
        title=annotations.title,
        source=annotations.source,
        images=images,
        photos=tuple(found),
        fingerprint=fingerprint_of(annotations.captions),
        skipped=tuple(missing),
    )


def fingerprint_of(captions: Mapping[str, tuple[str, ...]]) -> str:
    """Return a hash of names and references in their order."""
    text = json.dumps([[name, list(texts)] for name, texts in captions.items()])
    return hashlib.sha256(text.encode()).hexdigest()


def _look(
    folder: Path, name: str, references: tuple[str, ...]
) -> ReferencePhoto | None:
    path = folder / name
    try:
        stat = path.stat()
    except OSError:
        return None
    return ReferencePhoto(name, path, references, stat.st_size, stat.st_mtime_ns)


def _absent(missing: list[str], count: int, images: Path, source: Path) -> str:
    return (
        f"{source}: {len(missing)} of {count} photos are not in {images}, the first is "
        f"'{missing[0]}'; name the right folder with --images, or leave them out with "
        "--skip-missing"
    )
