"""What a hub says of the manifest's files: names, sizes, hashes, who may have them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
import json
import re
from typing import Any, Final
from urllib.parse import quote

from ..errors import AccessDeniedError, DownloadError, SourceNotFoundError
from ..manifest.findings import Finding, Grade, finding
from ..manifest.model import DEFAULT_REVISION, FileSource, ModelFile, ModelSpec
from .fetch import Fetcher
from .hub import HubAccess
from .responses import refusal, whole_size

_JSON: Final = "application/json"
_COMMIT: Final = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True, slots=True)
class _Listed:
    """What a hub says of one file."""

    size: int | None
    sha256: str | None


@dataclass(frozen=True, slots=True)
class _Listing:
    """A repository at one revision."""

    commit: str | None
    files: Mapping[str, _Listed]


class HubCheck:
    """Compares files with a hub; each repository is asked for once."""

    def __init__(self, fetcher: Fetcher, hub: str, access: HubAccess) -> None:
        """Ask this hub, with what proves who asks."""
        self._fetcher = fetcher
        self._hub = hub
        self._access = access
        self._answers: dict[str, _Listing | DownloadError] = {}

    async def check(
        self, spec: ModelSpec, file: ModelFile, source: FileSource
    ) -> list[Finding]:
        """Return what differs from the row, or can't be had."""
        url = listing_url(self._hub, source)
        if url not in self._answers:
            self._answers[url] = await self._list(url)
        answer = self._answers[url]
        if isinstance(answer, DownloadError):
            return [_no_listing(spec, source, answer)]
        found = [*_moved(spec, source, answer), *_compare(spec, file, source, answer)]
        if any(item.grade is Grade.ERROR for item in found):
            return found
        # the list of a repository is open where its files ask for a login
        remote = self._access.remote(source, file.bytes, file.sha256)
        try:
            status, headers = await self._fetcher.head(remote)
        except DownloadError as err:
            return [*found, finding(spec, "hub_silent", f"{_place(source)}: {err}")]
        if status not in range(200, 400):
            problem = refusal(status, headers, remote.denied_hint)
            return [*found, _refused(spec, _place(source), problem)]
        return [*found, *_sized(spec, file, source, whole_size(headers))]

    async def _list(self, url: str) -> _Listing | DownloadError:
        try:
            body, _ = await self._fetcher.read(url, _JSON, self._access.headers)
            answer = json.loads(body)
            files = {item["rfilename"]: _listed(item) for item in answer["siblings"]}
            return _Listing(answer.get("sha"), files)
        except DownloadError as err:
            return err
        except (ValueError, KeyError, TypeError, AttributeError):
            return DownloadError("the answer is no list of a repository's files")


def listing_url(hub: str, source: FileSource) -> str:
    """Return where a hub lists a repository's files at one revision."""
    revision = quote(source.revision or DEFAULT_REVISION, safe="")
    return f"{hub}/api/models/{source.location}/revision/{revision}?blobs=true"


def _listed(item: Mapping[str, Any]) -> _Listed:
    large = item.get("lfs") or {}
    return _Listed(large.get("size", item.get("size")), large.get("sha256"))


def _place(source: FileSource) -> str:
    return f"{source.location}: {source.filename}"


def _refused(spec: ModelSpec, place: str, problem: DownloadError) -> Finding:
    codes = {AccessDeniedError: "hub_denied", SourceNotFoundError: "hub_missing"}
    code = codes.get(type(problem), "hub_silent")
    return finding(spec, code, f"{place}: {problem.message}")


def _no_listing(spec: ModelSpec, source: FileSource, problem: DownloadError) -> Finding:
    if isinstance(problem, SourceNotFoundError):
        return finding(
            spec,
            "revision_missing",
            f"{source.location} is not there at revision {source.revision} (404): it "
            f"was renamed, removed or rewritten",
        )
    return _refused(spec, source.location, problem)


def _moved(spec: ModelSpec, source: FileSource, listing: _Listing) -> Iterator[Finding]:
    """Compare the commit that the hub gives out with the one that the row names."""
    revision, commit = source.revision or DEFAULT_REVISION, listing.commit
    if commit is None or revision == commit:
        return
    if _COMMIT.fullmatch(revision):
        said = f"gives out {commit} for revision {revision}: it was moved"
        yield finding(spec, "revision_moved", f"{source.location} {said}")
    else:
        said = f"{revision} is at {commit} now, and the row names no commit"
        yield finding(spec, "revision_loose", f"{source.location}: {said}", Grade.NOTE)


def _compare(
    spec: ModelSpec, file: ModelFile, source: FileSource, listing: _Listing
) -> Iterator[Finding]:
    place = _place(source)
    listed = listing.files.get(source.filename or file.path)
    if listed is None:
        yield finding(spec, "hub_missing", f"{place} is not there")
        return
    yield from _sized(spec, file, source, listed.size)
    if listed.sha256 is None:
        return
    if file.sha256 is None:
        said = f"sha256 {listed.sha256}, {listed.size} bytes"
        yield finding(spec, "hub_knows", f"{place} has {said}", Grade.NOTE)
    elif file.sha256 != listed.sha256:
        yield finding(spec, "hub_hash", f"{place} has sha256 {listed.sha256}")


def _sized(
    spec: ModelSpec, file: ModelFile, source: FileSource, size: int | None
) -> Iterator[Finding]:
    if None not in {file.bytes, size} and file.bytes != size:
        said = f"{size} bytes, the row says {file.bytes}"
        yield finding(spec, "hub_size", f"{_place(source)} has {said}")
