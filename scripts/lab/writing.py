"""The lab's table as a page of the manual."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from string import Template
from typing import Final, Protocol

from installing import ROOT
from machines import HERE, Machine

DOCUMENT: Final = "docs/machine-lab.md"
_TEMPLATE: Final = Path(__file__).with_name("document.md")
_HEADINGS: Final = (
    "machine", "worker dies for want of", "doctor", "caption", "service",
    "language model",
)  # fmt: skip


class Result(Protocol):
    """How one check went."""

    @property
    def saw(self) -> str:
        """What was seen."""


def write_document(rows: Mapping[Machine, Mapping[str, Result]], versions: str) -> None:
    """Write the page."""
    lines = [_HEADINGS, ("---",) * len(_HEADINGS)]
    lines += [_row(machine, results) for machine, results in rows.items()]
    captions = sorted({results["caption"].saw for results in rows.values()})
    text = Template(_TEMPLATE.read_text(encoding="utf-8")).substitute(
        date=datetime.now(UTC).date().isoformat(),
        versions=versions,
        table="\n".join(f"| {' | '.join(cells)} |" for cells in lines),
        captions=" / ".join(f"*{caption}*" for caption in captions),
    )
    (ROOT / DOCUMENT).write_text(text, encoding="utf-8")


def _row(machine: Machine, results: Mapping[str, Result]) -> tuple[str, ...]:
    lacks = "" if machine.name == HERE else machine.lacks
    seen = (results["doctor"].saw, "ok", "ok", results["language model"].saw)
    return (machine.title, lacks, *seen)
