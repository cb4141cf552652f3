"""A runtime that says what a test tells it to; the contract tests use the real one."""

import asyncio
from copy import deepcopy
import json
from typing import Any

from aiohttp import web

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
    "0000000c49444154789c63f8cfc0000003010100c9fe92ef0000000049454e44ae426082"
)
_INFO: dict[str, Any] = {
    "name": "edge-captions",
    "version": "0.1.0",
    "api_version": 1,
    "min_api_version": 1,
}
_MACHINE: dict[str, Any] = {
    "hardware": {"cpu": {"arch": "aarch64"}},
    "selection": {
        "tasks": [{"task": "image-to-text", "running": {"model": "tiny-captioner"}}]
    },
    "runners": [
        {"model_id": "tiny-captioner", "state": "ready", "rss_bytes": 100 * 2**20},
        {"model_id": "imaging", "state": "ready", "rss_bytes": 20 * 2**20},
    ],
}
_STATS: dict[str, Any] = {
    "uptime_s": 5.0,
    "rss_bytes": 50 * 2**20,
    "jobs": {"model": {"waiting": 2, "running": 1}},
    "counters": {"captions_answered": 7, "seconds_captioning": 3.5},
    "stored": {"photos": 40, "photos_pending": 3},
    "settings": {"language": "en"},
}
CAPTION: dict[str, Any] = {
    "id": "01CAPTION",
    "caption": "A black dog is running on the grass.",
    "language": "en",
    "model": "tiny-captioner",
    "verdict": "sure",
    "doubted": [],
    "image_text_score": 0.91,
    "origin": "model",
    "phase": "final",
    "photo_id": "01PHOTO",
    "seconds": 0.4,
    "notes": [],
}
ANSWER: dict[str, Any] = {
    "id": "01ANSWER",
    "answer": "Two cars.",
    "data": None,
    "language": "en",
    "model": "qwen3-vl-2b-instruct",
    "verdict": "unchecked",
    "origin": "model",
    "photo_id": None,
    "seconds": 9.5,
    "notes": ["an answer is not checked against the photo"],
}
MODEL: dict[str, Any] = {
    "id": "qwen3-vl-2b-instruct",
    "title": "Qwen3-VL 2B Instruct",
    "task": "image-to-text",
    "family": "vision_chat",
    "answers_questions": True,
    "download_bytes": 1_550_000_000,
    "state": "missing",
    "runner": "stopped",
    "fit": "recommended",
    "reasons": [],
}
EMBEDDED: dict[str, Any] = {
    "id": "tiny-captioner",
    "title": "Tiny captioner",
    "task": "image-to-text",
    "family": "encoder_decoder",
    "answers_questions": False,
    "state": "installed",
    "runner": "ready",
    "fit": "running",
    "reasons": [],
}

SHELVES: dict[str, list[dict[str, Any]]] = {
    "albums": [{"id": "01ALBUM", "kind": "user", "name": "Lake / 2026", "photos": 1}],
    "months": [{"month": "2026-11", "photos": 2}],
    "places": [{"name": "São Paulo", "photos": 1}],
    "sources": [
        {
            "id": "01FOLDER",
            "kind": "library",
            "name": "Photos",
            "path": "/photos",
            "counts": {"photos": 40, "undescribed": 12, "pending": 3},
            "status": {"online": True, "problem": ""},
        },
        {"id": "01YARD", "kind": "camera", "name": "camera.yard"},
    ],
    "tags": [{"name": "dogs", "display": "Dogs", "photos": 3}],
}

_POLLED = frozenset({"stats", "models", "sources"})


class FakeRuntime:
    """Answers the routes that the integration uses, and notes what it was asked."""

    def __init__(self) -> None:
        self.url = ""
        self.id = "01M85AH86CZGA9TNTC5222FTW7"
        self.token: str | None = "ec_good"
        self.scope = "write"
        self.info = deepcopy(_INFO)
        self.stats = deepcopy(_STATS)
        self.machine = deepcopy(_MACHINE)
        self.selection = self.machine["selection"]["tasks"][0]
        self.caption = deepcopy(CAPTION)
        self.answer: dict[str, Any] | None = None
        """What is answered to questions; None: no model there can."""
        self.models = [deepcopy(EMBEDDED), deepcopy(MODEL)]
        self.photos = [{"id": "01PHOTO", "words": "A black dog.", "taken_at": None}]
        self.shelves: dict[str, list[dict[str, Any]]] = deepcopy(SHELVES)
        self.error: tuple[int, dict[str, Any]] | None = None
        """Answer of everything but info and stats."""
        self.cut = False
        """Whether the connection breaks before there is an answer."""
        self.raw: web.Response | None = None
        """Answer of everything, as it is."""
        self.asked: list[tuple[str, str, Any]] = []
        self.forms: list[dict[str, Any]] = []
        self.event_ids: list[str | None] = []
        self.streams: list[asyncio.Queue[bytes | None]] = []
        self.pairing_state = "pending"

    def app(self) -> web.Application:
        app = web.Application(client_max_size=80 * 2**20)
        app.router.add_get("/health", lambda _: web.json_response({"status": "ok"}))
        app.router.add_route("*", "/{path:.*}", self._handle)
        return app

    def of(self, path: str) -> list[Any]:
        """Return the bodies of what was asked at a path."""
        return [body for _, where, body in self.asked if where == path]

    def tell(self, kind: str, data: dict[str, Any], number: int | None = None) -> None:
        """Send an event to everybody who follows."""
        head = "" if number is None else f"id: {number}\n"
        text = f"{head}event: {kind}\ndata: {json.dumps(data)}\n\n"
        for stream in self.streams:
            stream.put_nowait(text.encode())

    def stop_streams(self) -> None:
        for stream in self.streams:
            stream.put_nowait(None)

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        if self.raw is not None:
            raw, self.raw = self.raw, None
            return raw
        path = request.match_info["path"].removeprefix("api/v1/")
        header = request.headers.get("Authorization", "").removeprefix("Bearer ")
        allowed = self.token is None or header == self.token
        public = path == "info" or path.startswith("pairings")
        if (header and not allowed) or not (allowed or public):
            return _error(401, "unauthorized", "the token is unknown")
        if path == "info":
            return web.json_response(self._info(allowed=allowed))
        if path == "events":
            return await self._stream(request)
        if path in _POLLED and (path == "stats" or self.error is None):
            return web.json_response(self._status(path))
        return await self._work(request, path)

    def _status(self, path: str) -> dict[str, Any]:
        """Return what is asked for every minute; it is not noted."""
        if path == "stats":
            return self.stats
        items = self.models if path == "models" else self.shelves["sources"]
        return {"items": items}

    async def _work(self, request: web.Request, path: str) -> web.StreamResponse:
        body: Any = dict(request.query)
        if request.content_type == "application/json" and request.can_read_body:
            body = await request.json()
        elif request.content_type == "multipart/form-data":
            form = await request.post()
            body = {
                key: value if isinstance(value, str) else value.file.read()
                for key, value in form.items()
            }
            self.forms.append(body)
        self.asked.append((request.method, path, body))
        if self.cut and request.transport is not None:
            request.transport.abort()
        if self.error is not None:
            status, error = self.error
            headers = {"Retry-After": "7"} if status == 429 else None
            return web.json_response({"error": error}, status=status, headers=headers)
        return self._answer(request.method, path, body)

    def _answer(  # noqa: C901, PLR0911, PLR0912 - one line per route
        self, method: str, path: str, body: Any
    ) -> web.StreamResponse:
        first, _, rest = path.partition("/")
        written = {"photo_id": "01PHOTO", "language": "en", "text": "Rex"}
        match first, rest.rpartition("/")[2]:
            case "captions", _:
                return web.json_response(self.caption)
            case "answers", _:
                if self.answer is None:
                    return _error(409, "model_cannot_answer", "none can; get one")
                return web.json_response(self.answer)
            case "photos", "caption":
                return web.json_response({**written, "text": body["text"]})
            case "photos", "thumbnail":
                return web.Response(body=PNG, content_type="image/webp")
            case "photos", _:
                return self._photos(body)
            case "sources", ("scan" | "caption"):
                return web.json_response({"id": "01JOB", "state": "queued"}, status=202)
            case "selection", _:
                self.selection["pinned"] = body["model"].replace("auto", "") or None
                return web.json_response({"tasks": []})
            case (("albums" | "months" | "places" | "sources" | "tags"), _):
                return web.json_response({"items": self.shelves[first]})
            case "suggestions", ("accept" | "edit"):
                return web.json_response({"suggestion": {}, "caption": written})
            case "models", "download":
                return web.json_response({"id": "01JOB", "state": "queued"}, status=202)
            case "models", "unload":
                return web.Response(status=204)
            case "models", _:
                return web.json_response({"items": self.models})
            case "pairings", _:
                return self._pair(method)
        return _error(404, "not_found", "nothing here")

    def _photos(self, query: Any) -> web.StreamResponse:
        """Return the photos in pages of one, so that clients have to go on."""
        number = int(query.get("cursor", 0))
        more = number + 1 < len(self.photos)
        items = self.photos[number : number + 1]
        if "q" in query:
            match = {"field": "caption", "text": "a dog", "highlights": []}
            items = [{**photo, "match": match} for photo in items]
        cursor = str(number + 1) if more else None
        return web.json_response({"items": items, "next_cursor": cursor})

    def _pair(self, method: str) -> web.StreamResponse:
        pairing = {
            "id": "01PAIR",
            "code": "KTB-472",
            "name": "Home",
            "state": "pending",
        }
        if method == "POST":
            return web.json_response({**pairing, "secret": "s3cret"}, status=201)
        if self.pairing_state == "denied":
            return _error(404, "pairing_not_found", "no such pairing")
        token = self.token if self.pairing_state == "approved" else None
        return web.json_response({**pairing, "token": token})

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        self.event_ids.append(request.headers.get("Last-Event-ID"))
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        await response.write(b"retry: 3000\n\nid: 1\nevent: ready\ndata: {}\n\n:\n\n")
        stream: asyncio.Queue[bytes | None] = asyncio.Queue()
        self.streams.append(stream)
        try:
            while (chunk := await stream.get()) is not None:
                await response.write(chunk)
        finally:
            self.streams.remove(stream)
        return response

    def _info(self, *, allowed: bool) -> dict[str, Any]:
        scope = self.scope if allowed else "none"
        info = {**self.info, "id": self.id, "authorized": allowed, "scope": scope}
        return {**info, **self.machine} if allowed else info


def _error(status: int, code: str, message: str) -> web.Response:
    return web.json_response(
        {"error": {"code": code, "message": message}}, status=status
    )
