"""What an owner does with Home Assistant, over its HTTP and websocket APIs."""

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
import time
from typing import Any

from aiohttp import ClientError, ClientSession

USER = {"name": "Owner", "username": "owner", "password": "testpass1", "language": "en"}
FLOWS = "/api/config/config_entries/flow"
SUBENTRY_FLOWS = "/api/config/config_entries/subentries/flow"
START_S = 240.0
EVENTUALLY_S = 60.0


class Owner:
    """Somebody who is signed in."""

    def __init__(self, session: ClientSession, url: str) -> None:
        self._session = session
        self.url = url
        self.tokens: dict[str, Any] = {}

    async def onboard(self) -> None:
        """Create the owner and go through the first steps."""
        await self.until_started()
        client = f"{self.url}/"
        user = await self.post("/api/onboarding/users", {"client_id": client, **USER})
        grant = {
            "client_id": client,
            "grant_type": "authorization_code",
            "code": user["auth_code"],
        }
        async with self._session.post(f"{self.url}/auth/token", data=grant) as response:
            self.tokens = await response.json()
        await self.post("/api/onboarding/analytics", {})
        redirect = {"client_id": client, "redirect_uri": client}
        await self.post("/api/onboarding/integration", redirect)
        await self.until_started()

    async def until_started(self) -> None:
        """Wait until Home Assistant answers and has set everything up."""
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            try:
                if await self._is_started():
                    return
            except (ClientError, OSError):
                pass
            await asyncio.sleep(0.3)
        raise AssertionError("Home Assistant did not start")

    async def call(self, method: str, path: str, data: Any = None) -> tuple[int, Any]:
        """Send a request; return the status and the decoded body."""
        headers = {}
        if self.tokens:
            headers["Authorization"] = f"Bearer {self.tokens['access_token']}"
        async with self._session.request(
            method, self.url + path, json=data, headers=headers
        ) as response:
            if response.content_type == "application/json":
                return response.status, await response.json()
            return response.status, await response.text()

    async def get(self, path: str) -> Any:
        return _good(path, *await self.call("GET", path))

    async def post(self, path: str, data: Any) -> Any:
        return _good(path, *await self.call("POST", path, data))

    async def act(self, action: str, data: dict[str, Any]) -> Any:
        """Return an action's response."""
        path = f"/api/services/{action}?return_response"
        return (await self.post(path, data))["service_response"]

    async def do(self, action: str, data: dict[str, Any]) -> None:
        """Run an action that has no response."""
        await self.post(f"/api/services/{action}", data)

    async def watch_notes(self, seen: list[dict[str, Any]]) -> None:
        """Note what notifications say, one after another, until cancelled."""
        async with self._session.ws_connect(f"{self.url}/api/websocket") as socket:
            await socket.receive_json()
            token = self.tokens["access_token"]
            await socket.send_json({"type": "auth", "access_token": token})
            await socket.receive_json()
            kind = "persistent_notification/subscribe"
            await socket.send_json({"id": 1, "type": kind})
            while True:
                message = await socket.receive_json()
                if message["type"] == "event":
                    seen += message["event"]["notifications"].values()

    async def ask(self, kind: str, **data: Any) -> Any:
        """Send a websocket command; return its result."""
        async with self._session.ws_connect(f"{self.url}/api/websocket") as socket:
            await socket.receive_json()
            token = self.tokens["access_token"]
            await socket.send_json({"type": "auth", "access_token": token})
            answer = await socket.receive_json()
            assert answer["type"] == "auth_ok", answer
            await socket.send_json({"id": 1, "type": kind, **data})
            answer = await socket.receive_json()
            assert answer["success"], (kind, data, answer)
            return answer["result"]

    async def begin(self, handler: Any, path: str = FLOWS, **data: Any) -> Any:
        """Begin a dialogue."""
        return await self.post(path, {"handler": handler, **data})

    async def go_on(self, flow: Any, data: Any, path: str = FLOWS) -> Any:
        """Answer what a dialogue asks."""
        return await self.post(f"{path}/{flow['flow_id']}", data)

    async def browse(self, start: str, *titles: str) -> Any:
        """Go down in the media browser by what is written there."""
        found = await self.ask("media_source/browse_media", media_content_id=start)
        for title in titles:
            (child,) = [one for one in found["children"] if one["title"] == title]
            found = await self.ask(
                "media_source/browse_media", media_content_id=child["media_content_id"]
            )
        return found

    async def download(self, path: str) -> bytes:
        """Return what is at an address."""
        headers = {"Authorization": f"Bearer {self.tokens['access_token']}"}
        async with self._session.get(self.url + path, headers=headers) as response:
            assert response.status == HTTPStatus.OK, path
            return await response.read()

    async def until_progressed(self, flow: Any) -> Any:
        """Wait as the dialogue does while it shows a progress; return what is next."""
        async with asyncio.timeout(EVENTUALLY_S):
            while flow["type"] in {"progress", "progress_done"}:
                await asyncio.sleep(0.3)
                flow = await self.get(f"{FLOWS}/{flow['flow_id']}")
        return flow

    async def add_camera(self, photo: Path, entity_id: str) -> None:
        """Add a camera that shows a file."""
        flow = await self.begin("local_file")
        values = {"name": "Yard", "file_path": str(photo)}
        fields = [field["name"] for field in flow["data_schema"]]  # not always the same
        flow = await self.go_on(flow, {name: values[name] for name in fields})
        assert flow["type"] == "create_entry", flow
        for one in await self.ask("config/entity_registry/list"):
            if one["platform"] == "local_file" and one["entity_id"] != entity_id:
                await self.ask(
                    "config/entity_registry/update",
                    entity_id=one["entity_id"],
                    new_entity_id=entity_id,
                    name="Yard",
                )
        await self.until_state(entity_id, lambda state: state["state"] == "idle")

    async def state(self, entity_id: str) -> Any:
        status, state = await self.call("GET", f"/api/states/{entity_id}")
        return state if status == HTTPStatus.OK else None

    async def until_state(
        self, entity_id: str, wanted: Callable[[Any], bool] = bool
    ) -> Any:
        """Wait until an entity's state is as wanted; return it."""
        deadline = time.monotonic() + EVENTUALLY_S
        state = None
        while time.monotonic() < deadline:
            state = await self.state(entity_id)
            if state is not None and wanted(state):
                return state
            await asyncio.sleep(0.1)
        raise AssertionError(f"{entity_id} is {state}")

    async def until_told(self, title: str, message: str) -> None:
        """Wait until a notification says something."""
        told = []
        deadline = time.monotonic() + EVENTUALLY_S
        while time.monotonic() < deadline:
            notes = await self.ask("persistent_notification/get")
            told = [(note["title"], note["message"]) for note in notes]
            if (title, message) in told:
                return
            await asyncio.sleep(0.1)
        raise AssertionError(f"the notifications are {told}")

    async def entry(self, domain: str) -> Any:
        """Return the one entry of an integration, or None."""
        path = f"/api/config/config_entries/entry?domain={domain}"
        entries = await self.get(path)
        return entries[0] if entries else None

    async def until_entry(self, domain: str, state: str) -> Any:
        """Wait until an integration's entry is in a state."""
        deadline = time.monotonic() + EVENTUALLY_S
        entry = None
        while time.monotonic() < deadline:
            entry = await self.entry(domain)
            if entry is not None and entry["state"] == state:
                return entry
            await asyncio.sleep(0.1)
        raise AssertionError(f"{domain} is {entry}")

    async def _is_started(self) -> bool:
        if not self.tokens:
            status, _ = await self.call("GET", "/api/onboarding")
            return status == HTTPStatus.OK
        status, config = await self.call("GET", "/api/config")
        return status == HTTPStatus.OK and config["state"] == "RUNNING"


def _good(path: str, status: int, answer: Any) -> Any:
    assert status < HTTPStatus.BAD_REQUEST, f"{path}: {status} {answer}"
    return answer
