"""Immich's public API, as far as captioning its photos needs it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from aiohttp import (
    ClientError,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    ContentTypeError,
)

from ..const import MIB
from ..files import FileWriteError
from .errors import ConnectorError, ConnectorRefusedError, ConnectorSetupError

_TIMEOUT: Final = ClientTimeout(total=60, connect=10)
_LARGEST_PREVIEW: Final = 64 * MIB
_CHUNK: Final = 256 * 1024
WAITS_S: Final = (1.0, 5.0, 20.0)
"""Before each further attempt, where the server is away or has too much to do."""
_PASSING: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
_NOT_LET_IN: Final = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})


@dataclass(frozen=True, slots=True)
class ImmichAsset:
    """One photo of Immich."""

    id: str
    name: str
    checksum: str
    """Of its file: another one is another picture."""
    description: str

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "ImmichAsset":
        """Return the asset of an answer."""
        try:
            exif = data.get("exifInfo") or {}
            return cls(
                id=str(data["id"]),
                name=str(data.get("originalFileName") or data["id"]),
                checksum=str(data.get("checksum") or ""),
                description=str(exif.get("description") or "").strip(),
            )
        except (KeyError, AttributeError, TypeError):
            raise ConnectorError("Immich answered with an asset that is none") from None


@dataclass(frozen=True, slots=True)
class ImmichPage:
    """Some photos, and the number of the next page (None: these were the last)."""

    assets: tuple[ImmichAsset, ...]
    next_page: int | None


class ImmichClient:
    """Asks one Immich with one API key; waits where it is asked to."""

    def __init__(
        self,
        url: str,
        api_key: str,
        session: ClientSession,
        waits_s: Sequence[float] | None = None,
    ) -> None:
        base = url.rstrip("/").removesuffix("/api")
        self._api = f"{base}/api"
        self._headers = {"x-api-key": api_key, "Accept": "application/json"}
        self._session = session
        self._waits_s = WAITS_S if waits_s is None else waits_s

    async def page(self, number: int, size: int) -> ImmichPage:
        """Return a page of the photos, the oldest first."""
        wanted = {
            "type": "IMAGE",
            "page": number,
            "size": size,
            "order": "asc",
            "withExif": True,
        }
        answer = await self._ask("POST", "/search/metadata", wanted)
        try:
            found = answer["assets"]
            following = found.get("nextPage")
            assets = tuple(ImmichAsset.from_dict(item) for item in found["items"])
            return ImmichPage(assets, None if following is None else int(following))
        except (KeyError, TypeError, ValueError, AttributeError):
            raise ConnectorError("Immich answered with a page that is none") from None

    async def asset(self, asset_id: str) -> ImmichAsset:
        """Return a photo as it is now."""
        return ImmichAsset.from_dict(await self._ask("GET", f"/assets/{asset_id}"))

    async def describe(self, asset_id: str, text: str) -> None:
        """Write a photo's description."""
        await self._ask("PUT", f"/assets/{asset_id}", {"description": text})

    async def tag(self, asset_id: str, tags: Sequence[str]) -> None:
        """Give a photo tags; those that are lacking are made."""
        made = await self._ask("PUT", "/tags", {"tags": list(tags)})
        try:
            ids = [str(tag["id"]) for tag in made]
        except (KeyError, TypeError):
            raise ConnectorError("Immich answered with a tag that is none") from None
        for tag_id in ids:
            await self._ask("PUT", f"/tags/{tag_id}/assets", {"ids": [asset_id]})

    async def save_preview(self, asset_id: str, path: Path) -> None:
        """Write a photo's preview to a file."""

        async def save(response: ClientResponse) -> None:
            await _copy(response, path)

        where = f"/assets/{asset_id}/thumbnail"
        await self._attempts("GET", where, save, params={"size": "preview"})

    async def _ask(
        self, method: str, path: str, body: Mapping[str, Any] | None = None
    ) -> Any:
        async def read(response: ClientResponse) -> Any:
            if response.status == HTTPStatus.NO_CONTENT:
                return None
            try:
                return await response.json()
            except (ValueError, ContentTypeError):
                raise ConnectorError(
                    f"{self._api} answers, and not as Immich"
                ) from None

        options: dict[str, Any] = {} if body is None else {"json": body}
        return await self._attempts(method, path, read, **options)

    async def _attempts(
        self,
        method: str,
        path: str,
        read: Callable[[ClientResponse], Awaitable[Any]],
        **options: Any,
    ) -> Any:
        """Return what a good answer reads as; what may pass is tried again."""
        problem = ""
        for wait_s in (*self._waits_s, None):
            try:
                async with self._session.request(
                    method,
                    f"{self._api}{path}",
                    headers=self._headers,
                    timeout=_TIMEOUT,
                    **options,
                ) as response:
                    if response.status < HTTPStatus.MULTIPLE_CHOICES:
                        return await read(response)
                    problem = await _problem(response)
                    if response.status not in _PASSING:
                        raise _refusal(response.status, problem)
            except (ClientError, OSError, TimeoutError) as err:
                problem = f"Immich can't be reached: {err or type(err).__name__}"
            if wait_s is None:
                break
            await asyncio.sleep(wait_s)
        raise ConnectorError(problem)


def _refusal(status: int, problem: str) -> ConnectorError:
    if status in _NOT_LET_IN:
        return ConnectorSetupError(
            f"{problem}: the API key needs asset.read, asset.view and asset.update, "
            "for tags also tag.create and tag.asset"
        )
    return ConnectorRefusedError(problem)


async def _problem(response: ClientResponse) -> str:
    try:
        said = (await response.json()).get("message", "")
    except (ValueError, AttributeError, ContentTypeError):
        said = ""
    return f"Immich answered {response.status} {said}".strip()[:300]


async def _copy(response: ClientResponse, path: Path) -> None:
    try:
        with await asyncio.to_thread(path.open, "wb") as file:
            size = 0
            async for chunk in response.content.iter_chunked(_CHUNK):
                size += len(chunk)
                if size > _LARGEST_PREVIEW:
                    raise ConnectorRefusedError("Immich's preview is too large")
                await asyncio.to_thread(file.write, chunk)
    except FileNotFoundError as err:
        raise FileWriteError(f"{path}: can't be written: {err.strerror}") from None
