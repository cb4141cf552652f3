"""The one downloader: bytes over HTTP into a `.part` file that can be continued."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
import contextlib
from dataclasses import dataclass
from functools import partial
import hashlib
import logging
from pathlib import Path
from typing import Final
from urllib.request import getproxies, proxy_bypass

import aiohttp
from yarl import URL

from edge_runtime import __version__

from ..const import APP_NAME, MIB
from ..errors import DownloadError, SizeMismatchError, SourceUnreachableError
from ..manifest.addresses import without_secrets
from ..tls import trusted
from .files import check_room, note_of, read_json, size_of, write_json
from .reach import ReachMemory
from .records import Patience
from .resolver import DaemonResolver
from .responses import (
    LINKED_SIZE,
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
_RESUMES_RENEWED_BY: Final = 8 * MIB
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
    connector = aiohttp.TCPConnector(
        resolver=DaemonResolver(), force_close=True, ssl=await trusted()
    )
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

        A lost connection is taken up again while bytes arrive, up to three times for
        every 8 MiB of them.
        """
        resumes, restarted, renewed_at = 0, False, size_of(part) or 0
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
                if after - renewed_at >= _RESUMES_RENEWED_BY:
                    resumes, renewed_at = 0, after
                if after <= before or resumes == _MAX_RESUMES:
                    raise _vanished(after, remote.bytes, err) from err
                resumes += 1
                _LOGGER.debug("%s: resuming at %d bytes (%s)", part, after, err)
                await asyncio.sleep(self._patience.backoff_s * 2 ** (resumes - 1))

    async def read(
        self, url: str, accept: str, headers: Mapping[str, str] | None = None
    ) -> tuple[bytes, str]:
        """Return the body and the content type of a small document."""
        opened = await self._open(parse_url(url), {"Accept": accept, **(headers or {})})
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

    async def head(self, remote: Remote) -> tuple[int, Mapping[str, str]]:
        """Return status and headers of a file that is not wanted itself."""
        url = parse_url(remote.url, encoded=True)
        opened = await self._open(url, remote.headers, "HEAD")
        async with opened.response as response:
            return response.status, response.headers

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
        opened = await self._open(parse_url(remote.url, encoded=True), headers)
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
                await in_thread(partial(file.write, chunk))
                report(done)
        finally:
            await in_thread(file.close)
        return done

    async def _open(
        self, url: URL, headers: Mapping[str, str], method: str = "GET"
    ) -> _Opened:
        """Follow redirects by hand: secrets stay with the server they are meant for."""
        origin, own, sha256 = url.origin(), dict(headers), None
        # one that takes the connection and then stays silent is as good as away; a
        # server that was redirected to may have to look for the file first
        wait_s = self._patience.connect_s
        for _ in range(_MAX_REDIRECTS):
            response = await self._ask(method, url, own, wait_s)
            wait_s = self._patience.stall_s
            sha256 = sha256 or linked_sha256(response.headers)
            location = response.headers.get("Location")
            told = method == "HEAD" and LINKED_SIZE in response.headers
            if response.status not in _REDIRECTS or not location or told:
                return _Opened(response, sha256)
            response.close()
            target = _redirected(url, location)
            if target.scheme not in {"https", url.scheme}:
                raise DownloadError(f"{url.host} redirects to an unsafe address")
            if target.origin() != origin:
                own.pop("Authorization", None)
                own.pop("authorization", None)
            url = target
        raise DownloadError(f"{url.host} redirects in a circle")

    async def _ask(
        self, method: str, url: URL, headers: Mapping[str, str], wait_s: float
    ) -> aiohttp.ClientResponse:
        origin = str(url.origin())
        await in_thread(lambda: self._memory.check(origin))
        try:
            async with asyncio.timeout(wait_s):
                response = await self._session.request(
                    method,
                    url,
                    headers=headers,
                    allow_redirects=False,
                    proxy=_proxy_for(url),
                )
        except (aiohttp.ClientConnectionError, TimeoutError) as err:
            reason = _reason(err)
            if isinstance(err, aiohttp.ClientConnectorError | TimeoutError):
                await in_thread(lambda: self._memory.remember(origin, reason))
            raise SourceUnreachableError(
                f"{origin} can't be reached ({reason})"
            ) from err
        except (aiohttp.ClientError, ValueError) as err:
            raise DownloadError(
                f"{origin} gives no proper answer ({_reason(err)})"
            ) from err
        await in_thread(lambda: self._memory.forget(origin))
        return response


def parse_url(text: str, *, encoded: bool = False) -> URL:
    """Return an address, or raise DownloadError if it is none."""
    try:
        url = URL(text, encoded=encoded)
        str(url.origin())  # some faults are found only when the parts are needed
    except ValueError:
        message = f"'{without_secrets(text)}' is no address of a server"
        raise DownloadError(message) from None
    return url


def _redirected(url: URL, location: str) -> URL:
    try:
        target = url.join(URL(location, encoded=True))
        str(target.origin())
    except ValueError:
        raise DownloadError(f"{url.host} redirects to no proper address") from None
    return target


def _proxy_for(url: URL) -> str | None:
    # aiohttp's own way to the environment's proxies brings ~/.netrc along, which
    # clashes with a token and would send logins that nobody asked for
    if url.host is None or proxy_bypass(url.host):
        return None
    proxy = getproxies().get(url.scheme, "")
    return proxy if proxy.startswith("http") else None


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
    same_url = note.get("url_sha256") == _fingerprint(remote)
    same_file = same_url and note.get("etag")
    # without a hash to check the whole against, only an unchanged ETag proves that
    # both halves belong together
    if have and (too_long or not (remote.sha256 or same_file)):
        discard(part)
        return 0
    if have and not same_url:
        note_of(part).unlink(missing_ok=True)
    return have


def _prepare(
    part: Path, remote: Remote, headers: Mapping[str, str], total: int | None
) -> None:
    part.parent.mkdir(parents=True, exist_ok=True)
    if total is not None:
        check_room(part.parent, max(0, total - (size_of(part) or 0)))
    note = {"url_sha256": _fingerprint(remote), "etag": strong_etag(headers)}
    write_json(note_of(part), note)


def _fingerprint(remote: Remote) -> str:
    # the address itself may hold a key, and the note is for everybody's eyes
    return hashlib.sha256(remote.url.encode()).hexdigest()


def _note(part: Path) -> dict[str, str]:
    return read_json(note_of(part))


def _vanished(done: int, total: int | None, err: Exception) -> SourceUnreachableError:
    whole = "" if total is None else f" of {total}"
    return SourceUnreachableError(
        f"the connection was lost after {done}{whole} bytes ({_reason(err)}); "
        f"what came is kept, start again to go on from there"
    )


def _reason(err: BaseException) -> str:
    if isinstance(err, TimeoutError):
        return "no answer in time"
    # the texts of these hold the whole address, and with it keys and logins
    if isinstance(err, aiohttp.ClientResponseError):
        return f"{type(err).__name__}, status {err.status}"
    if isinstance(err, ValueError):
        return type(err).__name__
    cause = getattr(err, "os_error", None)
    text = (cause.strerror if cause is not None else None) or str(err)
    return text.splitlines()[0] if text else type(err).__name__
