"""Sizes and durations as people read them."""

from .const import GB, MB


def human_bytes(count: int) -> str:
    """Return a size in the decimal units that shops and file managers use."""
    if count < 1000:  # noqa: PLR2004
        return f"{count} bytes"
    if count < MB:
        return f"{count / 1000:.0f} kB"
    if count < GB:
        return f"{count / MB:.1f} MB" if count < 100 * MB else f"{count / MB:.0f} MB"
    return f"{count / GB:.2f} GB" if count < 100 * GB else f"{count / GB:.0f} GB"


def human_seconds(seconds: float) -> str:
    """Return a duration in its largest two units."""
    whole = round(seconds)
    minutes, second = divmod(whole, 60)
    hours, minute = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minute} min"
    return f"{minutes} min {second} s" if minutes else f"{second} s"


def printable(text: str) -> str:
    """Return a text as one line that can't steer a terminal, whatever a name holds."""
    decoded = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return "".join(
        c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in decoded
    )
