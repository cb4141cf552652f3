"""From a photo to a suggestion: caption, check, compose, translate."""

from .caption import CaptionPipeline, VisualCaptioner, untranslated_note
from .sentence import to_sentence

__all__ = ["CaptionPipeline", "VisualCaptioner", "to_sentence", "untranslated_note"]
