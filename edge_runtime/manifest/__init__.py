"""The manifest: every model the runtime knows, read from `models.yaml`."""

from .loader import SCHEMA_VERSION, load_manifest, manifest_path
from .model import (
    FileSource,
    Manifest,
    Measurement,
    ModelFile,
    ModelFormat,
    ModelSpec,
    Requirements,
    SourceKind,
    Thresholds,
    Tuning,
    UnknownWord,
)

__all__ = [
    "SCHEMA_VERSION",
    "FileSource",
    "Manifest",
    "Measurement",
    "ModelFile",
    "ModelFormat",
    "ModelSpec",
    "Requirements",
    "SourceKind",
    "Thresholds",
    "Tuning",
    "UnknownWord",
    "load_manifest",
    "manifest_path",
]
