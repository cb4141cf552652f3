"""From a photo to a suggestion: caption, check, compose, translate.

A module is imported when the first of its names is used: a service at rest has room to
spare for none of them.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from .caption import CaptionPipeline, Described, VisualCaptioner, untranslated_note
    from .check import Checked, Evidence
    from .composing import TEMPLATE_NAMES, Composer, parse_custom
    from .instructions import question_with
    from .known import FACT_NAMES, FactFinder, given_facts
    from .noun_phrases import NounPhrase, ParsedCaption, parse
    from .sentence import to_sentence
    from .structured import Parts, UnfillableError, as_object, fill
    from .texts import TextStage
    from .verify import CaptionCheck, PhotoScorer
    from .wanted_models import TextModels
    from .wishes import Wishes, is_description_wish, language_of, read_wishes

__all__ = [
    "FACT_NAMES",
    "TEMPLATE_NAMES",
    "CaptionCheck",
    "CaptionPipeline",
    "Checked",
    "Composer",
    "Described",
    "Evidence",
    "FactFinder",
    "NounPhrase",
    "ParsedCaption",
    "Parts",
    "PhotoScorer",
    "TextModels",
    "TextStage",
    "UnfillableError",
    "VisualCaptioner",
    "Wishes",
    "as_object",
    "fill",
    "given_facts",
    "is_description_wish",
    "language_of",
    "parse",
    "parse_custom",
    "question_with",
    "read_wishes",
    "to_sentence",
    "untranslated_note",
]

_HOMES: Final = {
    "CaptionCheck": "verify",
    "CaptionPipeline": "caption",
    "Checked": "check",
    "Composer": "composing",
    "Described": "caption",
    "Evidence": "check",
    "FACT_NAMES": "known",
    "FactFinder": "known",
    "NounPhrase": "noun_phrases",
    "ParsedCaption": "noun_phrases",
    "Parts": "structured",
    "PhotoScorer": "verify",
    "TEMPLATE_NAMES": "composing",
    "TextModels": "wanted_models",
    "TextStage": "texts",
    "UnfillableError": "structured",
    "VisualCaptioner": "caption",
    "Wishes": "wishes",
    "as_object": "structured",
    "fill": "structured",
    "given_facts": "known",
    "is_description_wish": "wishes",
    "language_of": "wishes",
    "parse": "noun_phrases",
    "parse_custom": "composing",
    "question_with": "instructions",
    "read_wishes": "wishes",
    "to_sentence": "sentence",
    "untranslated_note": "caption",
}


def __getattr__(name: str) -> Any:
    """Return a name of the package from the module that it lives in."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)
