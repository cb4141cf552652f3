"""The manifest's row of a converted model, in a file beside it."""

from collections.abc import Mapping
import hashlib
from pathlib import Path
from typing import Any, Final

import yaml

from ..manifest.converted import ROW_NAME
from .model import Row
from .request import ConvertRequest

_CHUNK: Final = 1 << 20


def write_row(
    folder: Path,
    request: ConvertRequest,
    row: Row,
    files: Mapping[str, str],
    report: Mapping[str, Any],
    terms: str,
) -> None:
    """Write `model.yaml`: the folder can be copied to another machine as it is."""
    origin = str(report["source"])
    found: dict[str, Any] = {
        "id": request.model_id,
        "title": f"{origin.rpartition('/')[2]} (converted)",
        "task": row.task,
        "family": row.family,
        "library": "onnxruntime",
        "format": "onnx",
        "quantization": request.quantization,
        "tuning": "finetuned",
        "license": terms,
        "languages": list(row.languages),
        "verified": False,
        "requires": {"arch": ["x86_64", "aarch64"]},
        "provenance": {"files": f"made from {origin} by edge-captions convert"},
        "files": [_file(folder / name, role, origin) for role, name in files.items()],
        "generate": dict(row.generate),
    }
    if row.source_languages:
        found["source_languages"] = list(row.source_languages)
    if row.preprocess:
        found["preprocess"] = dict(row.preprocess)
    document = {"schema_version": 1, "models": [found]}
    text = yaml.safe_dump(document, sort_keys=False, allow_unicode=True)
    (folder / ROW_NAME).write_text(text, encoding="utf-8")


def _file(path: Path, role: str, origin: str) -> dict[str, Any]:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return {
        "path": path.name,
        "role": role,
        "bytes": path.stat().st_size,
        "sha256": digest.hexdigest(),
        "sources": [{"convert": origin}],
    }
