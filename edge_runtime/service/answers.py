"""Captions as the service hands them out, and the last few hundred of them."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Final, Self

from ..facts import TextPath
from ..schemas import CaptionResult, Style, Verdict
from ..store import Caption, Suggestion

_KEPT: Final = 500


class Origin(StrEnum):
    """Where the text of an answer comes from."""

    MODEL = "model"
    """Made for this request."""
    STORED = "stored"
    """Made before, for the same picture."""
    PERSON = "person"
    """The photo's caption: a person wrote, edited or accepted it."""
    NEAR_DUPLICATE = "near_duplicate"
    """Made before, for an earlier frame that shows the same."""


class Phase(StrEnum):
    """Whether more is to come under the same id."""

    FAST = "fast"
    FINAL = "final"


@dataclass(frozen=True, slots=True)
class Answer:
    """A caption with all that a client may want to know of it."""

    id: str
    """Of the suggestion where the caption is stored; else it lives in memory."""
    picture_hash: str
    caption: str
    raw_caption: str
    language: str
    model: str | None
    verdict: Verdict
    doubted: tuple[str, ...]
    image_text_score: float | None
    scorer: str | None
    seconds: float
    stages: Mapping[str, float]
    notes: tuple[str, ...]
    created_at: int
    style: str = Style.PLAIN.value
    facts: tuple[Mapping[str, Any], ...] = ()
    """What was known beside the picture and is told, each with its source."""
    text_path: str = TextPath.VISUAL.value
    text_reason: str = ""
    title: str = ""
    hashtags: tuple[str, ...] = ()
    looked_for: tuple[Mapping[str, Any], ...] = ()
    """Whether the things that were looked for are there; never stored."""
    origin: Origin = Origin.MODEL
    phase: Phase = Phase.FINAL
    photo_id: str | None = None
    duplicate_of: str | None = None
    """Photo id (or caption id, where nothing is stored) of the earlier frame."""
    job_id: str | None = None
    """The job that makes it better, while it is fast."""

    @classmethod
    def of_result(
        cls, caption_id: str, picture_hash: str, result: CaptionResult, now: int
    ) -> Self:
        """Return the answer that a pipeline's result is."""
        return cls(
            id=caption_id,
            picture_hash=picture_hash,
            caption=result.caption,
            raw_caption=result.raw_caption,
            language=result.language,
            model=result.model,
            verdict=result.verdict,
            doubted=result.doubted,
            image_text_score=result.image_text_score,
            scorer=result.scorer,
            seconds=result.seconds,
            stages=result.stages or {},
            notes=result.notes,
            created_at=now,
            style=result.style.value,
            facts=tuple(fact.to_dict() for fact in result.facts),
            text_path=result.text_path.value,
            text_reason=result.text_reason,
            title=result.title,
            hashtags=result.hashtags,
            looked_for=tuple(map(asdict, result.looked_for)),
        )

    @classmethod
    def of_suggestion(cls, suggestion: Suggestion, picture_hash: str) -> Self:
        """Return the answer that a stored suggestion is."""
        made = suggestion.provenance
        return cls(
            id=suggestion.id,
            picture_hash=picture_hash,
            caption=suggestion.text,
            raw_caption=suggestion.raw_text,
            language=suggestion.language,
            model=made.get("model"),
            verdict=suggestion.verdict,
            doubted=suggestion.doubted,
            image_text_score=suggestion.score,
            scorer=made.get("scorer"),
            seconds=float(made.get("seconds") or 0.0),
            stages=dict(made.get("stages") or {}),
            notes=tuple(made.get("notes") or ()),
            created_at=suggestion.created_at,
            style=str(made.get("style") or Style.PLAIN.value),
            facts=tuple(made.get("facts") or ()),
            text_path=str(made.get("text_path") or TextPath.VISUAL.value),
            text_reason=str(made.get("text_reason") or ""),
            title=str(made.get("title") or ""),
            hashtags=tuple(made.get("hashtags") or ()),
            origin=Origin.STORED,
            photo_id=suggestion.photo_id,
        )

    @classmethod
    def of_caption(cls, caption: Caption, caption_id: str, picture_hash: str) -> Self:
        """Return the answer that a photo's caption is."""
        return cls(
            id=caption_id,
            picture_hash=picture_hash,
            caption=caption.text,
            raw_caption=caption.text,
            language=caption.language,
            model=None,
            verdict=Verdict.UNCHECKED,
            doubted=(),
            image_text_score=None,
            scorer=None,
            seconds=0.0,
            stages={},
            notes=(),
            created_at=caption.created_at,
            origin=Origin.PERSON,
            photo_id=caption.photo_id,
        )

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the answer that `to_dict` wrote."""
        return cls(
            **{
                **data,
                "verdict": Verdict(data["verdict"]),
                "origin": Origin(data["origin"]),
                "phase": Phase(data["phase"]),
                "doubted": tuple(data["doubted"]),
                "notes": tuple(data["notes"]),
                "facts": tuple(data.get("facts") or ()),
                "hashtags": tuple(data.get("hashtags") or ()),
                "looked_for": tuple(data.get("looked_for") or ()),
            }
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {**asdict(self), "stages": dict(self.stages)}


class AnswerCache:
    """The last answers by id, and by what was asked about which picture."""

    def __init__(self, kept: int = _KEPT) -> None:
        self._kept = kept
        self._by_id: OrderedDict[str, tuple[Answer, str | None]] = OrderedDict()
        self._by_question: dict[str, str] = {}

    def get(self, caption_id: str) -> Answer | None:
        """Return an answer by its id."""
        found = self._by_id.get(caption_id)
        return None if found is None else found[0]

    def find(self, question: str) -> Answer | None:
        """Return the answer to a question that was asked before."""
        caption_id = self._by_question.get(question)
        if caption_id is None:
            return None
        self._by_id.move_to_end(caption_id)
        return self._by_id[caption_id][0]

    def put(self, answer: Answer, question: str | None = None) -> None:
        """Keep an answer, or replace the one with its id; the oldest makes room."""
        if question is None and answer.id in self._by_id:
            question = self._by_id[answer.id][1]
        self.drop(answer.id)
        self._by_id[answer.id] = (answer, question)
        if question is not None:
            self._by_question[question] = answer.id
        while len(self._by_id) > self._kept:
            self.drop(next(iter(self._by_id)))

    def drop(self, caption_id: str) -> None:
        """Forget an answer."""
        _, question = self._by_id.pop(caption_id, (None, None))
        if question is not None and self._by_question.get(question) == caption_id:
            del self._by_question[question]

    def drop_questions(self) -> None:
        """Answer no question by what was said before; answers keep their ids."""
        self._by_question.clear()

    def drop_photo(self, photo_id: str) -> None:
        """Forget every answer about a photo."""
        ids = [
            i for i, (answer, _) in self._by_id.items() if answer.photo_id == photo_id
        ]
        for caption_id in ids:
            self.drop(caption_id)

    def drop_picture(self, picture_hash: str) -> None:
        """Forget every answer about a picture, whatever photo it was."""
        entries = self._by_id.items()
        ids = [i for i, (a, _) in entries if a.picture_hash == picture_hash]
        for caption_id in ids:
            self.drop(caption_id)
