"""Captions cut to what a state or a notification holds."""

from .const import MAX_SHORT


def short_text(text: str, limit: int = MAX_SHORT) -> str:
    """Return the text, cut at a word where it is longer than the limit."""
    if len(text) <= limit:
        return text
    cut = text[: limit - 1]
    head, _, _ = cut.rpartition(" ")
    return f"{(head or cut).rstrip(' ,;:.')}…"
