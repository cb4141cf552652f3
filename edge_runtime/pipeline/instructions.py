"""What a vision-language model is told: the style, the language, what is known."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from ..facts import Fact, in_one_line
from ..schemas import CaptionRequest, Style
from .prompts import fact_line, is_told, looks_like_a_name

LANGUAGE_NAMES: Final = {
    "ar": "Arabic", "cs": "Czech", "da": "Danish", "de": "German", "el": "Greek",
    "en": "English", "es": "Spanish", "fi": "Finnish", "fr": "French", "hi": "Hindi",
    "hu": "Hungarian", "it": "Italian", "ja": "Japanese", "ko": "Korean",
    "nl": "Dutch", "no": "Norwegian", "pl": "Polish", "pt": "Portuguese",
    "ro": "Romanian", "ru": "Russian", "sv": "Swedish", "tr": "Turkish",
    "uk": "Ukrainian", "vi": "Vietnamese", "zh": "Chinese",
}  # fmt: skip
_PLAIN: Final = "Describe this photo in one short sentence."
_STYLES: Final = {
    Style.SHORT: "Describe this photo in at most eight words.",
    Style.NOTIFICATION: "Describe this photo in at most ten words.",
    Style.DETAILED: "Describe this photo in two or three sentences.",
    Style.ALT_TEXT: "Describe this photo in one sentence for those who can't see it.",
}
_ROOM: Final = {Style.DETAILED: 120}
_ANSWER_TOKENS: Final = 128
_JSON_TOKENS: Final = 400


def caption_settings(
    request: CaptionRequest, language: str, known: Sequence[Fact]
) -> dict[str, Any]:
    """Return what differs from the model's own prompt; empty: nothing does.

    Facts are told where the request lets a language model use them, and where they
    look like names: a place may not command the model.
    """
    facts = known if request.rewrite else ()
    told = [f for f in facts if is_told(f) and looks_like_a_name(f)]
    style = _STYLES.get(request.style)
    name = language_name(language)
    if style is None and not told and name == "English":
        return {}
    lines = [style or _PLAIN]
    if name != "English":
        lines[0] += f" Answer in {name}."
    if told:
        lines.append("This is known of the photo; write only what you see:")
        lines += [fact_line(fact) for fact in told]
    settings: dict[str, Any] = {"prompt": "\n".join(lines)}
    if request.style in _ROOM:
        settings["max_new_tokens"] = _ROOM[request.style]
    return settings


def answer_settings(request: CaptionRequest) -> dict[str, Any]:
    """Return how a question is put; the answer follows a schema where one is given."""
    usual = _ANSWER_TOKENS if request.schema is None else _JSON_TOKENS
    settings: dict[str, Any] = {
        "prompt": request.question,
        "max_new_tokens": request.max_tokens or usual,
    }
    if request.schema is not None:
        settings["json_schema"] = dict(request.schema)
    return settings


def question_with(
    question: str, language: str | None, schema: Mapping[str, Any] | None
) -> str:
    """Return a question that says in which language to answer, and what is wanted.

    A schema binds the answer's form; its words the model only knows from here.
    """
    parts = [question]
    if fields := _field_lines(schema or {}):
        parts.append("\n".join(["Answer in JSON:", *fields]))
    if language is not None:
        parts.append(f"Answer in {language_name(language)}.")
    return "\n\n".join(parts)


def _field_lines(schema: Mapping[str, Any]) -> list[str]:
    """Return the fields of an object that say what they are."""
    properties = schema.get("properties")
    if not isinstance(properties, Mapping):
        return []
    return [
        f"- {in_one_line(name)}: {in_one_line(meaning)}"
        for name, inner in properties.items()
        if isinstance(inner, Mapping)
        and isinstance(meaning := inner.get("description"), str)
    ]


def language_name(code: str) -> str:
    """Return a language's name in English; of a rare one, its code."""
    return LANGUAGE_NAMES.get(code.lower().partition("-")[0], code)
