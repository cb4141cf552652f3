"""A small client of the runtime's HTTP API; it knows nothing of Home Assistant."""

from collections.abc import AsyncIterator, Mapping
from typing import Any, Final
from urllib.parse import quote

from aiohttp import (
    ClientConnectionError,
    ClientError as AiohttpError,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    FormData,
)

from .caption_options import CaptionOptions
from .client_errors import (
    AuthError,
    BusyError,
    CannotConnectError,
    ClientError,
    NotEdgeCaptionsError,
    RefusedError,
    TimedOutError,
)
from .questions import PictureAnswer, Question
from .records import (
    CAPTIONING,
    Caption,
    Info,
    Json,
    Model,
    PairingRequest,
    Photo,
    Shelf,
    Source,
    Stats,
)
from .server_sent import ServerSentEvent, read_events
from .versions import API_VERSION, MIN_API_VERSION, check_versions

_QUICK_S: Final = 10.0
_SILENCE_S: Final = 45.0
"""The runtime sends a heartbeat every 15 s; without three the stream is dead."""
_PAIRING_SECRET: Final = "X-Pairing-Secret"  # noqa: S105 - a header's name
OPENED: Final = "opened"
"""Type of the first event of a stream: the runtime is there. It comes from here."""
_NO_ANSWER: Final = 204
_PAGE: Final = 200
"""Most items that the runtime puts into one list."""
_PICTURE_S: Final = 60.0
_PART: Final = 64 * 1024
_SHELF_KEYS: Final = {
    "albums": ("id", "name"),
    "months": ("month", "month"),
    "places": ("name", "name"),
    "sources": ("id", "name"),
    "tags": ("name", "display"),
}
"""What identifies a shelf and what stands on it, by the list that it is in."""
_UNAUTHORIZED: Final = frozenset({401, 403})
_AUTH_CODES: Final = frozenset({"unauthorized", "forbidden"})
_TOO_MANY: Final = 429


class RuntimeClient:
    """Talks to one runtime; every method raises ClientError and nothing else."""

    def __init__(
        self,
        session: ClientSession,
        url: str,
        token: str | None = None,
        *,
        caption_timeout_s: float = 300.0,
    ) -> None:
        self._session = session
        self.url = url.rstrip("/")
        self._token = token
        self._caption_timeout_s = caption_timeout_s

    async def info(self) -> Info:
        """Return what the runtime is; raise VersionError if the sides don't match."""
        info = Info.from_json(await self._ask("GET", "info"))
        check_versions(info)
        return info

    async def stats(self) -> Stats:
        """Return what it did so far."""
        return Stats.from_json(await self._ask("GET", "stats"))

    async def caption(
        self, picture: bytes, name: str, options: CaptionOptions
    ) -> Caption:
        """Describe a picture; waits as long as the slowest machine needs."""
        answer = await self._look("captions", options.to_form(), picture, name)
        return _parsed(Caption, answer)

    async def caption_photo(self, photo_id: str, options: CaptionOptions) -> Caption:
        """Describe a photo of the runtime's library."""
        fields = {"photo_id": photo_id, **options.to_form()}
        return _parsed(Caption, await self._look("captions", fields))

    async def ask(self, picture: bytes, name: str, question: Question) -> PictureAnswer:
        """Let a model answer a question about a picture."""
        answer = await self._look("answers", question.to_form(), picture, name)
        return _parsed(PictureAnswer, answer)

    async def ask_photo(self, photo_id: str, question: Question) -> PictureAnswer:
        """Let a model answer a question about a photo of the runtime's library."""
        fields = {"photo_id": photo_id, **question.to_form()}
        return _parsed(PictureAnswer, await self._look("answers", fields))

    async def _look(
        self, path: str, fields: Mapping[str, str], picture: bytes = b"", name: str = ""
    ) -> Json:
        form = FormData(fields, default_to_multipart=True)
        if picture:
            form.add_field(
                "file", picture, filename=name, content_type="application/octet-stream"
            )
        return await self._ask(
            "POST", path, form=form, timeout_s=self._caption_timeout_s
        )

    async def get_caption(self, caption_id: str) -> Caption:
        """Return a caption as it is by now."""
        answer = await self._ask("GET", f"captions/{quote(caption_id, safe='')}")
        return _parsed(Caption, answer)

    async def photos(
        self, wanted: Mapping[str, str], limit: int = _PAGE
    ) -> list[Photo]:
        """Return the newest photos of a shelf, or those that have all words of `q`."""
        found: list[Photo] = []
        query: dict[str, str | int] = dict(wanted)
        while len(found) < limit:
            query["limit"] = min(limit - len(found), _PAGE)
            answer = await self._ask("GET", "photos", query=query)
            found += [_parsed(Photo, item) for item in answer["items"]]
            if answer.get("next_cursor") is None:
                break
            query["cursor"] = str(answer["next_cursor"])
        return found

    async def shelves(self, kind: str) -> list[Shelf]:
        """Return the albums, tags, places, months or sources of the library."""
        query = {"limit": _PAGE} if kind == "tags" else None
        items = (await self._ask("GET", kind, query=query))["items"]
        if kind == "sources":
            items = [item for item in items if item["kind"] == "camera"]
        key, title = _SHELF_KEYS[kind]
        return [
            Shelf(str(item[key]), str(item[title]), item.get("photos"))
            for item in items
        ]

    async def thumbnail(self, photo_id: str, size: int) -> AsyncIterator[bytes]:
        """Give the parts of a photo's small picture, a WebP, as they come."""
        where = f"{self.url}/api/v1/photos/{quote(photo_id, safe='')}/thumbnail"
        timeout = ClientTimeout(total=_PICTURE_S, connect=_QUICK_S)
        try:
            async with self._session.get(
                where, params={"size": size}, headers=self._headers(), timeout=timeout
            ) as response:
                await _raise_for(response)
                async for part in response.content.iter_chunked(_PART):
                    yield part
        except (TimeoutError, AiohttpError) as err:
            raise CannotConnectError(str(err) or "the picture did not come") from err

    async def suggestions(self, photo_id: str) -> list[Json]:
        """Return what was suggested for a photo, the newest first."""
        query = {"photo_id": photo_id, "state": "pending", "cameras": "true"}
        return list((await self._ask("GET", "suggestions", query=query))["items"])

    async def accept(self, suggestion_id: str, text: str | None = None) -> Json:
        """Make a suggestion its photo's caption, in other words if some are given."""
        where = f"suggestions/{quote(suggestion_id, safe='')}"
        if text is None:
            return await self._ask("POST", f"{where}/accept")
        return await self._ask("POST", f"{where}/edit", body={"text": text})

    async def write_caption(
        self, photo_id: str, text: str, language: str | None
    ) -> Json:
        """Make a person's words a photo's caption."""
        body = {"text": text, **({"language": language} if language else {})}
        where = f"photos/{quote(photo_id, safe='')}/caption"
        return await self._ask("PUT", where, body=body)

    async def sources(self) -> list[Source]:
        """Return where photos come from."""
        answer = await self._ask("GET", "sources")
        return [_parsed(Source, item) for item in answer["items"]]

    async def scan(self, source_id: str) -> Json:
        """Look for new photos in a folder now; return the job."""
        where = f"sources/{quote(source_id, safe='')}/scan"
        return await self._ask("POST", where, body={})

    async def caption_source(self, source_id: str, wanted: Json) -> Json:
        """Describe a folder's photos that nobody has described; return the job."""
        where = f"sources/{quote(source_id, safe='')}/caption"
        return await self._ask("POST", where, body=wanted)

    async def choose_captioner(self, model_id: str) -> None:
        """Take a captioner; `auto` leaves it to the runtime."""
        body = {"task": CAPTIONING, "model": model_id}
        await self._ask("PUT", "selection", body=body)

    async def models(self) -> list[Model]:
        """Return every model that the runtime knows."""
        answer = await self._ask("GET", "models")
        return [_parsed(Model, item) for item in answer["items"]]

    async def download(
        self, model_id: str, *, accept_license: bool, confirm: bool
    ) -> Json:
        """Start a model's download; return the job."""
        body = {"accept_license": accept_license, "confirm": confirm}
        where = f"models/{quote(model_id, safe='')}/download"
        return await self._ask("POST", where, body=body)

    async def unload(self, model_id: str) -> None:
        """Give a model's memory back."""
        await self._ask("POST", f"models/{quote(model_id, safe='')}/unload")

    async def open_pairing(self, name: str) -> PairingRequest:
        """Ask for a token; a person approves the code on the runtime's side."""
        answer = await self._ask("POST", "pairings", body={"name": name})
        return _parsed(PairingRequest, answer)

    async def claim_token(self, pairing: PairingRequest) -> str | None:
        """Return the token once the pairing is approved, None before."""
        where = f"pairings/{pairing.id}"
        headers = {_PAIRING_SECRET: pairing.secret}
        return (await self._ask("GET", where, headers=headers)).get("token")

    async def events(self, last_id: str | None) -> AsyncIterator[ServerSentEvent]:
        """Follow what happens there, from OPENED until the connection ends."""
        headers = self._headers()
        if last_id is not None:
            headers["Last-Event-ID"] = last_id
        timeout = ClientTimeout(total=None, connect=_QUICK_S, sock_read=_SILENCE_S)
        try:
            async with self._session.get(
                f"{self.url}/api/v1/events", headers=headers, timeout=timeout
            ) as response:
                await _raise_for(response)
                yield ServerSentEvent(OPENED, {}, None)
                async for event in read_events(response.content.iter_any()):
                    yield event
        except (TimeoutError, AiohttpError, ValueError) as err:
            raise CannotConnectError(str(err) or "the stream was silent") from err

    async def _ask(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str | int] | None = None,
        body: Json | None = None,
        form: FormData | None = None,
        headers: Mapping[str, str] | None = None,
        timeout_s: float = _QUICK_S,
    ) -> Json:
        try:
            async with self._session.request(
                method,
                f"{self.url}/api/v1/{path}",
                params=query,
                json=body,
                data=form,
                headers={**self._headers(), **(headers or {})},
                timeout=ClientTimeout(total=timeout_s, connect=_QUICK_S),
                allow_redirects=False,
            ) as response:
                await _raise_for(response)
                if response.status == _NO_ANSWER:
                    return {}
                return await _json(response)
        except TimeoutError as err:
            raise TimedOutError(f"no answer within {timeout_s:g} s") from err
        except ClientConnectionError as err:
            raise CannotConnectError(str(err)) from err
        except AiohttpError as err:  # a broken answer: no HTTP, a cut body
            raise NotEdgeCaptionsError(str(err)) from err

    def _headers(self) -> dict[str, str]:
        headers = {"X-Requested-With": "Home Assistant"}
        if self._token is not None:
            headers["Authorization"] = f"Bearer {self._token}"
        return headers


async def _json(response: ClientResponse) -> dict[str, Any]:
    try:
        data = await response.json(content_type=None)
    except ValueError as err:
        raise NotEdgeCaptionsError("the answer is no JSON") from err
    if not isinstance(data, dict):
        raise NotEdgeCaptionsError("the answer is no JSON object")
    return data


async def _raise_for(response: ClientResponse) -> None:
    """Raise what the runtime's error envelope says."""
    if response.ok and response.status < 300:  # noqa: PLR2004 - redirects are not ours
        return
    try:
        error = (await _json(response))["error"]
        code, message = str(error["code"]), str(error["message"])
    except (KeyError, TypeError, NotEdgeCaptionsError) as err:
        raise NotEdgeCaptionsError(f"the answer is HTTP {response.status}") from err
    if response.status in _UNAUTHORIZED and code in _AUTH_CODES:
        raise AuthError(message)
    if response.status == _TOO_MANY:
        wait = response.headers.get("Retry-After", "")
        raise BusyError(message, code, float(wait) if wait.isdigit() else 1.0)
    raise RefusedError(message, code)


def _parsed[T: (Caption, PairingRequest, Model, Photo, PictureAnswer, Source)](
    kind: type[T], data: Json
) -> T:
    try:
        return kind.from_json(data)
    except (KeyError, TypeError, ValueError) as err:
        raise NotEdgeCaptionsError(f"the answer lacks something: {err!r}") from err


__all__ = [
    "API_VERSION",
    "MIN_API_VERSION",
    "CaptionOptions",
    "ClientError",
    "RuntimeClient",
    "check_versions",
]
