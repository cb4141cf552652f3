"""From a photo to a suggestion: caption, check, compose, translate."""

from .caption import CaptionPipeline, VisualCaptioner, untranslated_note
from .check import Checked, Evidence, check
from .noun_phrases import NounPhrase, ParsedCaption, parse
from .sentence import to_sentence
from .verify import CaptionCheck, PhotoScorer

__all__ = [
    "CaptionCheck",
    "CaptionPipeline",
    "Checked",
    "Evidence",
    "NounPhrase",
    "ParsedCaption",
    "PhotoScorer",
    "VisualCaptioner",
    "check",
    "parse",
    "to_sentence",
    "untranslated_note",
]
