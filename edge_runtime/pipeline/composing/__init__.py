"""Composition: a caption and facts become a text in a language and a style."""

from .composer import Composed, Composer, Draft
from .custom import NAMES as TEMPLATE_NAMES, parse_custom
from .hashtags import hashtags
from .language import LanguageFileError, Languages
from .phrases import extra_sentences
from .styles import RULES, StyleRule, told

__all__ = [
    "RULES",
    "TEMPLATE_NAMES",
    "Composed",
    "Composer",
    "Draft",
    "LanguageFileError",
    "Languages",
    "StyleRule",
    "extra_sentences",
    "hashtags",
    "parse_custom",
    "told",
]
