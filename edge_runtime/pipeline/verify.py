"""Hold a captioner's captions against the photo: ask the scorer, then decide."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
import logging
from typing import Protocol

from ..errors import EdgeRuntimeError, ProtocolError
from ..inference.messages import CaptionAnswer, ScoreAnswer, ScoreJob
from ..manifest.model import Thresholds
from ..schemas import LookedFor
from .check import Checked, Evidence, check
from .looking import Sought, look, seek
from .noun_phrases import ParsedCaption, parse

_LOGGER = logging.getLogger(__name__)


class PhotoScorer(Protocol):
    """Tells how far a photo supports texts; a ModelRunner is one."""

    async def score(self, job: ScoreJob, payload: bytes = b"") -> ScoreAnswer:
        """Return how far one photo supports texts."""


@dataclass(frozen=True, slots=True)
class Verified:
    """What may be said about a photo, and how well the photo supports it."""

    checked: Checked
    score: float
    """On the scorer's own scale."""
    looked_for: tuple[LookedFor, ...] = ()


@dataclass(frozen=True, slots=True)
class CaptionCheck:
    """Checks captions with one scorer."""

    scorer: PhotoScorer
    model_id: str
    thresholds: Thresholds

    async def verify(
        self, answer: CaptionAnswer, photo: ScoreJob, things: Sequence[str] = ()
    ) -> Verified | EdgeRuntimeError:
        """Return what may be said, or the error that left the captions unchecked.

        Of `things` it says whether they are there.

        `photo` names the photo and asks nothing. A scorer that fails costs no caption.
        """
        try:
            photo = replace(photo, photo=answer.photo)
            return await self._verify(answer, photo, seek(things))
        except EdgeRuntimeError as err:
            _LOGGER.warning("%s: a caption stays unchecked: %s", self.model_id, err)
            return err

    async def _verify(
        self, answer: CaptionAnswer, photo: ScoreJob, sought: Sequence[Sought]
    ) -> Verified:
        texts = dict.fromkeys(c.text for c in answer.captions if c.text)
        captions = [parse(text) for text in texts]
        job = questions(captions, photo, sought)
        found = await self.scorer.score(job)
        evidence = gathered(job, found)
        checked = check(captions or [parse("")], evidence, self.thresholds)
        score = evidence.captions.get(checked.text)
        if score is None:
            again = replace(photo, captions=(checked.text,), photo=found.photo)
            second = gathered(again, await self.scorer.score(again))
            score = second.captions[checked.text]
        looked_for = (look(s, evidence, checked, self.thresholds) for s in sought)
        return Verified(checked, score, tuple(looked_for))


def questions(
    captions: Sequence[ParsedCaption], photo: ScoreJob, sought: Sequence[Sought] = ()
) -> ScoreJob:
    """Return everything that a check has to know, asked in one go."""
    phrases = [phrase for parsed in captions for phrase in parsed.phrases]
    heads = [phrase.noun for phrase in phrases]
    whole = [phrase.text for phrase in phrases]
    lemmas = [phrase.lemma for phrase in phrases]
    asked = [question for one in sought for question in one.questions]
    names = [name for one in sought for name in one.names]
    return replace(
        photo,
        captions=tuple(parsed.text for parsed in captions),
        phrases=tuple(dict.fromkeys((*heads, *whole, *asked))),
        nouns=tuple(dict.fromkeys((*lemmas, *heads, *names))),
    )


def gathered(job: ScoreJob, answer: ScoreAnswer) -> Evidence:
    """Return the answers by what was asked."""
    given = (len(answer.captions), len(answer.phrases))
    if given != (len(job.captions), len(job.phrases)):
        raise ProtocolError("the worker scored other texts than it was given")
    return Evidence(
        captions=dict(zip(job.captions, answer.captions, strict=True)),
        phrases=dict(zip(job.phrases, answer.phrases, strict=True)),
        unknown=frozenset(answer.unknown),
        labels=answer.labels,
        nouns=answer.nouns,
    )
