"""Compare the manifest with the servers of its files; nothing is fetched."""

from collections.abc import Iterator, Mapping
import os

from ..config import Settings
from ..errors import DownloadError
from ..manifest.addresses import without_secrets
from ..manifest.findings import Finding, Grade, finding
from ..manifest.model import FileSource, Manifest, ModelFile, ModelSpec, SourceKind
from .fetch import Fetcher, open_fetcher
from .hub import locate_on_hub, split_login
from .listing import HubCheck
from .package_index import (
    INDEX_ACCEPT,
    IndexUnreadableError,
    find_wheel,
    project_url,
    split_requirement,
)
from .pip import read_pip_settings
from .reach import ReachMemory
from .records import Patience
from .responses import Remote, refusal, whole_size


async def check_online(
    manifest: Manifest,
    settings: Settings,
    patience: Patience | None = None,
    environ: Mapping[str, str] | None = None,
) -> tuple[Finding, ...]:
    """Compare every row with its hub and its addresses; silence is a finding too."""
    memory = ReachMemory(settings.models_home, force=True)
    on_hub = list(_sources(manifest, SourceKind.HUGGINGFACE))
    sources = [source for *_, source in on_hub]
    environ = os.environ if environ is None else environ
    access = await locate_on_hub(sources, settings.hub, environ)
    findings: list[Finding] = []
    async with open_fetcher(memory, patience or Patience()) as fetcher:
        hub = HubCheck(fetcher, split_login(settings.hub)[0], access)
        for spec, file, source in on_hub:
            findings += await hub.check(spec, file, source)
        findings += await _check_packages(fetcher, manifest, environ)
        asked: dict[str, str | int | None] = {}
        for spec, file, source in _sources(manifest, SourceKind.URL):
            if source.location not in asked:
                asked[source.location] = await _ask(fetcher, source.location)
            findings += _compare(spec, file, source, asked[source.location])
    return tuple(dict.fromkeys(findings))


async def _check_packages(
    fetcher: Fetcher, manifest: Manifest, environ: Mapping[str, str]
) -> list[Finding]:
    """Look whether packages are there, if their index is one that can be read."""
    packages = list(_sources(manifest, SourceKind.PYPI))
    index = (await read_pip_settings(environ)).index if packages else ""
    if index is None:
        said = "packages were not looked for: only pip knows where its index is"
        return [Finding("packages_unasked", None, said, Grade.NOTE)]
    asked: dict[str, str | None] = {}
    findings = []
    for spec, _, source in packages:
        for requirement, _ in source.parts or ((source.location, ""),):
            if requirement not in asked:
                asked[requirement] = await _find_package(fetcher, index, requirement)
            if (problem := asked[requirement]) is not None:
                said = f"{requirement}: {problem}"
                findings.append(finding(spec, "package_unusable", said))
    return findings


async def _find_package(fetcher: Fetcher, index: str, requirement: str) -> str | None:
    """Return why a package can't be had, or None."""
    page = project_url(index, split_requirement(requirement)[0])
    try:
        body, content_type = await fetcher.read(page, INDEX_ACCEPT)
        wheel = find_wheel(body, content_type, page, requirement)
    except DownloadError as err:
        return err.message
    except IndexUnreadableError:
        return None  # pip knows more of this index than we do
    said = await _ask(fetcher, wheel.url)
    return said if isinstance(said, str) else None


def _sources(
    manifest: Manifest, kind: SourceKind
) -> Iterator[tuple[ModelSpec, ModelFile, FileSource]]:
    for spec in manifest.models:
        for file in spec.files:
            for source in file.sources:
                if source.kind is kind:
                    yield spec, file, source


async def _ask(fetcher: Fetcher, address: str) -> str | int | None:
    """Return the size of what stands at an address, or why nobody has it."""
    try:
        status, headers = await fetcher.head(Remote(address))
    except DownloadError as err:
        return err.message
    if status not in range(200, 300):
        return refusal(status, headers).message
    return whole_size(headers)


def _compare(
    spec: ModelSpec, file: ModelFile, source: FileSource, said: str | int | None
) -> Iterator[Finding]:
    place = without_secrets(source.location)
    if isinstance(said, str):
        yield finding(spec, "url_unusable", f"{place}: {said}")
    elif source.member is None and None not in {file.bytes, said}:
        sizes = f"{said} bytes, the row says {file.bytes}"
        if file.bytes != said:
            yield finding(spec, "url_size", f"{place} has {sizes}")
