"""Wheels, and a package index that serves them."""

import io
import json
import zipfile

from edge_runtime.manifest.model import FileSource, SourceKind
from tests.downloads.models import sha256


def wheel_of(name: str, members: dict[str, bytes]) -> bytes:
    """Return a small wheel that pip accepts."""
    info = f"{name}-1.0.dist-info"
    texts = {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any",
        f"{info}/RECORD": "",
    }
    return zip_of({**members, **{key: text.encode() for key, text in texts.items()}})


def zip_of(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, data in members.items():
            bundle.writestr(name, data)
    return out.getvalue()


def serve_wheel(server, name: str, wheel: bytes, **faults: object) -> None:
    """Serve a wheel with its JSON page."""
    filename = f"{name.replace('-', '_')}-1.0-py3-none-any.whl"
    entry = {
        "filename": filename,
        "url": f"../../files/{filename}",
        "hashes": {"sha256": sha256(wheel)},
        "size": len(wheel),
    }
    server.add(
        f"/simple/{name}/",
        json.dumps({"files": [entry]}).encode(),
        headers={"Content-Type": "application/vnd.pypi.simple.v1+json"},
    )
    server.add(f"/files/{filename}", wheel, **faults)


def pypi(*parts: tuple[str, str]) -> FileSource:
    if len(parts) == 1:
        return FileSource(SourceKind.PYPI, parts[0][0], member=parts[0][1])
    return FileSource(SourceKind.PYPI, parts[0][0], parts=parts)


def index_of(server) -> dict[str, str]:
    return {"PIP_INDEX_URL": f"{server.url}/simple"}
