"""`installed.json`: what was checked about each file, so that nobody hashes twice."""

from dataclasses import asdict, astuple, dataclass, replace
import hashlib
import json
from pathlib import Path
from typing import Any, Final

from ..const import RECORD_NAME
from ..manifest.model import FileSource, ModelFile
from .files import read_json, write_json

_UNCHECKED: Final = -1


@dataclass(frozen=True, slots=True)
class InstalledFile:
    """A file as it was when its hash was last right."""

    bytes: int
    sha256: str
    mtime_ns: int
    origin: str
    """Stands for the manifest's sources at that time: a hash that was recorded because
    the manifest names none holds as long as they stay the same."""
    source: str
    """Where the file was taken from, in words."""


def read_records(folder: Path) -> dict[str, InstalledFile]:
    """Return the records of a model's folder; damaged ones are left out."""
    files = read_json(folder / RECORD_NAME).get("files")
    records = files.items() if isinstance(files, dict) else ()
    return {path: rec for path, raw in records if (rec := _parse(raw)) is not None}


def write_record(folder: Path, path: str, record: InstalledFile) -> None:
    """Add or replace the record of one file."""
    records = {**read_records(folder), path: record}
    files = {name: asdict(value) for name, value in records.items()}
    write_json(folder / RECORD_NAME, {"version": 1, "files": files})


def unchecked(record: InstalledFile) -> InstalledFile:
    """Return a record that keeps its pin and vouches for no file any more."""
    return replace(record, mtime_ns=_UNCHECKED)


def make_record(
    file: ModelFile, final: Path, sha256: str, source: str
) -> InstalledFile:
    """Return the record of a file whose hash was just found right."""
    stat = final.stat()
    origin = origin_of(file.sources)
    return InstalledFile(stat.st_size, sha256, stat.st_mtime_ns, origin, source)


def vouches(record: InstalledFile | None, file: ModelFile, final: Path) -> bool:
    """Return whether a file is untouched since its hash was right for this row."""
    if record is None:
        return False
    try:
        stat = final.stat()
    except OSError:
        return False
    if (stat.st_size, stat.st_mtime_ns) != (record.bytes, record.mtime_ns):
        return False
    if file.bytes not in {None, record.bytes}:
        return False
    return record.sha256 == expected_sha256(record, file)


def expected_sha256(record: InstalledFile | None, file: ModelFile) -> str | None:
    """Return the hash a file must have: the manifest's, else the recorded pin."""
    if file.sha256 is not None:
        return file.sha256
    if record is not None and record.origin == origin_of(file.sources):
        return record.sha256
    return None


def origin_of(sources: tuple[FileSource, ...]) -> str:
    """Return a text that changes when a manifest row names other sources.

    It is a hash, as an address may hold a key.
    """
    rows = json.dumps([astuple(source) for source in sources])
    return hashlib.sha256(rows.encode()).hexdigest()


def _parse(raw: Any) -> InstalledFile | None:
    if not isinstance(raw, dict):
        return None
    try:
        record = InstalledFile(**raw)
    except TypeError:
        return None
    numbers = (record.bytes, record.mtime_ns)
    texts = (record.sha256, record.origin, record.source)
    sound = all(isinstance(number, int) for number in numbers) and all(
        isinstance(text, str) for text in texts
    )
    return record if sound else None
