"""Servers as the rows of models.yaml need them: a hub, an index, a place of archives.

What they serve is as long as a row says and almost all zeros, which take no room.
"""

from collections.abc import AsyncIterator, Iterator
import contextlib
from dataclasses import dataclass, field
from functools import cached_property
import hashlib
import json
from pathlib import Path
import re
import zipfile

from aiohttp import web

from edge_runtime.const import MB

ZEROS = bytes(MB)


@dataclass
class Blob:
    """Bytes in pieces; a number stands for so many zeros."""

    pieces: list[bytes | int] = field(default_factory=list)

    @classmethod
    def named(cls, size: int, name: str) -> "Blob":
        """Return zeros that end with a name, so that no two files are alike."""
        end = name.encode()[-min(size, 80) :]
        return cls([size - len(end), end])

    @cached_property
    def size(self) -> int:
        return sum(p if isinstance(p, int) else len(p) for p in self.pieces)

    @cached_property
    def sha256(self) -> str:
        digest = hashlib.sha256()
        for chunk in self.chunks():
            digest.update(chunk)
        return digest.hexdigest()

    def chunks(self, start: int = 0) -> Iterator[bytes]:
        for piece in self.pieces:
            length = piece if isinstance(piece, int) else len(piece)
            skip, start = min(start, length), start - min(start, length)
            if not isinstance(piece, int):
                yield piece[skip:]
                continue
            for done in range(skip, length, MB):
                yield ZEROS[: length - done]

    def lay(self, path: Path, size: int) -> Path:
        """Write the first bytes as a sparse file: a download that was interrupted."""
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as out:
            for piece in self.pieces:
                if isinstance(piece, int):
                    out.seek(piece, 1)
                else:
                    out.write(piece)
            out.truncate(size)
        return path


class _Collector:
    """What zipfile writes, in the pieces of a blob."""

    def __init__(self) -> None:
        self.blob = Blob()

    def write(self, data: bytes) -> int:
        data = bytes(data)
        zeros = len(data) == MB and data == ZEROS
        self.blob.pieces.append(len(data) if zeros else data)
        return len(data)

    def flush(self) -> None:
        """Have nothing to do."""


def wheel_of(members: dict[str, Blob]) -> Blob:
    """Return an archive that holds these members as they are."""
    out = _Collector()
    with zipfile.ZipFile(out, "w") as bundle:
        for name, blob in members.items():
            with bundle.open(name, "w") as member:
                for chunk in blob.chunks():
                    member.write(chunk)
    return out.blob


class Origins:
    """One server that stands for all of them, and remembers who asked for what."""

    def __init__(self) -> None:
        self.blobs: dict[str, Blob] = {}
        self.linked: dict[str, str] = {}
        """What the hub says the hash of a file is, by path."""
        self.asked: list[tuple[str, str | None]] = []
        """Path and Range of each request, in order."""
        self.lost: dict[str, int] = {}
        """Where the connection is lost, by path; nobody answers there afterwards."""
        self.url = ""

    @property
    def paths(self) -> list[str]:
        return [path for path, _ in self.asked]

    def hub_file(self, path: str, blob: Blob) -> None:
        """Serve a file as the hub does: its name leads to a store of large files."""
        self.blobs[path], self.linked[path] = blob, blob.sha256

    def wheel(self, filename: str, blob: Blob) -> None:
        """Serve a wheel, and the page of the index that names it."""
        path = f"/wheels/{filename}"
        entry = {
            "filename": filename,
            "url": self.url + path,
            "hashes": {"sha256": blob.sha256},
            "size": blob.size,
        }
        name = filename.split("-", maxsplit=1)[0].replace("_", "-")
        page = json.dumps({"files": [entry]}).encode()
        self.blobs |= {path: blob, f"/simple/{name}/": Blob([page])}

    async def answer(self, request: web.Request) -> web.StreamResponse:
        path = request.raw_path.removeprefix("/store")
        if path == request.raw_path:
            self.asked.append((path, request.headers.get("Range")))
        if path not in self.blobs:
            raise web.HTTPNotFound
        if path in self.linked and path == request.raw_path:
            headers = {"Location": f"{self.url}/store{path}"}
            headers["X-Linked-ETag"] = f'"{self.linked[path]}"'
            return web.Response(status=302, headers=headers)
        return await self._send(request, path)

    async def _send(self, request: web.Request, path: str) -> web.StreamResponse:
        blob = self.blobs[path]
        found = re.fullmatch(r"bytes=(\d+)-", request.headers.get("Range", ""))
        start = int(found[1]) if found else 0
        response = web.StreamResponse(status=206 if found else 200)
        response.headers["ETag"] = f'"{blob.sha256}"'
        if path.startswith("/simple/"):
            response.content_type = "application/vnd.pypi.simple.v1+json"
        if found:
            whole = f"bytes {start}-{blob.size - 1}/{blob.size}"
            response.headers["Content-Range"] = whole
        response.content_length = blob.size - start
        await response.prepare(request)
        end = self.lost.get(path)
        with contextlib.suppress(ConnectionError):
            for chunk in blob.chunks(start):
                await response.write(chunk if end is None else chunk[: end - start])
                start += len(chunk)
                if end is not None and start >= end:
                    self.lost[path] = 0
                    request.transport.close()
                    return response
            await response.write_eof()
        return response


@contextlib.asynccontextmanager
async def open_origins() -> AsyncIterator[Origins]:
    """Run them for the length of a block."""
    origins = Origins()
    app = web.Application()
    app.router.add_get("/{path:.*}", origins.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    origins.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield origins
    finally:
        await runner.cleanup()
