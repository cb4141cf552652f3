"""Manifest rows for tests."""

import hashlib
from pathlib import Path

from edge_runtime.manifest.model import (
    FileSource,
    ModelFile,
    ModelFormat,
    ModelSpec,
    SourceKind,
    Tuning,
)
from edge_runtime.schemas import Task

DATA = hashlib.shake_256(b"a model").digest(300_000)
BUNDLED = FileSource(SourceKind.BUNDLED, "tiny/model.onnx")


def home_of(tmp_path: Path) -> Path:
    return tmp_path / "home" / "models"


def put(path: Path, data: bytes = DATA) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def hub_source(name: str = "model.onnx", **fields: str) -> FileSource:
    values = {"revision": "main", "filename": name, **fields}
    return FileSource(SourceKind.HUGGINGFACE, "maker/model", **values)


def url_source(url: str, member: str | None = None) -> FileSource:
    return FileSource(SourceKind.URL, url, member=member)


def model_file(
    *sources: FileSource,
    data: bytes = DATA,
    path: str = "model.onnx",
    pinned: bool = True,
    role: str | None = "encoder",
) -> ModelFile:
    """Return a row of one file; without `pinned` its size and hash are unknown."""
    size, digest = (len(data), sha256(data)) if pinned else (None, None)
    return ModelFile(path, role, size, digest, sources or (hub_source(path),))


def model(*files: ModelFile, id: str = "some-model", **fields: object) -> ModelSpec:  # noqa: A002
    return ModelSpec(
        id=id,
        task=Task.IMAGE_TO_TEXT,
        family="encoder_decoder",
        library="onnxruntime",
        format=ModelFormat.ONNX,
        license=fields.pop("license", "MIT"),
        files=files or (model_file(),),
        tuning=Tuning.FINETUNED,
        **fields,
    )


def everything_below(folder: Path) -> set[str]:
    """Return the relative paths of all files below a folder."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)) for path in files}
