"""What follows from a model's row, and sizes in words."""

from collections.abc import Iterable
import re
from typing import Final

from ..const import GB, MB
from ..hardware.model import CpuInfo, HardwareInfo
from ..manifest.cpu_features import ARM_FEATURES, X86_FEATURES
from ..manifest.model import ModelFile, ModelSpec
from ..units import human_bytes
from .model import SelectionContext

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


def known_seconds(
    spec: ModelSpec, hardware: HardwareInfo, context: SelectionContext
) -> float | None:
    """Return seconds per photo measured here or on the same device, or None."""
    if spec.id in context.seconds:
        return context.seconds[spec.id]
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
