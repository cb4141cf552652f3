"""Turn a captioner's words into a sentence that a person would write."""

import re
from typing import Final

_ENDS: Final = (".", "!", "?", "…")


def to_sentence(words: str) -> str:
    """Return the words with a capital first letter and a full stop."""
    text = re.sub(r"\s+", " ", words).strip()
    if not text:
        return ""
    text = text[0].upper() + text[1:]
    text = re.sub(r"\bi\b", "I", text)
    return text if text.endswith(_ENDS) else f"{text}."
