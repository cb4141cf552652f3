"""Whether every number of a row says where it comes from."""

from collections.abc import Iterator
from typing import Final

from .blocks import METRICS, Basis
from .findings import Finding, finding
from .model import ModelFile, ModelSpec, SourceKind

_PHOTO_COUNTS: Final = ("photos_right", "photos_half_right", "photos_wrong")
_MEMORY_KEYS: Final = (
    *("memory_bytes", "encoder_peak_bytes", "kv_bytes_per_token"),
    "compute_buffer_bytes",
)
_OURS: Final = frozenset({SourceKind.BUNDLED, SourceKind.CONVERT})


def untold(spec: ModelSpec) -> Iterator[Finding]:
    """Return the numbers of a row that name no source."""
    yield from _quality(spec)
    for key, what in _numbers(spec):
        if key not in spec.provenance:
            yield finding(
                spec,
                f"{key}_unsourced",
                f"{what}: provenance.{key} must say where it comes from",
            )


def _quality(spec: ModelSpec) -> Iterator[Finding]:
    quality = spec.quality
    if "score" in quality and "basis" not in quality:
        yield finding(spec, "basis_missing", "quality.score does not say its basis")
    if "source" in quality:
        return
    told = [key for key in (*METRICS, *_PHOTO_COUNTS) if key in quality]
    if told or quality.get("basis", Basis.ESTIMATED) != Basis.ESTIMATED:
        what = ", ".join(told) or f"a score that is {quality['basis']}"
        yield finding(spec, "source_missing", f"quality holds {what} without a source")
    elif "score" in quality:
        yield finding(
            spec,
            "estimate_unexplained",
            "quality.score is an estimate: quality.source must say what it rests on",
        )


def _numbers(spec: ModelSpec) -> Iterator[tuple[str, str]]:
    """Return the keys that hold numbers, and which these are."""
    sized = [file.path for file in spec.files if _is_told(file)]
    if sized:
        yield "files", f"size or hash of {', '.join(sized)}"
    memory = [key for key in _MEMORY_KEYS if getattr(spec.requires, key)]
    if memory:
        yield "requires", f"requires holds {', '.join(memory)}"
    if spec.compute_gmac is not None:
        yield "compute_gmac", f"compute_gmac is {spec.compute_gmac:g}"


def _is_told(file: ModelFile) -> bool:
    """Return whether somebody else said size or hash: ours are there to be weighed."""
    known = file.bytes is not None or file.sha256 is not None
    return known and not {source.kind for source in file.sources} <= _OURS
