"""From a photo to a suggestion: caption, check, compose, translate."""

from .caption import CaptionPipeline, VisualCaptioner
from .sentence import to_sentence

__all__ = ["CaptionPipeline", "VisualCaptioner", "to_sentence"]
