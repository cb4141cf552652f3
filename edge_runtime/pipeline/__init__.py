"""From a photo to a suggestion: caption, check, compose, translate."""

from .caption import CaptionPipeline, VisualCaptioner, untranslated_note
from .check import Checked, Evidence, check
from .noun_phrases import NounPhrase, ParsedCaption, parse
from .sentence import to_sentence
from .structured import Parts, UnfillableError, as_object, fill
from .verify import CaptionCheck, PhotoScorer
from .wishes import Wishes, is_description_wish, language_of, read_wishes

__all__ = [
    "CaptionCheck",
    "CaptionPipeline",
    "Checked",
    "Evidence",
    "NounPhrase",
    "ParsedCaption",
    "Parts",
    "PhotoScorer",
    "UnfillableError",
    "VisualCaptioner",
    "Wishes",
    "as_object",
    "check",
    "fill",
    "is_description_wish",
    "language_of",
    "parse",
    "read_wishes",
    "to_sentence",
    "untranslated_note",
]
