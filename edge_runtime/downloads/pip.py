"""The user's own pip: which index it is set up for, and downloads that only it can do.

An index address alone is followed by our downloader, which resumes. Whatever else a
person told pip (more indexes, link folders, proxies, certificates) is pip's to follow.
"""

import asyncio
from collections.abc import Callable, Mapping
import contextlib
from dataclasses import dataclass
from functools import partial
from pathlib import Path
import re
import shutil
from typing import Final

from ..errors import DownloadError, SourceUnreachableError
from .children import ChildFailedError, run_python
from .files import tree_bytes
from .threads import in_thread

_TIMEOUT_S: Final = 60.0
_FIRST_BYTES_S: Final = 30.0
_POLL_S: Final = 0.2
_LINE: Final = re.compile(r"(?P<section>[^.]+|:env:)\.(?P<key>[a-z-]+)='(?P<value>.*)'")
_SECTIONS: Final = (":env:", "download", "global")
_PIP_ONLY: Final = frozenset(
    {
        "cert",
        "client-cert",
        "extra-index-url",
        "find-links",
        "keyring-provider",
        "no-index",
        "proxy",
        "trusted-host",
    }
)
_DOWNLOAD: Final = (
    "download", "--no-deps", "--only-binary=:all:", "--ignore-requires-python",
    "--no-cache-dir", "--no-input", "-vv", "--progress-bar=off",
    # one try of five seconds: a dead line must not hold a command up
    "--retries=0", "--timeout=5",
)  # fmt: skip
_NETWORK_WORDS: Final = ("connection error", "timed out", "max retries exceeded")


@dataclass(frozen=True, slots=True)
class PipSettings:
    """What the user's pip is set up for."""

    index: str | None
    """The address of the one index to ask, or None if only pip knows."""
    has_pip: bool = True


async def read_pip_settings(environ: Mapping[str, str]) -> PipSettings:
    """Ask pip for its configuration; without pip the environment decides."""
    try:
        listed = await _pip(["config", "list"], environ)
    except ChildFailedError:
        return PipSettings(environ.get("PIP_INDEX_URL") or None, has_pip=False)
    settings = parse_settings(listed)
    if settings.keys() & _PIP_ONLY:
        return PipSettings(None)
    if (index := settings.get("index-url")) is not None:
        return PipSettings(index if index.startswith("http") else None)
    try:
        help_text = await _pip(["download", "--help"], environ)
    except ChildFailedError:
        return PipSettings(None)
    return PipSettings(default_index(help_text))


def parse_settings(listed: str) -> dict[str, str]:
    """Return the keys of `pip config list` that hold for a download."""
    found: dict[tuple[str, str], str] = {}
    for line in listed.splitlines():
        if match := _LINE.fullmatch(line.strip()):
            found[match["section"], match["key"]] = match["value"]
    ordered = sorted(found, key=lambda item: item[0] not in _SECTIONS)
    settings: dict[str, str] = {}
    for section in reversed(_SECTIONS):  # the environment wins, as in pip
        for name, key in ordered:
            if name == section:
                settings[key] = found[name, key]
    return settings


def default_index(help_text: str) -> str | None:
    """Return the index that pip uses unless told otherwise, from its help text."""
    found = re.search(
        r"--index-url.*?\(default\s+(https://\S+?)\)", help_text, re.DOTALL
    )
    return found[1] if found else None


async def download_wheel(
    requirement: str,
    folder: Path,
    environ: Mapping[str, str],
    report: Callable[[int], None],
    first_bytes_s: float = _FIRST_BYTES_S,
) -> Path:
    """Let pip download one wheel into a new folder and return its path.

    pip can't resume; what it left unfinished is removed. Until the first bytes are
    there it has `first_bytes_s`, then as long as it takes.
    """
    scratch = folder / "scratch"
    await in_thread(partial(shutil.rmtree, folder, ignore_errors=True))
    await in_thread(partial(scratch.mkdir, parents=True))
    arguments = [*_DOWNLOAD, f"--dest={folder / 'wheels'}", requirement]
    waiting = asyncio.timeout(first_bytes_s)
    watching = asyncio.create_task(_watch(folder, report, waiting))
    try:
        async with waiting:
            tmp = {**environ, "TMPDIR": str(scratch)}
            await _pip(arguments, tmp, timeout_s=None)
    except TimeoutError as err:
        raise SourceUnreachableError(
            f"pip brought nothing in {first_bytes_s:.0f} s"
        ) from err
    except ChildFailedError as err:
        # pip mentions a dead line in passing and then finds no such package
        if any(word in err.printed.lower() for word in _NETWORK_WORDS):
            raise SourceUnreachableError(
                f"pip can't reach a package index ({err})"
            ) from err
        raise DownloadError(f"pip: {err}") from err
    finally:
        watching.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watching
        await in_thread(partial(shutil.rmtree, scratch, ignore_errors=True))
    wheels = await in_thread(lambda: sorted((folder / "wheels").glob("*.whl")))
    if not wheels:
        raise DownloadError(f"pip: brought no wheel of {requirement}")
    return wheels[0]


async def _watch(
    folder: Path, report: Callable[[int], None], waiting: asyncio.Timeout
) -> None:
    while True:
        await asyncio.sleep(_POLL_S)
        done = await in_thread(partial(tree_bytes, folder))
        if done and waiting.when() is not None and not waiting.expired():
            waiting.reschedule(None)
        report(done)


async def _pip(
    arguments: list[str],
    environ: Mapping[str, str],
    timeout_s: float | None = _TIMEOUT_S,
) -> str:
    quiet = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "COLUMNS": "250"}
    child_environ = {**environ, **quiet}
    return await run_python(
        ["-m", "pip", *arguments], child_environ, timeout_s=timeout_s
    )
