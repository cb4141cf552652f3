"""What follows from a model's row, and sizes in words."""

from collections.abc import Iterable
import re
from typing import Final

from ..const import GB, MB
from ..hardware.model import CpuInfo, HardwareInfo
from ..manifest.cpu_features import ARM_FEATURES, X86_FEATURES
from ..manifest.model import ModelFile, ModelSpec
from ..units import human_bytes
from .estimate import cost_of, estimate
from .model import Pace, PaceSource, SelectionContext

ENGLISH: Final = "en"

_X86: Final = "x86_64"
_AARCH64: Final = "aarch64"


def required_features(spec: ModelSpec, cpu: CpuInfo) -> tuple[str, ...]:
    """Return the CPU features that the model needs on this architecture."""
    features = spec.requires.cpu_features
    if cpu.arch == _X86:
        return tuple(name for name in features if name in X86_FEATURES)
    if cpu.arch == _AARCH64:
        return tuple(name for name in features if name in ARM_FEATURES)
    return features


def pace_of(
    spec: ModelSpec, hardware: HardwareInfo, context: SelectionContext
) -> Pace | None:
    """Return how long a photo takes: what is measured beats what is estimated."""
    if spec.id in context.seconds:
        return Pace(context.seconds[spec.id], PaceSource.MEASURED_HERE)
    if (seconds := _measured_alike(spec, hardware)) is not None:
        return Pace(seconds, PaceSource.MEASURED_ALIKE)
    cost, speed = cost_of(spec), context.speed
    if cost is None or speed is None:
        return None
    source = PaceSource.ESTIMATED if speed.is_measured else PaceSource.GUESSED
    return Pace(estimate(cost, speed, context.threads), source)


def pace_text(pace: Pace) -> str:
    """Return the seconds of a photo in words, no more exact than they are."""
    seconds = pace.seconds
    digits = 2 if seconds < 1 else 1 if seconds < 10 else 0  # noqa: PLR2004
    if not pace.is_measured:
        digits = min(digits, 1) if seconds > 0.1 else 2  # noqa: PLR2004
        digits = -1 if seconds >= 100 else digits  # noqa: PLR2004
    text = f"{round(seconds, digits):g} s"
    return text if pace.is_measured else f"about {text}"


def _measured_alike(spec: ModelSpec, hardware: HardwareInfo) -> float | None:
    """Return the seconds that the manifest knows of the same device."""
    names = [name for name in (hardware.board, hardware.cpu.model_name) if name]
    machine = [_words(name) for name in names]
    for measurement in spec.measured:
        device = _words(measurement.device)
        if measurement.seconds is not None and any(
            device <= words for words in machine
        ):
            return measurement.seconds
    return None


def download_size(spec: ModelSpec) -> int | None:
    """Return the bytes that must be fetched, or None if a size is unknown."""
    sizes = [file.bytes for file in fetched_files(spec)]
    return None if None in sizes else sum(size for size in sizes if size)


def primary_language(language: str) -> str:
    """Return the language without region or script: `pt` for `pt-BR`."""
    return re.split(r"[-_]", language, maxsplit=1)[0].lower()


def writes(spec: ModelSpec, language: str) -> bool:
    """Return whether the model knows a language, whatever the region."""
    wanted = primary_language(language)
    return wanted in {primary_language(known) for known in spec.languages}


def needed_text(size: int) -> str:
    """Return a size that never looks smaller than it is."""
    return human_bytes(-(-size // _step(size)) * _step(size))


def free_text(size: int) -> str:
    """Return a size that never looks larger than it is."""
    return human_bytes(size // _step(size) * _step(size))


def _step(size: int) -> int:
    """Return the smallest difference that the text of a size shows."""
    if size < 100 * MB:
        return MB // 10
    return MB if size < GB else 10 * MB


def fetched_files(spec: ModelSpec) -> Iterable[ModelFile]:
    """Return the files that don't come with the package."""
    return (file for file in spec.files if not file.is_bundled)


def _words(name: str) -> frozenset[str]:
    plain = re.sub(r"\((?:R|TM)\)", " ", name, flags=re.IGNORECASE)
    return frozenset(plain.casefold().split())
