"""The checks of one model against one machine: each gives a reason, or None."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from ..const import SHARE_OF_MEMORY
from ..hardware.model import CpuInfo, HardwareInfo, MemoryInfo
from ..manifest.converted import how_to_make
from ..manifest.model import ModelSpec, Tuning
from ..manifest.room import free_bytes_wanted, room_needed
from ..schemas import Task
from ..units import human_bytes
from .facts import (
    ENGLISH,
    download_size,
    free_text,
    needed_text,
    pace_of,
    pace_text,
    primary_language,
    required_features,
    writes,
)
from .memory import fits, memory_ceiling, memory_need, usable_memory
from .model import Reason, ReasonCode, SelectionContext

_ARCHES_32_BIT: Final = frozenset({"armv6l", "armv7l", "i386", "i586", "i686"})
_EXTRAS: Final[Mapping[str, str]] = MappingProxyType(
    {"llama-cpp-python": "llm", "tflite-runtime": "tflite", "ai-edge-litert": "litert"}
)

_Check = Callable[[ModelSpec, HardwareInfo, SelectionContext], Reason | None]


def reasons_against(
    spec: ModelSpec, hardware: HardwareInfo, context: SelectionContext
) -> tuple[Reason, ...]:
    """Return everything that speaks against a model, the most decisive first."""
    found = (check(spec, hardware, context) for check in _CHECKS)
    order = list(ReasonCode)
    reasons = (reason for reason in found if reason is not None)
    return tuple(sorted(reasons, key=lambda reason: order.index(reason.code)))


def _family(
    spec: ModelSpec, _hardware: HardwareInfo, context: SelectionContext
) -> Reason | None:
    if spec.family in context.families:
        return None
    return Reason(
        ReasonCode.FAMILY_NOT_IN_THIS_VERSION,
        f"is of the family {spec.family}, not in this version",
        "a later release may bring it",
    )


def _userland(
    spec: ModelSpec, hardware: HardwareInfo, _context: SelectionContext
) -> Reason | None:
    cpu = hardware.cpu
    if not _is_32_bit(cpu) or cpu.arch in spec.requires.arch:
        return None
    return Reason(
        ReasonCode.USERLAND_32_BIT,
        f"needs a 64-bit system, this one is 32-bit ({cpu.arch or 'unknown CPU'})",
        "install the 64-bit edition of the operating system",
    )


def _arch(
    spec: ModelSpec, hardware: HardwareInfo, _context: SelectionContext
) -> Reason | None:
    cpu, arches = hardware.cpu, spec.requires.arch
    if cpu.arch is None or not arches or cpu.arch in arches or _is_32_bit(cpu):
        return None
    return Reason(
        ReasonCode.ARCH_UNSUPPORTED,
        f"runs on {' and '.join(arches)} only, this machine is {cpu.arch}",
        "pick a model for it",
    )


def _is_32_bit(cpu: CpuInfo) -> bool:
    return cpu.userland_bits == 32 or cpu.arch in _ARCHES_32_BIT  # noqa: PLR2004


def _cpu_features(
    spec: ModelSpec, hardware: HardwareInfo, _context: SelectionContext
) -> Reason | None:
    cpu = hardware.cpu
    if cpu.features is None:
        return None
    required = required_features(spec, cpu)
    missing = [name for name in required if name not in cpu.features]
    if not missing:
        return None
    cure = "pick a model for older CPUs"
    if cpu.virtual_cpu_type:
        cure = f"set the virtual machine's CPU type to host, not {cpu.virtual_cpu_type}"
    return Reason(
        ReasonCode.CPU_FEATURE_MISSING,
        f"needs {', '.join(missing)}, which this CPU doesn't offer",
        cure,
    )


def _memory(
    spec: ModelSpec, hardware: HardwareInfo, context: SelectionContext
) -> Reason | None:
    need, memory = memory_need(spec), hardware.memory
    limit = context.memory_limit_bytes
    if need is None:
        return Reason(
            ReasonCode.MEMORY_UNKNOWN,
            "needs an unknown amount of memory, as the size of a file is unknown",
            "pin it to use it all the same",
        )
    if fits(need, memory, limit):
        return None
    usable = usable_memory(memory, limit)
    needed = needed_text(need.load_peak_bytes)
    room = _room(memory, limit)
    if usable is not None and need.load_peak_bytes <= usable:
        needed = f"{needed_text(need.mapped_bytes)} for its weights"
        room = f"only {free_text(memory_ceiling(memory) or 0)} are there"
    return Reason(
        ReasonCode.MEMORY_TOO_SMALL,
        f"needs {needed}, {room}",
        _memory_cure(memory, limit),
    )


def _room(memory: MemoryInfo, limit: int | None) -> str:
    ceiling, usable = memory_ceiling(memory), usable_memory(memory, limit) or 0
    if ceiling is None or usable == limit:
        return f"memory_limit_mib allows {free_text(usable)}"
    origin = "in all" if memory.available_bytes is None else "available"
    return (
        f"{free_text(usable)} can be used "
        f"({SHARE_OF_MEMORY * 100:.0f} % of {free_text(ceiling)} {origin})"
    )


def _memory_cure(memory: MemoryInfo, limit: int | None) -> str:
    if limit is not None and usable_memory(memory, limit) == limit:
        return "raise memory_limit_mib or pick a smaller model"
    if memory.limit_bytes is not None and memory.limit_bytes == memory.usable_bytes:
        bound = free_text(memory.limit_bytes)
        return f"raise the container's limit of {bound} or pick a smaller model"
    return "close other programs or pick a smaller model"


def _self_test(
    spec: ModelSpec, _hardware: HardwareInfo, context: SelectionContext
) -> Reason | None:
    if spec.id not in context.failed:
        return None
    return Reason(
        ReasonCode.SELF_TEST_FAILED,
        "failed its self-test on this machine",
        "pick another model, or pin it to use it all the same",
    )


def _library(
    spec: ModelSpec, hardware: HardwareInfo, context: SelectionContext
) -> Reason | None:
    if context.libraries.get(spec.library) is not None:
        return None
    extra = _EXTRAS.get(spec.library)
    cure = (
        f'pip install "edge-captions[{extra}]"' if extra else f"install {spec.library}"
    )
    if hardware.libc is not None and hardware.libc.startswith("musl"):
        # Neither onnxruntime nor LiteRT publishes wheels for musl.
        cure = "use a system or container image with glibc"
    return Reason(
        ReasonCode.LIBRARY_MISSING,
        f"needs {spec.library}, which is not installed",
        cure,
    )


def _language(
    spec: ModelSpec, _hardware: HardwareInfo, context: SelectionContext
) -> Reason | None:
    wanted = primary_language(context.language)
    if spec.task is Task.OCR:
        return None
    if spec.task is Task.TRANSLATION:
        return _language_pair(spec, wanted)
    # The words of a caption are English until the last stage, so a model that
    # knows English serves every language.
    if writes(spec, wanted) or writes(spec, ENGLISH):
        return None
    return Reason(
        ReasonCode.LANGUAGE_UNSUPPORTED,
        f"knows {', '.join(spec.languages)} only, neither {wanted} nor English",
        "pick another model or language",
    )


def _language_pair(spec: ModelSpec, wanted: str) -> Reason | None:
    if wanted == ENGLISH:
        return Reason(
            ReasonCode.LANGUAGE_UNSUPPORTED,
            "has nothing to translate, as captions are English by themselves",
            "ask for another language",
        )
    sources = spec.source_languages or (ENGLISH,)
    reads_english = ENGLISH in {primary_language(language) for language in sources}
    if reads_english and writes(spec, wanted):
        return None
    pair = f"{', '.join(sources)} to {', '.join(spec.languages)}"
    return Reason(
        ReasonCode.LANGUAGE_UNSUPPORTED,
        f"translates {pair}, not {ENGLISH} to {wanted}",
        "pick a model for that pair",
    )


def _base_checkpoint(
    spec: ModelSpec, _hardware: HardwareInfo, _context: SelectionContext
) -> Reason | None:
    if spec.tuning is not Tuning.BASE:
        return None
    return Reason(
        ReasonCode.BASE_CHECKPOINT,
        "is a base checkpoint, never chosen by itself",
        f"pin it (selection: {spec.task}: {spec.id}) to use it",
    )


def _speed(
    spec: ModelSpec, hardware: HardwareInfo, context: SelectionContext
) -> Reason | None:
    pace, limit = pace_of(spec, hardware, context), context.settings.limit_s
    if pace is None or pace.seconds <= limit:
        return None
    takes = "takes" if pace.is_measured else "would take"
    return Reason(
        ReasonCode.TOO_SLOW,
        f"{takes} {pace_text(pace)} a photo here ({pace.source.words}); the limit is "
        f"{limit:g} s",
        "raise seconds_per_photo, or pin it to use it all the same",
    )


def _disk(
    spec: ModelSpec, hardware: HardwareInfo, context: SelectionContext
) -> Reason | None:
    free = hardware.disk_free_bytes
    if free is None or spec.id in context.installed:
        return None
    needed = context.room_needed.get(spec.id)
    required = free_bytes_wanted(
        room_needed(spec.files, {}) if needed is None else needed
    )
    if required <= free:
        return None
    return Reason(
        ReasonCode.DISK_TOO_SMALL,
        f"needs {needed_text(required)} of disk, {free_text(free)} are free",
        f"make room for {needed_text(required - free)} or use a larger disk",
    )


def _license(
    spec: ModelSpec, _hardware: HardwareInfo, context: SelectionContext
) -> Reason | None:
    if not spec.requires_acceptance or spec.id in context.accepted_licenses:
        return None
    return Reason(
        ReasonCode.LICENSE_NOT_ACCEPTED,
        f"wants its licence {spec.license} accepted first",
        f"edge-captions download {spec.id} shows it and asks",
    )


def _verified(
    spec: ModelSpec, _hardware: HardwareInfo, context: SelectionContext
) -> Reason | None:
    if spec.verified or spec.id in context.proven:
        return None
    return Reason(
        ReasonCode.UNVERIFIED,
        "was never run by the makers, and no self-test has passed on this machine",
        f"edge-captions download {spec.id} runs it",
    )


def _conversion(
    spec: ModelSpec, _hardware: HardwareInfo, context: SelectionContext
) -> Reason | None:
    if spec.id in context.installed:
        return None
    origin = next(filter(None, (file.made_from for file in spec.files)), None)
    if origin is None:
        return None
    return Reason(
        ReasonCode.NEEDS_CONVERSION,
        "has to be made first, as nobody publishes its files",
        how_to_make(spec.id, origin),
    )


def _installed(
    spec: ModelSpec, _hardware: HardwareInfo, context: SelectionContext
) -> Reason | None:
    if spec.id in context.installed:
        return None
    size = download_size(spec)
    amount = "size unknown" if size is None else human_bytes(size)
    return Reason(
        ReasonCode.NOT_INSTALLED,
        f"is not installed ({amount})",
        f"edge-captions download {spec.id}",
    )


_CHECKS: Final[tuple[_Check, ...]] = (
    _userland,
    _arch,
    _family,
    _cpu_features,
    _memory,
    _self_test,
    _library,
    _conversion,
    _language,
    _base_checkpoint,
    _speed,
    _disk,
    _license,
    _verified,
    _installed,
)
