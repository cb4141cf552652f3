"""How fast a machine is, in rows for people."""

from typing import Final

from ..hardware.speed import MachineSpeed, Rates

_BUSY: Final = 0.15
"""Share of the cores in other hands from which it is worth a word."""
_HOW: Final = "measure with: edge-captions doctor --benchmark"


def rows(speed: MachineSpeed) -> list[tuple[str, str]]:
    """Return label and text of what one thread does, and all of them together."""
    found = [("one thread", _rates(speed.one))]
    if speed.threads > 1:
        found.append((f"{speed.threads} threads", _rates(speed.all)))
    return [*found, ("source", _source(speed))]


def _rates(rates: Rates) -> str:
    return (
        f"{_number(rates.int8_gops)} GOP/s int8, "
        f"{_number(rates.fp32_gops)} GOP/s float32, "
        f"{_number(rates.memory_gbs)} GB/s from memory"
    )


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.1f}"  # noqa: PLR2004


def _source(speed: MachineSpeed) -> str:
    if not speed.is_measured:
        return f"guessed from the processor; {_HOW}"
    times = "once" if speed.runs == 1 else f"{speed.runs} times, the best counts"
    text = f"measured here {times}, last gain on {speed.taken_at[:10]}"
    if speed.others is not None and speed.others > _BUSY:
        text += f"; others took {speed.others:.0%} of the cores, so it may be faster"
    return text
