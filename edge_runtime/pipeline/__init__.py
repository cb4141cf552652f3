"""From a photo to a suggestion: caption, check, compose, translate."""

from .caption import CaptionPipeline, Described, VisualCaptioner, untranslated_note
from .check import Checked, Evidence, check
from .composing import MAX_PATTERN, TEMPLATE_NAMES, Composer, parse_custom
from .known import FACT_NAMES, FactFinder, given_facts
from .noun_phrases import NounPhrase, ParsedCaption, parse
from .sentence import to_sentence
from .structured import Parts, UnfillableError, as_object, fill
from .texts import TextModels, TextStage
from .verify import CaptionCheck, PhotoScorer
from .wishes import Wishes, is_description_wish, language_of, read_wishes

__all__ = [
    "FACT_NAMES",
    "MAX_PATTERN",
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
    "check",
    "fill",
    "given_facts",
    "is_description_wish",
    "language_of",
    "parse",
    "parse_custom",
    "read_wishes",
    "to_sentence",
    "untranslated_note",
]
