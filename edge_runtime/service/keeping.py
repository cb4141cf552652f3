"""What is kept of a described photo: the photo, its thumbnails and the suggestion."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from ..const import MIB
from ..inference.imaging_messages import Inspection
from ..inference.imaging_runner import ImagingRunner
from ..schemas import CaptionResult
from ..store import (
    SIZES,
    NewFile,
    NewPhoto,
    NewSuggestion,
    Photo,
    Retention,
    Source,
    SourceKind,
    Store,
    Suggestion,
)
from .events import EventHub
from .naming import PlaceNames
from .photo_files import Picture
from .questions import Question
from .work_folder import WorkFolder

REQUESTS: Final = "requests"
_RING: Final[Mapping[str, float]] = {"days": 7, "count": 1000, "mib": 200}
"""How much of a camera is kept where its settings don't say."""
_RETAIN_EVERY: Final = 10
"""A ring may hold a few frames too many: to prune it costs a write each time."""


class Keeper:
    """Puts photos, thumbnails and suggestions into the store."""

    def __init__(
        self,
        store: Store,
        imaging: ImagingRunner,
        work: WorkFolder,
        events: EventHub,
        memory_budget: Callable[[], int | None],
        places: PlaceNames,
    ) -> None:
        self._store = store
        self._imaging = imaging
        self._work = work
        self._events = events
        self._memory_budget = memory_budget
        self._places = places
        self._added: dict[str, int] = {}

    async def inspect(self, path: Path) -> Inspection:
        """Return how a picture looks; nothing is kept."""
        return await self._imaging.inspect(path, memory_budget=self._memory_budget())

    async def photo_of(self, question: Question, picture: Picture) -> str | None:
        """Return the id of the photo that a caption belongs to; None: it isn't kept."""
        if question.photo_id is not None:
            return question.photo_id
        if question.source is None and not question.store:
            return None
        if question.source is None and picture.photo is not None:
            return picture.photo.id
        kind = SourceKind.REQUEST if question.source is None else SourceKind.CAMERA
        source = await self._store.sources.ensure(kind, question.source or REQUESTS)
        photo = await self._add(source, question, picture)
        if kind is SourceKind.CAMERA:
            await self._retain(source)
        return photo.id

    async def suggest(
        self, photo_id: str, result: CaptionResult, question: Question
    ) -> Suggestion:
        """Store a generated text beside its photo."""
        return await self.share(new_suggestion(photo_id, result, question))

    async def share(self, new: NewSuggestion) -> Suggestion:
        """Store a text beside a photo, whichever photo it was made for."""
        suggestion = await self._store.suggestions.add(new)
        await self._events.emit(
            "suggestion.added", {"id": suggestion.id, "photo_id": new.photo_id}
        )
        return suggestion

    async def make_thumbnails(self, photo_id: str, path: Path) -> Inspection:
        """Make the thumbnails of a photo that has none yet."""
        made = {size: self._work.new(".webp") for size in SIZES}
        try:
            found = await self._imaging.inspect(path, made, self._memory_budget())
            await asyncio.to_thread(self._put_thumbnails, photo_id, made)
        finally:
            self._drop(made.values())
        return found

    async def forget_files(self, files: Iterable[Path]) -> None:
        """Remove the thumbnails of photos that left the store."""
        await asyncio.to_thread(_remove, tuple(files))

    async def _add(self, source: Source, question: Question, picture: Picture) -> Photo:
        made = {size: self._work.new(".webp") for size in SIZES}
        try:
            found = await self._imaging.inspect(
                picture.path, made, self._memory_budget()
            )
            (place,) = await self._places.of([(found.latitude, found.longitude)])
            file = None
            if not question.is_upload:
                file = await asyncio.to_thread(_file_of, picture.path)
            photo, is_new = await self._store.photos.add(
                NewPhoto(
                    source_id=source.id,
                    picture_hash=picture.picture_hash,
                    width=found.width,
                    height=found.height,
                    perceptual_hash=found.perceptual_hash,
                    taken_at=found.taken_at,
                    camera=found.camera,
                    latitude=found.latitude,
                    longitude=found.longitude,
                    place=place,
                    stored_bytes=found.thumbnail_bytes,
                    file=file,
                )
            )
            await asyncio.to_thread(self._put_thumbnails, photo.id, made)
        finally:
            self._drop(made.values())
        if is_new:
            await self._events.emit("photo.added", {"id": photo.id})
        return photo

    def _put_thumbnails(self, photo_id: str, made: Mapping[int, Path]) -> None:
        for size, path in made.items():
            final = self._store.thumbnails.path(photo_id, size)
            final.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.replace(final)

    def _drop(self, paths: Iterable[Path]) -> None:
        for path in paths:
            self._work.drop(path)

    async def _retain(self, source: Source) -> None:
        count = self._added.get(source.id, 0)
        self._added[source.id] = (count + 1) % _RETAIN_EVERY
        if count:
            return
        gone = await self._store.photos.retain(source.id, retention(source.settings))
        await self.forget_files(gone.files)
        for photo_id in gone.photo_ids:
            self._events.tell("photo.forgotten", {"id": photo_id})


def retention(settings: Mapping[str, Any]) -> Retention:
    """Return how much of a camera's frames its settings keep; 0 means no bound."""
    wanted = {
        key: value if isinstance(value := settings.get(key), int | float) else default
        for key, default in _RING.items()
    }
    return Retention(
        days=wanted["days"] or None,
        count=int(wanted["count"]) or None,
        stored_bytes=int(wanted["mib"] * MIB) or None,
    )


def new_suggestion(
    photo_id: str, result: CaptionResult, question: Question
) -> NewSuggestion:
    """Return what the store keeps of a pipeline's result."""
    return NewSuggestion(
        photo_id=photo_id,
        language=result.language,
        text=result.caption,
        raw_text=result.raw_caption,
        verdict=result.verdict,
        doubted=result.doubted,
        score=result.image_text_score,
        provenance={
            "model": result.model,
            "scorer": result.scorer,
            "seconds": round(result.seconds, 3),
            "stages": dict(result.stages or {}),
            "notes": list(result.notes),
            "asked": question.options.language,
            "plain": question.options.is_plain,
            **told_of(result),
        },
    )


def told_of(result: CaptionResult) -> dict[str, Any]:
    """Return how a text came about, as suggestions and answers keep it."""
    return {
        "style": result.style.value,
        "facts": [fact.to_dict() for fact in result.facts],
        "text_path": result.text_path.value,
        "text_reason": result.text_reason,
        "title": result.title,
        "hashtags": list(result.hashtags),
    }


def _file_of(path: Path) -> NewFile:
    found = path.stat()
    return NewFile(str(path), found.st_size, found.st_mtime_ns)


def _remove(paths: tuple[Path, ...]) -> None:
    for path in paths:
        with suppress(OSError):
            path.unlink()
