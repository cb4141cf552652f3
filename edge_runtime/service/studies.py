"""`StudyService`: people compare captions of the same photos without knowing whose."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ..errors import PhotoNotFoundError
from ..schemas import Task
from ..store import (
    ConflictError,
    InvalidValueError,
    Job,
    Json,
    Respondent,
    RespondentNotFoundError,
    Study,
    StudyCaption,
    StudyState,
    Variant,
)
from .parts import Parts
from .thumbnails import Thumbnails

if TYPE_CHECKING:
    from .study_results import StudyResults

STUDY_JOB: Final = "study"
SUGGESTED_PHOTOS: Final = 20
VISUAL: Final[Json] = {"style": "custom", "template": "{caption}", "rewrite": False}
"""Options of a variant that says what the captioner sees, and no fact besides."""
WITH_FACTS: Final[Json] = {"style": "plain", "rewrite": False}
"""Place, date and what else the settings allow, joined by the templates."""
REWRITTEN: Final[Json] = {"style": "plain", "rewrite": True}
"""The same facts, joined by a language model."""


@dataclass(frozen=True, slots=True)
class StudyChoices:
    """What a new study can be made of."""

    photo_ids: tuple[str, ...]
    variants: tuple[Variant, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """One photo as a respondent sees it: texts in their own order, no names."""

    photo_id: str
    texts: tuple[str, ...]
    stars: tuple[int | None, ...]
    """What the respondent gave so far, text by text."""


class StudyService:
    """Makes studies, hands photos to respondents, and sums up what they say."""

    def __init__(self, parts: Parts, thumbnails: Thumbnails) -> None:
        self._parts = parts
        self._store = parts.store
        self._thumbnails = thumbnails

    async def choices(self) -> StudyChoices:
        """Return suggested photos, and every variant that can run here now."""
        photo_ids = await self._store.studies.spread(SUGGESTED_PHOTOS)
        selection = await self._parts.selector.select()
        writer = selection.get(Task.TEXT_GENERATION).running
        variants = await asyncio.to_thread(
            self._variants, None if writer is None else writer.model.title
        )
        return StudyChoices(tuple(photo_ids), tuple(variants))

    async def create(
        self,
        name: str,
        language: str,
        photo_ids: Sequence[str],
        variants: Sequence[Variant],
        started_by: str = "",
    ) -> Study:
        """Create a study and queue the job that makes its captions."""
        if len(set(photo_ids)) != len(photo_ids):
            raise InvalidValueError("a photo can be in a study only once")
        if len({variant.name for variant in variants}) != len(variants):
            raise InvalidValueError("each variant needs a name of its own")
        for variant in variants:
            spec = self._parts.runtime.model(variant.model)
            if spec.task is not Task.IMAGE_TO_TEXT:
                raise InvalidValueError(f"{spec.id} does not describe photos")
            await asyncio.to_thread(self._parts.runtime.store.paths, spec)
        study = await self._store.studies.create(name, language, photo_ids, variants)
        return await self._prepare(study, started_by)

    async def prepare(self, study_id: str, started_by: str = "") -> Study:
        """Queue the captions again that an earlier job could not make."""
        study = await self._store.studies.get(study_id)
        if study.state is not StudyState.PREPARING:
            raise ConflictError("the study's captions are made already")
        return await self._prepare(study, started_by)

    async def set_state(self, study_id: str, state: StudyState) -> Study:
        """Close a study, or open it again."""
        study = await self._store.studies.get(study_id)
        if StudyState.PREPARING in {study.state, state}:
            raise ConflictError("the study's captions are not made yet")
        study = await self._store.studies.set_state(study_id, state)
        await self._parts.events.emit("study.changed", {"id": study_id})
        return study

    async def delete(self, study_id: str) -> None:
        """Remove a study with everything that was said in it."""
        await self._store.studies.delete(study_id)
        await self._parts.events.emit("study.changed", {"id": study_id})

    async def results(self, study_id: str) -> "StudyResults":
        """Return what the ratings say so far."""
        from .study_results import results_of  # noqa: PLC0415 - seldom asked for

        study = await self._store.studies.get(study_id)
        captions = await self._store.studies.captions(study_id)
        ratings = await self._store.respondents.ratings(study_id)
        return await asyncio.to_thread(results_of, study, captions, ratings)

    async def open(self, secret: str) -> tuple[Respondent, Study]:
        """Return who a link belongs to; the same error for all that opens nothing."""
        found = await self._store.respondents.by_secret(secret)
        if found is None:
            raise RespondentNotFoundError("this link has ended, or never was one")
        return found

    async def sheets(self, respondent: Respondent) -> list[Sheet]:
        """Return the study's photos in the respondent's own order."""
        by_photo = await self._captions(respondent.study_id)
        given = {
            (rating.photo_id, rating.variant): rating.stars
            for rating in await self._store.respondents.ratings(
                respondent.study_id, respondent.id
            )
        }
        sheets = []
        for photo_id in _shuffled(respondent.id, by_photo):
            captions = by_photo[photo_id]
            texts = _texts(respondent.id, captions)
            variants = [_variants_of(captions, text)[0] for text in texts]
            stars = tuple(given.get((photo_id, variant)) for variant in variants)
            sheets.append(Sheet(photo_id, texts, stars))
        return sheets

    async def rate(
        self,
        respondent: Respondent,
        study: Study,
        photo_id: str,
        stars: Sequence[int | None],
    ) -> None:
        """Keep stars for a photo's texts, in the order in which they were shown.

        Variants that say the same get the same.
        """
        if study.state is not StudyState.OPEN:
            raise ConflictError("this study takes no answers now")
        captions = (await self._captions(study.id)).get(photo_id)
        if captions is None:
            raise PhotoNotFoundError("this study shows no such photo")
        texts = _texts(respondent.id, captions)
        if len(stars) != len(texts):
            raise InvalidValueError(f"the photo has {len(texts)} captions to rate")
        said = {
            variant: given
            for text, given in zip(texts, stars, strict=True)
            for variant in _variants_of(captions, text)
            if given is not None
        }
        await self._store.respondents.rate(respondent, photo_id, said)
        self._parts.events.tell("study.rated", {"id": study.id})

    async def thumbnail(self, respondent: Respondent, photo_id: str, size: int) -> Path:
        """Return a thumbnail of a photo that the respondent's study shows."""
        if photo_id not in await self._store.studies.photo_ids(respondent.study_id):
            raise PhotoNotFoundError("this study shows no such photo")
        return await self._thumbnails.get(photo_id, size)

    async def _prepare(self, study: Study, started_by: str) -> Study:
        job: Job = await self._parts.jobs.enqueue(
            STUDY_JOB,
            {"study_id": study.id},
            started_by=started_by,
            key=f"{STUDY_JOB} {study.id}",
        )
        study = await self._store.studies.set_job(study.id, job.id)
        await self._parts.events.emit("study.changed", {"id": study.id})
        return study

    async def _captions(self, study_id: str) -> dict[str, list[StudyCaption]]:
        by_photo: dict[str, list[StudyCaption]] = {}
        for caption in await self._store.studies.captions(study_id):
            by_photo.setdefault(caption.photo_id, []).append(caption)
        return by_photo

    def _variants(self, writer: str | None) -> list[Variant]:
        runtime, found = self._parts.runtime, []
        for spec in runtime.manifest.for_task(Task.IMAGE_TO_TEXT):
            if not runtime.store.state(spec).is_usable:
                continue
            title = spec.title or spec.id
            found.append(Variant(title, spec.id, check=False, options=VISUAL))
            if runtime.scorer(spec) is None:
                continue
            title = f"{title}, checked"
            found.append(Variant(title, spec.id, check=True, options=VISUAL))
            if self._parts.settings.facts:
                title = f"{title}, with facts"
                found.append(Variant(title, spec.id, check=True, options=WITH_FACTS))
            if self._parts.settings.facts and writer is not None:
                title = f"{title}, by {writer}"
                found.append(Variant(title, spec.id, check=True, options=REWRITTEN))
        return found


def _shuffled(
    seed: str, items: Sequence[str] | dict[str, list[StudyCaption]]
) -> list[str]:
    """Return items in an order of the seed's own, which stays while items go."""
    return sorted(
        items, key=lambda item: hashlib.sha256(f"{seed} {item}".encode()).digest()
    )


def _texts(seed: str, captions: Sequence[StudyCaption]) -> tuple[str, ...]:
    """Return the distinct texts of a photo in the order that a respondent sees."""
    photo = captions[0].photo_id
    distinct = dict.fromkeys(caption.text for caption in captions)
    return tuple(_shuffled(f"{seed} {photo}", list(distinct)))


def _variants_of(captions: Sequence[StudyCaption], text: str) -> list[int]:
    return [caption.variant for caption in captions if caption.text == text]
