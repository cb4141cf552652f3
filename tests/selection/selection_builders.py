"""Hand-made models and machines; every argument replaces one field."""

from types import MappingProxyType

from edge_runtime.const import MB
from edge_runtime.hardware.model import CpuInfo, HardwareInfo, MemoryInfo
from edge_runtime.manifest.model import (
    FileSource,
    Manifest,
    ModelFile,
    ModelFormat,
    ModelSpec,
    Requirements,
    SourceKind,
    Tuning,
)
from edge_runtime.preferences import Preference, SelectionSettings
from edge_runtime.schemas import Task
from edge_runtime.selection import SelectionContext, select
from edge_runtime.selection.model import Pace, PaceSource
from edge_runtime.selection.reasons import reasons_against

GB = 1000 * MB
LIBRARIES = {
    "onnxruntime": "1.32.0",
    "llama-cpp-python": "0.3.36",
    "ai-edge-litert": "2.3.0",
}


def files(*sizes, suffix="onnx", source=SourceKind.HUGGINGFACE):
    return tuple(
        ModelFile(
            path=f"part{number}.{suffix}",
            bytes=size,
            sources=(FileSource(source, "somewhere"),),
        )
        for number, size in enumerate(sizes)
    )


def model(model_id="model", need_mb=100, score=50, **changes):
    fields = {
        "id": model_id,
        "task": Task.IMAGE_TO_TEXT,
        "family": "encoder_decoder",
        "library": "onnxruntime",
        "format": ModelFormat.ONNX,
        "license": "MIT",
        "files": files(need_mb * MB // 2),
        "tuning": Tuning.FINETUNED,
        "verified": True,
        "quality": MappingProxyType({} if score is None else {"score": score}),
        "requires": Requirements(memory_bytes=need_mb * MB),
    }
    return ModelSpec(**{**fields, **changes})


def manifest(*models):
    return Manifest(models)


def machine(available_mb=1000, total_mb=2000, limit_mb=None, disk_gb=20, **cpu):
    def size(number):
        return None if number is None else number * MB

    fields = {"arch": "x86_64", "userland_bits": 64, "features": frozenset({"sse2"})}
    return HardwareInfo(
        cpu=CpuInfo(**{**fields, **cpu}),
        memory=MemoryInfo(size(total_mb), size(limit_mb), size(available_mb)),
        disk_free_bytes=None if disk_gb is None else int(disk_gb * GB),
    )


def here(seconds):
    return Pace(seconds, PaceSource.MEASURED_HERE)


def settings(prefer=Preference.QUALITY, seconds=10.0, **choices):
    by_task = {Task(name.replace("_", "-")): value for name, value in choices.items()}
    return SelectionSettings(MappingProxyType(by_task), prefer, seconds)


def context(*installed, **changes):
    fields = {
        "settings": settings(),
        "families": frozenset({"encoder_decoder", "vision_chat", "translation"}),
        "libraries": LIBRARIES,
        "installed": frozenset(installed),
    }
    return SelectionContext(**{**fields, **changes})


SMALL = model("small", need_mb=100, score=20, compute_gmac=1.0)
MIDDLE = model("middle", need_mb=400, score=50, compute_gmac=20.0)
LARGE = model("large", need_mb=800, score=80, compute_gmac=180.0)
HUGE = model("huge", need_mb=5000, score=95, compute_gmac=900.0)
CAPTIONERS = manifest(HUGE, LARGE, MIDDLE, SMALL)


def captioner(models=CAPTIONERS, hardware=None, circumstances=None):
    chosen = select(models, hardware or machine(), circumstances or context("small"))
    return chosen.get(Task.IMAGE_TO_TEXT)


def ids(entry):
    return (
        entry.running.model.id if entry.running else None,
        entry.recommended.model.id if entry.recommended else None,
        [choice.model.id for choice in entry.others],
        [rejection.model_id for rejection in entry.rejected],
    )


def sentences(spec, hardware=None, circumstances=None):
    reasons = reasons_against(
        spec, hardware or machine(), circumstances or context("m")
    )
    return [f"{reason.code}| {reason.sentence}" for reason in reasons]


def one(spec, hardware=None, circumstances=None):
    (sentence,) = sentences(spec, hardware, circumstances)
    return sentence


def m(**changes):
    return model("m", **changes)
