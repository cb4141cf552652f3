"""Commands that touch the store talk to the service, which they run if nobody does.

Either way there is one owner of the home and one set of rules: the API's.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from aiohttp import ClientConnectionError, ClientSession, ClientTimeout, UnixConnector

from ..api.access import Access
from ..api.app import build_app
from ..api.home_lock import HomeInUseError, home_lock
from ..api.home_socket import reachable
from ..api.server import answering
from ..errors import error_from_code
from ..runtime import EdgeRuntime
from ..service import Service

_TIMEOUT: Final = ClientTimeout(total=60)
_WAIT_S: Final = 3.0
"""A service that just took the home needs a moment to listen."""


class Reach(Enum):
    """How much of a service a command takes along where none runs."""

    STORE = 1
    LIBRARY = 2
    """Folders are known; nothing is done that takes long."""
    JOBS = 3
    """Jobs are done, those that an earlier run left as well."""


@dataclass(frozen=True, slots=True)
class HomeClient:
    """Sends requests to the service of this home; errors come back as they were."""

    session: ClientSession
    is_serving: bool
    """A service runs; False: this command answers itself."""

    async def get(self, path: str) -> Any:
        """Return what an address holds."""
        return await self._ask("GET", path, None)

    async def post(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Return the answer to a body."""
        return await self._ask("POST", path, body or {})

    async def patch(self, path: str, body: Mapping[str, Any]) -> Any:
        """Return what an address holds after a change."""
        return await self._ask("PATCH", path, body)

    async def delete(self, path: str) -> Any:
        """Remove something."""
        return await self._ask("DELETE", path, None)

    async def _ask(self, method: str, path: str, body: Any) -> Any:
        url = f"http://localhost/api/v1/{path}"
        async with self.session.request(method, url, json=body) as response:
            if response.status == 204:  # noqa: PLR2004
                return None
            data = await response.json()
        if isinstance(error := data.get("error"), dict) and not response.ok:
            raise error_from_code(str(error["code"]), str(error["message"]))
        return data


@asynccontextmanager
async def home_client(
    runtime: EdgeRuntime, reach: Reach = Reach.STORE
) -> AsyncIterator[HomeClient]:
    """Give a client of this home's service, or of as much of one as is needed."""
    home = runtime.settings.home
    async with AsyncExitStack() as stack:
        in_use = None
        try:
            stack.enter_context(home_lock(home))
        except HomeInUseError as err:
            in_use = err
        else:
            await stack.enter_async_context(_answering_itself(runtime, reach))
        path = stack.enter_context(reachable(home))
        session = ClientSession(connector=UnixConnector(path), timeout=_TIMEOUT)
        client = HomeClient(
            await stack.enter_async_context(session), in_use is not None
        )
        if in_use is not None and not await _answers(client):
            raise in_use
        yield client


@asynccontextmanager
async def _answering_itself(runtime: EdgeRuntime, reach: Reach) -> AsyncIterator[None]:
    service = Service(runtime.settings, runtime)
    try:
        if reach is Reach.STORE:
            await service.open()
        else:
            await service.start(watch=False, run_jobs=reach is Reach.JOBS)
        app = build_app(service, Access(loopback_only=True, ingress=False))
        async with answering(app, service, sockets=()):
            yield
    finally:
        await service.stop()


async def _answers(client: HomeClient) -> bool:
    """Return whether the owner of the home listens, giving it time to begin."""
    deadline = asyncio.get_running_loop().time() + _WAIT_S
    while True:
        try:
            await client.get("info")
        except ClientConnectionError:
            if asyncio.get_running_loop().time() > deadline:
                return False
            await asyncio.sleep(0.1)
        else:
            return True
