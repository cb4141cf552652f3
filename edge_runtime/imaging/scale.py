"""How far a picture is scaled down while it is opened, and never below the target."""

RESERVE = 2
"""A reduced picture keeps twice the asked size, so that the model's own resize, which
filters better than averaging blocks does, still decides how the picture looks."""


def draft_scale(size: tuple[int, int], target: int) -> int:
    """Return the divisor (1, 2, 4 or 8) that a JPEG is decoded at."""
    room = min(size) // max(1, target)
    return next((scale for scale in (8, 4, 2) if room >= scale), 1)


def reduction(size: tuple[int, int], target: int) -> int:
    """Return the whole number that a decoded picture is divided by."""
    return max(1, min(size) // (RESERVE * max(1, target)))
