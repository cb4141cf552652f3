"""The embedded captioner twice more: once as it is, once with ballast it hides."""

import hashlib
from pathlib import Path
import subprocess
import sys

import yaml

from edge_runtime.const import MIB

ROOT = Path(__file__).parents[2]
LARGE, MEDIUM = "large-captioner", "medium-captioner"
BALLAST_BYTES = 500 * MIB


def make_models(folder: Path) -> Path:
    """Write a manifest and its files; return the manifest."""
    shipped = yaml.safe_load((ROOT / "models.yaml").read_text(encoding="utf-8"))
    tiny = next(row for row in shipped["models"] if row["id"] == "tiny-captioner")
    rows = [
        _row(tiny, folder, LARGE, score=90, memory=200 * MIB, ballast=BALLAST_BYTES),
        _row(tiny, folder, MEDIUM, score=80, memory=150 * MIB, ballast=0),
    ]
    manifest = folder / "models.yaml"
    document = {"schema_version": shipped["schema_version"], "models": rows}
    manifest.write_text(yaml.safe_dump(document), encoding="utf-8")
    return manifest


def install(home: Path, environ: dict[str, str]) -> None:
    """Bring both into a home, each with its self-test, where there is memory enough."""
    for model in (LARGE, MEDIUM):
        subprocess.run(
            [sys.executable, "-m", "edge_runtime", "download", model],
            env={**environ, "EDGE_CAPTIONS_HOME": str(home)},
            check=True,
            capture_output=True,
        )


def _row(
    tiny: dict, folder: Path, name: str, *, score: float, memory: int, ballast: int
) -> dict:
    files = []
    for file in tiny["files"]:
        source = ROOT / "edge_runtime" / "bundled" / file["sources"][0]["bundled"]
        target = folder / name / file["path"]
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(source.read_bytes())
        if ballast and file["path"] == "encoder.onnx":
            add_ballast(target, ballast)
        row = {key: file[key] for key in ("path", "role") if key in file}
        with target.open("rb") as data:
            digest = hashlib.file_digest(data, "sha256").hexdigest()
        sources = [{"url": f"https://models.invalid/{name}/{file['path']}"}]
        size = target.stat().st_size
        files.append({**row, "bytes": size, "sha256": digest, "sources": sources})
    kept = ("task", "family", "library", "format", "tuning", "languages")
    copied = {key: tiny[key] for key in (*kept, "preprocess", "generate")}
    return {
        "id": name,
        **copied,
        "license": "MIT",
        "verified": False,
        "quality": {"score": score},
        "requires": {"memory_bytes": memory},
        "files": files,
    }


def add_ballast(model: Path, size: int) -> None:
    """Append weights that nothing uses to an ONNX file.

    In protocol buffers, what is appended is merged: ModelProto 7 (graph), GraphProto 5
    (initializer), TensorProto 1 (dims), 2 (data_type, 1 is float), 8 (name), 9 (data).
    """
    head = b"\x08" + _varint(size // 4) + b"\x10\x01" + b"\x42\x07ballast"
    head += b"\x4a" + _varint(size)
    tensor = b"\x2a" + _varint(len(head) + size) + head
    with model.open("ab") as file:
        file.write(b"\x3a" + _varint(len(tensor) + size) + tensor)
        file.truncate(file.tell() + size)  # zeros that take no room on the disk


def _varint(number: int) -> bytes:
    digits = bytearray()
    while number > 0x7F:
        digits.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes((*digits, number))
