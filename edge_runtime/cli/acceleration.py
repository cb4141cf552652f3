"""What the doctor says of graphics cards and the like."""

from collections.abc import Iterable, Sequence
from typing import Final

from ..hardware.model import Accelerator
from ..hardware.providers import CUDA, why_unused
from ..hardware.traps import Severity, Trap
from ..inference.providers import ProviderReport, ProviderState

_NO_FILE: Final = "cannot open shared object file"
_STATES: Final = {
    ProviderState.LEFT_OUT: "not tried: {reason}",
    ProviderState.UNTRIED: "not tried yet",
    ProviderState.WORKS: "works",
    ProviderState.FAILED: "tried, can't be used: {reason}",
}


def rows(
    reports: Sequence[ProviderReport], accelerators: Iterable[Accelerator]
) -> list[tuple[str, str]]:
    """Return a line for each thing that was found, tried, or could be used."""
    installed = {report.name for report in reports}
    found = [(r.title, _STATES[r.state].format(reason=r.reason)) for r in reports]
    unused = ((a.name, why_unused(a, installed)) for a in accelerators)
    found += [(name, f"not used: {reason}") for name, reason in unused if reason]
    return found or [("processor", "nothing else was found to compute on")]


def traps(reports: Iterable[ProviderReport]) -> list[Trap]:
    """Return a finding for each provider that was tried in vain."""
    return [
        Trap(
            "provider_failed",
            Severity.WARNING,
            f"{report.title} can't be used, the processor does its work: "
            f"{report.reason}",
            _cure(report),
        )
        for report in reports
        if report.state is ProviderState.FAILED
    ]


def _cure(report: ProviderReport) -> str:
    if report.name == CUDA and _NO_FILE in report.reason:
        return (
            "CUDA's own libraries are missing, or of another version: "
            'pip install "onnxruntime-gpu[cuda,cudnn]"'
        )
    return f"forbid_providers: [{report.name}] in config.yaml stops trying it."
