"""The one downloader: bytes over HTTP into a `.part` file that can be continued."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
import contextlib
from dataclasses import dataclass
from functools import partial
import logging
from pathlib import Path
from typing import BinaryIO, Final

import aiohttp
from yarl import URL

from edge_runtime import __version__

from ..const import APP_NAME, MIB
from ..errors import DownloadError, SizeMismatchError, SourceUnreachableError
from .files import check_room, disk_error, note_of, read_json, size_of, write_json
from .reach import ReachMemory
from .records import Patience
from .resolver import DaemonResolver
from .responses import (
    Remote,
    RestartNeededError,
    body_offset,
    linked_sha256,
    refusal,
    strong_etag,
)
from .threads import in_thread

_LOGGER = logging.getLogger(__name__)
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_MAX_REDIRECTS: Final = 10
_MAX_RESUMES: Final = 3
_PAGE_BYTES: Final = 16 * MIB
_CHUNK: Final = MIB

BytesCallback = Callable[[int], None]


class _LostError(Exception):
    """The connection ended before the file did."""


@dataclass(frozen=True, slots=True)
class _Opened:
    response: aiohttp.ClientResponse
    sha256: str | None
    """What the first server said about the file before it redirected."""


@contextlib.asynccontextmanager
async def open_fetcher(
    memory: ReachMemory, patience: Patience
) -> AsyncIterator["Fetcher"]:
    """Open a downloader with its own connections."""
    connector = aiohttp.TCPConnector(resolver=DaemonResolver(), force_close=True)
    timeout = aiohttp.ClientTimeout(
        total=None, connect=patience.connect_s, sock_read=patience.stall_s
    )
    # a compressed answer has another length and no ranges
    headers = {
        "User-Agent": f"{APP_NAME}/{__version__}",
        "Accept-Encoding": "identity",
    }
    async with aiohttp.ClientSession(
        connector=connector,
        timeout=timeout,
        headers=headers,
        auto_decompress=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=True,
    ) as session:
        yield Fetcher(session, memory, patience)


class Fetcher:
    """Downloads one file at a time; knows nothing about models."""

    def __init__(
        self, session: aiohttp.ClientSession, memory: ReachMemory, patience: Patience
    ) -> None:
        """Use an open session."""
        self._session = session
        self._memory = memory
        self._patience = patience

    async def fetch(
        self, remote: Remote, part: Path, report: BytesCallback
    ) -> str | None:
        """Bring `part` to its full length; return the hash that the server named.

        A lost connection is taken up again up to three times while bytes arrive.
        """
        resumes, restarted = 0, False
        while True:
            before = size_of(part) or 0
            try:
                return await self._attempt(remote, part, report)
            except RestartNeededError:
                if restarted:
                    raise SizeMismatchError(
                        f"the server's file ends after {before} bytes, or the server "
                        f"can't continue it"
                    ) from None
                restarted = True
                await in_thread(lambda: discard(part))
            except _LostError as err:
                after = size_of(part) or 0
                if after <= before or resumes == _MAX_RESUMES:
                    raise _vanished(after, remote.bytes, err) from err
                resumes += 1
                _LOGGER.debug("%s: resuming at %d bytes (%s)", part, after, err)
                await asyncio.sleep(self._patience.backoff_s * 2 ** (resumes - 1))

    async def read(self, url: str, accept: str) -> tuple[bytes, str]:
        """Return the body and the content type of a small document."""
        opened = await self._open(URL(url), {"Accept": accept})
        async with opened.response as response:
            if response.status != 200:  # noqa: PLR2004
                raise refusal(response.status, response.headers)
            try:
                body = await response.content.read(_PAGE_BYTES)
                while chunk := await response.content.read(_PAGE_BYTES):
                    body += chunk
                    if len(body) > _PAGE_BYTES:
                        raise DownloadError("the server's page is far too long")
            except (aiohttp.ClientError, TimeoutError, OSError) as err:
                raise _vanished(0, None, err) from err
            return body, response.content_type

    async def _attempt(
        self, remote: Remote, part: Path, report: BytesCallback
    ) -> str | None:
        have = await in_thread(lambda: _resumable(part, remote))
        if have and have == remote.bytes:
            report(have)
            return None
        headers = dict(remote.headers)
        if have:
            headers["Range"] = f"bytes={have}-"
            if etag := _note(part).get("etag"):
                headers["If-Range"] = etag
        opened = await self._open(URL(remote.url, encoded=True), headers)
        async with opened.response as response:
            offset = body_offset(response.status, response.headers, have, remote)
            total = remote.bytes if offset.total is None else offset.total
            await in_thread(lambda: _prepare(part, remote, response.headers, total))
            done = await self._receive(response, part, offset.start, total, report)
        if total is not None and done < total:
            raise _LostError("the server ended the connection")
        return opened.sha256

    async def _receive(
        self,
        response: aiohttp.ClientResponse,
        part: Path,
        start: int,
        total: int | None,
        report: BytesCallback,
    ) -> int:
        done = start
        file = await in_thread(lambda: part.open("ab" if start else "wb"))
        try:
            async for chunk in _chunks(response):
                done += len(chunk)
                if total is not None and done > total:
                    await in_thread(lambda: discard(part))
                    raise SizeMismatchError(f"the server sends more than {total} bytes")
                await in_thread(partial(_write, file, chunk, part))
                report(done)
        finally:
            await in_thread(lambda: _close(file, part))
        return done

    async def _open(self, url: URL, headers: Mapping[str, str]) -> _Opened:
        """Follow redirects by hand: secrets stay with the server they are meant for."""
        origin, own, sha256 = url.origin(), dict(headers), None
        for _ in range(_MAX_REDIRECTS):
            response = await self._get(url, own)
            sha256 = sha256 or linked_sha256(response.headers)
            location = response.headers.get("Location")
            if response.status not in _REDIRECTS or not location:
                return _Opened(response, sha256)
            response.close()
            target = url.join(URL(location, encoded=True))
            if target.scheme not in {"https", url.scheme}:
                raise DownloadError(f"{url.host} redirects to an unsafe address")
            if target.origin() != origin:
                own.pop("Authorization", None)
                own.pop("authorization", None)
            url = target
        raise DownloadError(f"{url.host} redirects in a circle")

    async def _get(
        self, url: URL, headers: Mapping[str, str]
    ) -> aiohttp.ClientResponse:
        origin = str(url.origin())
        await in_thread(lambda: self._memory.check(origin))
        try:
            response = await self._session.get(
                url, headers=headers, allow_redirects=False
            )
        except (aiohttp.ClientConnectionError, TimeoutError) as err:
            reason = _reason(err)
            if isinstance(err, aiohttp.ClientConnectorError | TimeoutError):
                await in_thread(lambda: self._memory.remember(origin, reason))
            raise SourceUnreachableError(
                f"{origin} can't be reached ({reason})"
            ) from err
        except aiohttp.ClientError as err:
            raise DownloadError(f"{origin} gives no proper answer ({err})") from err
        await in_thread(lambda: self._memory.forget(origin))
        return response


async def _chunks(response: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    try:
        async for chunk in response.content.iter_chunked(_CHUNK):
            yield chunk
    except (aiohttp.ClientError, TimeoutError, OSError) as err:
        raise _LostError(_reason(err)) from err


def discard(part: Path) -> None:
    """Remove an unfinished file and what is noted about it."""
    part.unlink(missing_ok=True)
    note_of(part).unlink(missing_ok=True)


def _resumable(part: Path, remote: Remote) -> int:
    """Return how many bytes of an earlier attempt can be kept."""
    have = size_of(part) or 0
    too_long = remote.bytes is not None and have > remote.bytes
    note = _note(part)
    same_file = note.get("url") == remote.url and note.get("etag")
    # without a hash to check the whole against, only an unchanged ETag proves that
    # both halves belong together
    if have and (too_long or not (remote.sha256 or same_file)):
        discard(part)
        return 0
    if have and note.get("url") != remote.url:
        note_of(part).unlink(missing_ok=True)
    return have


def _prepare(
    part: Path, remote: Remote, headers: Mapping[str, str], total: int | None
) -> None:
    part.parent.mkdir(parents=True, exist_ok=True)
    if total is not None:
        check_room(part.parent, max(0, total - (size_of(part) or 0)))
    note = {"url": remote.url, "etag": strong_etag(headers)}
    write_json(note_of(part), note)


def _note(part: Path) -> dict[str, str]:
    return read_json(note_of(part))


def _write(file: BinaryIO, chunk: bytes, part: Path) -> None:
    try:
        file.write(chunk)
    except OSError as err:
        raise _full(err, part) from err


def _close(file: BinaryIO, part: Path) -> None:
    try:
        file.close()
    except OSError as err:
        raise _full(err, part) from err


def _full(err: OSError, part: Path) -> DownloadError:
    # a part that fills the disk is worth less than a machine that still works
    discard(part)
    return disk_error(err, part)


def _vanished(done: int, total: int | None, err: Exception) -> SourceUnreachableError:
    whole = "" if total is None else f" of {total}"
    return SourceUnreachableError(
        f"the connection was lost after {done}{whole} bytes ({_reason(err)}); "
        f"what came is kept, start again to go on from there"
    )


def _reason(err: BaseException) -> str:
    if isinstance(err, TimeoutError):
        return "no answer in time"
    cause = getattr(err, "os_error", None)
    text = (cause.strerror if cause is not None else None) or str(err)
    return text.splitlines()[0] if text else type(err).__name__
