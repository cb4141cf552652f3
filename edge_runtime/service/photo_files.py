"""Where a question's picture lies, and what is known of it before any model runs."""

import asyncio
from dataclasses import dataclass, replace
from pathlib import Path

from ..config import Settings
from ..errors import EdgeRuntimeError, PhotoError
from ..inference.imaging_messages import Inspection
from ..picture_hash import picture_hash
from ..store import FileState, Photo, PhotoDetails, SourceKind, Store
from .errors import PathNotAllowedError, PhotoFileMissingError
from .folders import allowed_photo, checked_file
from .questions import Question

_FALLBACK_SIZE = 1280


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that can be read now."""

    path: Path
    picture_hash: str
    photo: Photo | None = None
    """The photo of the store that it is."""
    notes: tuple[str, ...] = ()
    inspection: Inspection | None = None
    root: str | None = None
    """The folder of the library that the file lies in."""
    is_own_file: bool = True
    """It is the photo itself, under its own name."""

    def inspected(self, inspection: Inspection) -> "Picture":
        """Return the picture with what the imaging worker found."""
        return replace(self, inspection=inspection)


class PhotoFiles:
    """Finds the file of what a client asks about."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self._settings = settings
        self._store = store

    async def open(self, question: Question) -> Picture:
        """Return the picture of a question, or raise why it can't be had."""
        if question.photo_id is not None:
            return await self.of_photo(question.photo_id)
        if question.path is None:
            raise PathNotAllowedError("name a photo: an upload, a photo's id or a path")
        path = question.path
        if not question.is_upload:
            path = await self.allowed(str(path))
        hashed = await asyncio.to_thread(picture_hash, path)
        photo = await self._store.photos.by_picture_hash(hashed)
        if photo is not None and photo.deleted_at is not None:
            photo = None
        return Picture(path, hashed, photo)

    async def allowed(self, text: str) -> Path:
        """Return the real path of a photo that a client may name."""
        folders = self._settings.allowed_folders
        return await asyncio.to_thread(allowed_photo, text, folders)

    async def of_photo(self, photo_id: str) -> Picture:
        """Return the picture of a photo: its file, or the large thumbnail for it."""
        details = await self._store.photos.details(photo_id)
        photo = details.photo
        for path, root in await self._paths(details):
            try:
                await asyncio.to_thread(checked_file, path, "the photo")
            except EdgeRuntimeError:
                continue
            return Picture(path, photo.picture_hash, photo, root=root)
        thumbnail = self._store.thumbnails.path(photo_id, _FALLBACK_SIZE)
        if await asyncio.to_thread(thumbnail.is_file):
            note = "read from its thumbnail: the file is not kept or not there"
            return Picture(
                thumbnail, photo.picture_hash, photo, (note,), is_own_file=False
            )
        raise PhotoFileMissingError(
            "the photo's file is not there: connect its disk or network folder"
        )

    async def _paths(self, details: PhotoDetails) -> list[tuple[Path, str | None]]:
        """Return where a photo lies, each with the library's folder."""
        paths: list[tuple[Path, str | None]] = []
        for file in details.files:
            if file.state is not FileState.PRESENT:
                continue
            source = await self._store.sources.get(file.source_id)
            try:
                if source.kind is SourceKind.LIBRARY and source.path is not None:
                    whole = str(Path(source.path) / file.path)
                    root = (Path(source.path),)
                    path = await asyncio.to_thread(allowed_photo, whole, root)
                    paths.append((path, source.path))
                else:
                    paths.append((await self.allowed(file.path), None))
            except (PhotoError, PathNotAllowedError):
                continue
        return paths
