"""Let a language model join a caption with its facts; the gate has the last word.

The model is called only where there is something to join, and it is never the reason
that a caption fails: what it can't do, a template does.
"""

from collections.abc import Sequence
from dataclasses import dataclass
import logging
from time import perf_counter
from typing import Any, Final, Protocol

from ..errors import EdgeRuntimeError
from ..facts import Fact, FactKind, of_kind
from ..inference.text_messages import GenerateAnswer, GenerateJob
from .gate import Asked, GateCode, GateReason, gate, named_person
from .noun_phrases import parse
from .prompts import conversation, is_told, looks_like_a_name
from .sentence import to_sentence

_LOGGER = logging.getLogger(__name__)
_ATTEMPTS: Final[tuple[dict[str, Any], ...]] = (
    {"temperature": 0.0},
    {"temperature": 0.6, "seed": 7},
)
"""The likeliest text; if that is no good, one other."""
_MAX_NEW_TOKENS: Final = 80
_MAX_SECONDS: Final = 60.0
_QUOTES: Final = "\"'\N{LEFT DOUBLE QUOTATION MARK}\N{RIGHT DOUBLE QUOTATION MARK}"


class TextGenerator(Protocol):
    """Goes on with a conversation; a ModelRunner is one."""

    async def generate(self, job: GenerateJob) -> GenerateAnswer:
        """Return how a language model goes on with a conversation."""


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A text that passed the gate, or why there is none."""

    text: str | None
    reason: str
    """Why a template has to do; empty if there is a text."""
    attempts: int = 0
    seconds: float = 0.0


def why_not(caption: str, facts: Sequence[Fact]) -> str:
    """Return why a language model is not asked at all; empty if it may be.

    `facts` are those that the template tells. Without any, a model makes captions
    worse; a name can only be put where it means the one person that there is; and what
    doesn't look like a name might be an instruction.
    """
    if not facts:
        return "there is no fact to add"
    untold = next((fact for fact in facts if not is_told(fact)), None)
    if untold is not None:
        return f"a fact of the kind {untold.kind} is told by templates alone"
    odd = next((fact for fact in facts if not looks_like_a_name(fact)), None)
    if odd is not None:
        return f"the {odd.kind} is too long or holds marks that no name has"
    if not parse(caption).phrases:
        return "the caption names nothing that a fact could be told of"
    if of_kind(facts, FactKind.PERSON) and not named_person(caption, facts):
        return "no name can be given to exactly one person in the caption"
    return ""


@dataclass(frozen=True, slots=True)
class Rewriter:
    """Asks one language model."""

    generator: TextGenerator
    model_id: str

    async def rewrite(self, asked: Asked) -> Rewritten:
        """Return a sentence of caption and facts, or why a template has to do."""
        if reason := why_not(asked.caption, asked.facts):
            return Rewritten(None, reason)
        started = perf_counter()
        turns = conversation(asked.caption, asked.facts)
        wrong: GateReason | None = None
        for number, settings in enumerate(_ATTEMPTS, 1):
            limits = {"max_new_tokens": _MAX_NEW_TOKENS, "max_seconds": _MAX_SECONDS}
            job = GenerateJob(turns, {"stop": ["\n"], **limits, **settings})
            try:
                answer = await self.generator.generate(job)
            except EdgeRuntimeError as err:
                _LOGGER.warning("%s: no text: %s", self.model_id, err)
                seconds = perf_counter() - started
                return Rewritten(None, err.message, number, seconds)
            text = tidy(answer)
            wrong = judge(text, answer, asked)
            if wrong is None:
                return Rewritten(text, "", number, perf_counter() - started)
            _LOGGER.debug("%s: %r: %s", self.model_id, text, wrong.sentence)
        reason = f"{self.model_id} was asked twice: {wrong.sentence if wrong else ''}"
        return Rewritten(None, reason, len(_ATTEMPTS), perf_counter() - started)


def judge(text: str, answer: GenerateAnswer, asked: Asked) -> GateReason | None:
    """Return what is wrong with an answer, or None if its text may pass."""
    if answer.finish != "stop":
        return GateReason(GateCode.CUT_OFF, "it did not come to an end")
    return gate(text, asked)


def tidy(answer: GenerateAnswer) -> str:
    """Return an answer without the quotes around it, as a sentence."""
    text = answer.text.strip()
    if len(text) > 1 and text[0] in _QUOTES and text[-1] in _QUOTES:
        text = text[1:-1].strip()
    return to_sentence(text)
