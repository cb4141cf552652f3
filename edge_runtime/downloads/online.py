"""Compare the manifest with the servers of its files; nothing is fetched."""

from collections.abc import Iterator, Mapping
import os

from ..config import Settings
from ..errors import DownloadError
from ..manifest.addresses import without_secrets
from ..manifest.findings import Finding, finding
from ..manifest.model import FileSource, Manifest, ModelFile, ModelSpec, SourceKind
from .fetch import Fetcher, open_fetcher
from .hub import locate_on_hub, split_login
from .listing import HubCheck
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
        asked: dict[str, str | int | None] = {}
        for spec, file, source in _sources(manifest, SourceKind.URL):
            if source.location not in asked:
                asked[source.location] = await _ask(fetcher, source.location)
            findings += _compare(spec, file, source, asked[source.location])
    return tuple(dict.fromkeys(findings))


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
