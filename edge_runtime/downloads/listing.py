"""Ask a hub what it says of the manifest's files: names, sizes and hashes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
import json
from typing import Any, Final
from urllib.parse import quote

from ..config import Settings
from ..errors import DownloadError
from ..manifest.findings import Finding, Grade, finding
from ..manifest.model import (
    DEFAULT_REVISION,
    FileSource,
    Manifest,
    ModelFile,
    ModelSpec,
    SourceKind,
)
from .fetch import Fetcher, open_fetcher
from .hub import split_login
from .reach import ReachMemory
from .records import Patience

_JSON: Final = "application/json"


@dataclass(frozen=True, slots=True)
class _Listed:
    """What a hub says of one file."""

    size: int | None
    sha256: str | None


async def check_online(
    manifest: Manifest, settings: Settings, patience: Patience | None = None
) -> tuple[Finding, ...]:
    """Compare every row with its hub; a hub that doesn't answer is a finding too."""
    patience = patience or Patience()
    memory = ReachMemory(settings.models_home, force=True)
    hub, _ = split_login(settings.hub)
    answers: dict[str, Mapping[str, _Listed] | DownloadError] = {}
    findings: list[Finding] = []
    async with open_fetcher(memory, patience) as fetcher:
        for spec, file, source in _hub_files(manifest):
            url = listing_url(hub, source)
            if url not in answers:
                answers[url] = await _ask(fetcher, url)
            findings += _compare(spec, file, source, answers[url])
    return tuple(findings)


def listing_url(hub: str, source: FileSource) -> str:
    """Return where a hub lists a repository's files at one revision."""
    revision = quote(source.revision or DEFAULT_REVISION, safe="")
    return f"{hub}/api/models/{source.location}/revision/{revision}?blobs=true"


def _hub_files(
    manifest: Manifest,
) -> Iterator[tuple[ModelSpec, ModelFile, FileSource]]:
    for spec in manifest.models:
        for file in spec.files:
            for source in file.sources:
                if source.kind is SourceKind.HUGGINGFACE:
                    yield spec, file, source


async def _ask(fetcher: Fetcher, url: str) -> Mapping[str, _Listed] | DownloadError:
    try:
        body, _ = await fetcher.read(url, _JSON)
        files = json.loads(body)["siblings"]
        return {item["rfilename"]: _listed(item) for item in files}
    except DownloadError as err:
        return err
    except (ValueError, KeyError, TypeError):
        return DownloadError("the answer is no list of a repository's files")


def _listed(item: Mapping[str, Any]) -> _Listed:
    large = item.get("lfs") or {}
    return _Listed(large.get("size", item.get("size")), large.get("sha256"))


def _compare(
    spec: ModelSpec,
    file: ModelFile,
    source: FileSource,
    answer: Mapping[str, _Listed] | DownloadError,
) -> Iterator[Finding]:
    place = f"{source.location}: {source.filename}"
    if isinstance(answer, DownloadError):
        yield finding(spec, "hub_silent", f"{place}: {answer.message}")
        return
    listed = answer.get(source.filename or file.path)
    if listed is None:
        yield finding(spec, "hub_missing", f"{place} is not there")
        return
    if None not in {file.bytes, listed.size} and file.bytes != listed.size:
        said = f"{listed.size} bytes, the row says {file.bytes}"
        yield finding(spec, "hub_size", f"{place} has {said}")
    if listed.sha256 is None:
        return
    if file.sha256 is None:
        said = f"sha256 {listed.sha256}, {listed.size} bytes"
        yield finding(spec, "hub_knows", f"{place} has {said}", Grade.NOTE)
    elif file.sha256 != listed.sha256:
        yield finding(spec, "hub_hash", f"{place} has sha256 {listed.sha256}")
