"""A small Immich: its public API for photos, descriptions and tags, in memory."""

from collections import Counter
from dataclasses import dataclass, field

from aiohttp import web
from aiohttp.test_utils import TestServer

KEY = "an immich key"


@dataclass
class FakeAsset:
    id: str
    photo: bytes
    description: str = ""
    checksum: str = "c1"
    tags: set[str] = field(default_factory=set)

    def to_dict(self) -> dict:
        return {
            "id": self.id,
            "type": "IMAGE",
            "originalFileName": f"{self.id}.jpg",
            "checksum": self.checksum,
            "exifInfo": {"description": self.description, "make": None},
        }


class FakeImmich:
    """Answers like the documentation says; `failing` answers fail first."""

    def __init__(self):
        self.assets: dict[str, FakeAsset] = {}
        self.tags: dict[str, str] = {}
        self.requests: Counter[str] = Counter()
        self.written: Counter[str] = Counter()
        self.failing: list[int] = []
        self.before_write = lambda asset: None
        self.page_size = 1000
        self.app = web.Application(middlewares=[self._gate])
        self.app.add_routes(
            [
                web.post("/api/search/metadata", self._search),
                web.get("/api/assets/{id}", self._get),
                web.put("/api/assets/{id}", self._put),
                web.get("/api/assets/{id}/thumbnail", self._thumbnail),
                web.put("/api/tags", self._upsert_tags),
                web.put("/api/tags/{id}/assets", self._tag),
            ]
        )
        self.server = TestServer(self.app)

    @property
    def url(self) -> str:
        return str(self.server.make_url("")).rstrip("/")

    def add(self, name: str, photo: bytes, description: str = "") -> FakeAsset:
        asset = self.assets[name] = FakeAsset(name, photo, description)
        return asset

    @web.middleware
    async def _gate(self, request, handler):
        self.requests[f"{request.method} {request.path.split('/')[2]}"] += 1
        if request.headers.get("x-api-key") != KEY:
            return web.json_response({"message": "Invalid API key"}, status=401)
        if self.failing:
            return web.json_response({"message": "busy"}, status=self.failing.pop())
        return await handler(request)

    async def _search(self, request):
        wanted = await request.json()
        assert wanted["type"] == "IMAGE"
        assert wanted["withExif"] is True
        assert 1 <= wanted["size"] <= 1000
        size = min(wanted["size"], self.page_size)
        start = (wanted["page"] - 1) * size
        every = list(self.assets.values())
        items = every[start : start + size]
        following = str(wanted["page"] + 1) if start + size < len(every) else None
        found = {
            "total": len(items),
            "count": len(items),
            "items": [asset.to_dict() for asset in items],
            "facets": [],
            "nextPage": following,
        }
        albums = {"total": 0, "count": 0, "items": [], "facets": []}
        return web.json_response({"albums": albums, "assets": found})

    def _asset(self, request) -> FakeAsset:
        try:
            return self.assets[request.match_info["id"]]
        except KeyError:
            raise web.HTTPBadRequest(
                text='{"message": "Not found or no asset.read access"}',
                content_type="application/json",
            ) from None

    async def _get(self, request):
        return web.json_response(self._asset(request).to_dict())

    async def _put(self, request):
        asset = self._asset(request)
        body = await request.json()
        assert set(body) == {"description"}
        asset.description = body["description"]
        self.written[asset.id] += 1
        self.before_write(asset)
        return web.json_response(asset.to_dict())

    async def _thumbnail(self, request):
        assert request.query["size"] == "preview"
        asset = self._asset(request)
        return web.Response(body=asset.photo, content_type="image/jpeg")

    async def _upsert_tags(self, request):
        values = (await request.json())["tags"]
        made = []
        for value in values:
            tag_id = next((i for i, v in self.tags.items() if v == value), None)
            tag_id = tag_id or f"tag-{len(self.tags)}"
            self.tags[tag_id] = value
            made.append({"id": tag_id, "value": value, "name": value.split("/")[-1]})
        return web.json_response(made)

    async def _tag(self, request):
        value = self.tags[request.match_info["id"]]
        ids = (await request.json())["ids"]
        for asset_id in ids:
            self.assets[asset_id].tags.add(value)
        return web.json_response([{"id": i, "success": True} for i in ids])
