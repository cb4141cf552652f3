"""How folders and what was done to them look in a terminal."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from ..units import human_seconds, printable
from .output import Console

_WORDS: Final = {
    "scan": (
        ("added", "new"),
        ("changed", "changed or moved"),
        ("removed", "removed"),
        ("offline", "out of reach"),
        ("captions", "captions taken over from metadata"),
        ("unread", "unreadable"),
        ("growing", "still being written"),
    ),
    "caption": (
        ("captioned", "described"),
        ("shared", "got the words of one that shows the same"),
        ("accepted", "accepted by the policy"),
        ("skipped", "skipped"),
        ("failed", "failed"),
    ),
    "accept": (("accepted", "accepted"), ("kept", "kept their caption")),
    "restore": (
        ("restored", "restored"),
        ("identical", "of them to the byte as before"),
        ("untouched", "never written to"),
        ("failed", "failed"),
    ),
}
_COUNTS: Final = (
    ("captioned", "with a caption"),
    ("pending", "to review"),
    ("undescribed", "not described yet"),
    ("failed", "could not be described"),
    ("missing", "deleted files"),
    ("offline", "out of reach"),
    ("unread", "unreadable files"),
)


def print_result(
    console: Console, name: str, action: str, result: Mapping[str, Any]
) -> None:
    """Print what an action did, in one line."""
    parts = [f"{result[k]} {text}" for k, text in _WORDS[action] if result.get(k)]
    label = console.style(f"{printable(name)}: ", "dim")
    console.print(f"{label}{', '.join(parts) or 'nothing to do'}")


def print_source(console: Console, source: Mapping[str, Any]) -> None:
    """Print a folder: where it is, how far it is, and what works on it."""
    counts, state = source["counts"], source["status"]
    path = printable(source["path"])
    console.print(f"{console.style(source['name'], 'bold')}  {path}")
    if state["problem"]:
        console.print(f"  {state['problem']}", "yellow")
    parts = [f"{counts[key]} {text}" for key, text in _COUNTS if counts[key]]
    console.print(f"  {counts['photos']} photos: {', '.join(parts) or 'none yet'}")
    settings = source["settings"]
    console.print(
        f"  policy {settings['policy']}, metadata {settings['write_metadata']}", "dim"
    )
    for job in source["jobs"]:
        done = f"{job['progress']:.0f} of {job['total'] or 0:.0f}"
        left = job["seconds_left"]
        rest = "" if left is None else f", {human_seconds(left)} left"
        console.print(f"  {job['kind']}: {job['stage'] or job['state']} {done}{rest}")
    if state["waits_for"]:
        console.print(f"  waits: {state['waits_for']}")
    for problem in state["write_problems"]:
        console.print(f"  not written: {shown_text(problem)}", "yellow")


def print_errors(console: Console, errors: Iterable[Mapping[str, Any]]) -> None:
    """Say why photos failed."""
    for error in errors:
        console.tell(f"  {shown_text(error['message'])}", "yellow")


def shown_text(text: str) -> str:
    """Return a text as one printable line."""
    return printable(" ".join(text.split()))
