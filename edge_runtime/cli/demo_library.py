"""What the demo shows: sample photos with places and dates, some of them described."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
import shutil
from typing import Final

from ..selftest import SAMPLES
from ..service import CAPTION_JOB, SCAN_JOB, CaptionOptions, Question, Service

FOLDER: Final = "Demo photos"
_CAMERA: Final = ("Porch", "photographer.jpg")
_ROUNDS: Final = 2000
"""How often the camera's frame is described anew: some minutes of work to look at."""


@dataclass(frozen=True, slots=True)
class _Shown:
    """One photo of the demo."""

    taken: str
    place: Mapping[str, str]
    tags: tuple[str, ...] = ()
    caption: str = ""
    """A person's own words."""
    is_accepted: bool = False
    """Its suggestion was taken as it is."""


_PHOTOS: Final[Mapping[str, _Shown]] = {
    "dogs-on-grass.jpg": _Shown(
        "2026-06-14T09:30", {"city": "Curitiba", "country": "Brazil"}, ("dogs",)
    ),
    "dogs-on-roots.jpg": _Shown(
        "2026-06-14T09:52",
        {"city": "Curitiba", "country": "Brazil"},
        caption="Nina and Bento under the old fig tree, just after the rain #dogs",
    ),
    "dogs-at-window.jpg": _Shown(
        "2025-08-03T17:10", {"city": "Bilbao", "country": "Spain"}, ("dogs",)
    ),
    "mountain-path.jpg": _Shown(
        "2025-08-05T11:20",
        {"region": "Asturias", "country": "Spain"},
        ("hiking",),
        is_accepted=True,
    ),
    "astronaut.jpg": _Shown(
        "2024-03-01T10:00", {"city": "Houston", "country": "United States"}
    ),
    "cat.jpg": _Shown(
        "2026-10-25T20:05",
        {"city": "Lisbon", "country": "Portugal"},
        caption="The cat next door, who thinks this is his sofa #neighbours",
    ),
    "coffee.jpg": _Shown("2026-10-26T08:15", {"city": "Lisbon", "country": "Portugal"}),
}


async def fill(service: Service, folder: Path) -> None:
    """Put the photos into a watched folder and let the service work on them."""
    photos = folder / FOLDER
    await asyncio.to_thread(_copy, photos)
    settings = {"automatic": False}
    source = await service.library.add(str(photos), settings, name=FOLDER)
    await _done(service, SCAN_JOB, source.id)
    ids = await _arrange(service)
    await _done(service, CAPTION_JOB, source.id)
    await _decide(service, ids)
    await _work(service)


async def _arrange(service: Service) -> dict[str, str]:
    """Give the photos dates, places, tags and words; return their ids by name."""
    store, ids = service.store, {}
    for photo in (await store.photos.page(limit=100)).items:
        details = await store.photos.details(photo.id)
        name = Path(details.files[0].path).name
        shown = _PHOTOS[name]
        ids[name] = photo.id
        taken = datetime.fromisoformat(shown.taken).replace(tzinfo=UTC)
        await store.photos.update(
            photo.id, taken_at=int(taken.timestamp() * 1000), place=shown.place
        )
        for tag in shown.tags:
            await service.review.add_tag(photo.id, tag)
        if shown.caption:
            await service.review.write_caption(photo.id, "en", shown.caption)
    await service.events.emit("source.changed", {"id": photo.source_id})
    return ids


async def _decide(service: Service, ids: Mapping[str, str]) -> None:
    """Accept what a person would have accepted; the rest waits."""
    for name, shown in _PHOTOS.items():
        if shown.is_accepted:
            details = await service.store.photos.details(ids[name])
            await service.review.accept(details.suggestions[0].id)


async def _work(service: Service) -> None:
    """Describe a camera's frame, and go on with it: no review waits for a camera."""
    camera, file = _CAMERA
    question = Question(
        CaptionOptions(), path=SAMPLES / file, name=file, is_upload=True, source=camera
    )
    answer = await service.captions.ask(question)
    frames: Sequence[str] = [answer.photo_id or ""] * _ROUNDS
    await service.caption_jobs.enqueue_photos(
        frames, CaptionOptions(refresh=True), "the demo"
    )


async def _done(service: Service, kind: str, source_id: str) -> None:
    job = await service.library.enqueue(kind, source_id, {}, "the demo")
    await service.jobs.wait(job.id)


def _copy(target: Path) -> None:
    target.mkdir()
    for name in _PHOTOS:
        shutil.copyfile(SAMPLES / name, target / name)
