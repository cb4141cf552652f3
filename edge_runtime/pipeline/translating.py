"""Say a caption in another language; what must not change is found again or put back.

A translator is never the reason that a caption fails: what it loses or leaves in
English is not used, and the caption stays as it was.
"""

from collections.abc import Sequence
from dataclasses import dataclass
import logging
import re
from typing import Final, Protocol

from ..errors import EdgeRuntimeError
from ..inference.text_messages import (
    ChatTurn,
    GenerateAnswer,
    GenerateJob,
    TranslateAnswer,
    TranslateJob,
)
from .language import detect_language, is_language
from .noun_phrases import parse
from .wordforms import same_word

_LOGGER = logging.getLogger(__name__)
_KEPT: Final = re.compile(
    r"#\w+|\"[^\"]+\"|"
    "\N{LEFT DOUBLE QUOTATION MARK}[^\N{RIGHT DOUBLE QUOTATION MARK}]+"
    "\N{RIGHT DOUBLE QUOTATION MARK}"
)
"""Hashtags and quoted text stay as they are, whoever wrote them."""
_NUMBER: Final = re.compile(r"\d+")
_MARKS: Final = ("Zork", "Xavi", "Zarn", "Zelb", "Zurm", "Brom", "Zivo", "Zokra")
"""Words of no language: a translator takes them for names, and bends none of them."""
_QUOTE_MARK: Final = "X{}"
_SHORTEST: Final = 0.4
_LONGEST: Final = 2.5
_MORE_CHARS: Final = 20
_NAMES: Final = {
    "en": "English", "de": "German", "fr": "French", "es": "Spanish",
    "it": "Italian", "nl": "Dutch", "pt": "Portuguese",
    "pl": "Polish", "sv": "Swedish", "da": "Danish",
}  # fmt: skip


class Translator(Protocol):
    """Says texts in another language; a ModelRunner is one."""

    async def translate(self, job: TranslateJob) -> TranslateAnswer:
        """Return texts in another language."""


class _Generator(Protocol):
    async def generate(self, job: GenerateJob) -> GenerateAnswer: ...


@dataclass(frozen=True, slots=True)
class Translation:
    """A text in the language that was asked for, or why there is none."""

    text: str | None
    reason: str
    """Empty if there is a text."""


@dataclass(frozen=True, slots=True)
class ChatTranslator:
    """A language model in a translator's place."""

    generator: _Generator
    language: str

    async def translate(self, job: TranslateJob) -> TranslateAnswer:
        """Return texts in the language, one question for each."""
        texts = [await self._one(text) for text in job.texts]
        return TranslateAnswer(tuple(texts), {})

    async def _one(self, text: str) -> str:
        name = _NAMES.get(self.language, self.language)
        request = f"Translate into {name}, one sentence, nothing else:\n{text}"
        limits = {"stop": ["\n"], "max_new_tokens": 96, "max_seconds": 60.0}
        job = GenerateJob((ChatTurn("user", request),), {"temperature": 0.0, **limits})
        answer = await self.generator.generate(job)
        return answer.text.strip() if answer.finish == "stop" else ""


@dataclass(frozen=True, slots=True)
class CaptionTranslator:
    """Says captions in one language by one model."""

    translator: Translator
    model_id: str
    language: str
    back: Translator | None = None
    """Says a translation in English again, where the translator drifts."""

    async def translate(self, text: str, names: Sequence[str] = ()) -> Translation:
        """Return a text in the language; `names` stay as they are."""
        kept = _kept(text, names)
        try:
            said = await self._ask(text)
            if wrong := self._wrong(text, said, kept):
                masked, marks = _mask(text, kept)
                if not marks:
                    return Translation(None, f"{self.model_id}: {wrong}")
                said = _unmask(await self._ask(masked), marks)
                wrong = self._wrong(text, said, kept)
            wrong = wrong or await self._drifted(text, said)
        except EdgeRuntimeError as err:
            _LOGGER.warning("%s: no translation: %s", self.model_id, err)
            return Translation(None, err.message)
        if wrong:
            return Translation(None, f"{self.model_id}: {wrong}")
        return Translation(said, "")

    async def _ask(self, text: str) -> str:
        answer = await self.translator.translate(TranslateJob((text,)))
        return answer.texts[0].strip()

    async def _drifted(self, text: str, said: str) -> str:
        """Return what is lost on the way there and back; empty if nothing is."""
        if self.back is None:
            return ""
        answer = await self.back.translate(TranslateJob((said,)))
        words = [word.lower() for word in parse(answer.texts[0]).words]
        for phrase in parse(text).phrases:
            for noun in phrase.lemma.split():
                if not any(same_word(noun, word) for word in words):
                    return f"said in English again, the translation has no {noun}"
        return ""

    def _wrong(self, text: str, said: str, kept: Sequence[str]) -> str:
        """Return what is wrong with a translation; empty if nothing is."""
        lost = next((p for p in kept if _count(p, said) < _count(p, text)), "")
        if lost:
            return f"the translation lost {lost}"
        if sorted(_NUMBER.findall(text)) != sorted(_NUMBER.findall(said)):
            return "the translation changed a number"
        longest = len(text) * _LONGEST + _MORE_CHARS
        if not len(text) * _SHORTEST <= len(said) <= longest or "\n" in said:
            return "the translation is no sentence of about the same length"
        other = detect_language(text) == detect_language(said) is not None
        if other or not is_language(said, self.language):
            return f"the translation is not in '{self.language}'"
        return ""


def _kept(text: str, names: Sequence[str]) -> tuple[str, ...]:
    """Return the parts of a text that must not change, the longest first."""
    parts = [*_KEPT.findall(text), *(name for name in names if name in text)]
    return tuple(sorted(dict.fromkeys(parts), key=len, reverse=True))


def _count(part: str, text: str) -> int:
    """Return how often a part stands in a text as a word of its own."""
    return len(re.findall(_whole(part), text))


def _whole(part: str) -> str:
    return rf"(?<!\w){re.escape(part)}(?!\w)"


def _mask(text: str, kept: Sequence[str]) -> tuple[str, dict[str, str]]:
    """Return a text with marks that no translator touches, and what they stand for."""
    marks: dict[str, str] = {}
    for part in kept:
        number = len(marks)
        mark = _QUOTE_MARK.format(number + 1)
        if part[0].isalpha() and number < len(_MARKS):
            mark = _MARKS[number]
        if part in text and mark not in text:
            text = re.sub(_whole(part), mark, text)
            marks[mark] = part
    return text, marks


def _unmask(text: str, marks: dict[str, str]) -> str:
    for mark, part in marks.items():
        text = re.sub(_whole(mark), lambda _: part, text)  # noqa: B023 - used at once
    return text
