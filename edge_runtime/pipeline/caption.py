"""The caption pipeline: visual caption now; check and text stages join it here."""

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import Protocol

from ..inference.messages import CaptionAnswer, CaptionJob
from ..schemas import CaptionRequest, CaptionResult, Verdict
from .sentence import to_sentence

_CAPTIONER_LANGUAGE = "en"


class VisualCaptioner(Protocol):
    """Describes one picture; a ModelRunner is one."""

    async def caption(self, job: CaptionJob, payload: bytes = b"") -> CaptionAnswer:
        """Return the captions of one photo."""


@dataclass(frozen=True, slots=True)
class CaptionPipeline:
    """Describes photos with one captioner."""

    captioner: VisualCaptioner
    model_id: str
    memory_budget: Callable[[], int | None]
    """Returns the bytes that decoding a photo may take now."""

    async def caption(self, request: CaptionRequest) -> CaptionResult:
        """Return the caption of one photo; raise the error that prevents it."""
        started = perf_counter()
        job = CaptionJob(path=request.path, memory_budget=self.memory_budget())
        answer = await self.captioner.caption(job)
        best = answer.captions[0]
        notes = list(answer.notes)
        if request.language != _CAPTIONER_LANGUAGE:
            notes.append(
                f"no translator for '{request.language}' is installed: "
                "the caption is in English"
            )
        return CaptionResult(
            path=request.path,
            caption=to_sentence(best.text),
            raw_caption=best.text,
            language=_CAPTIONER_LANGUAGE,
            model=self.model_id,
            verdict=Verdict.UNCHECKED,
            doubted=(),
            seconds=perf_counter() - started,
            log_probability=sum(best.token_logprobs) / max(len(best.token_logprobs), 1),
            stages=answer.seconds,
            notes=tuple(notes),
        )
