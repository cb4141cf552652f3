"""Dates in English words, as a language model is told them."""

from typing import Final

_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August",
    "September", "October", "November", "December",
)  # fmt: skip


def date_words(value: str) -> str:
    """Return an ISO date, cut off where nothing more is known, in words."""
    parts = value.partition("T")[0].split("-")
    try:
        numbers = [int(part) for part in parts[:3]]
    except ValueError:
        return value
    words = [str(numbers[0])]
    if len(numbers) > 1 and 1 <= numbers[1] <= len(_MONTHS):
        words.insert(0, _MONTHS[numbers[1] - 1])
        words = [str(number) for number in numbers[2:]] + words
    return " ".join(words)
