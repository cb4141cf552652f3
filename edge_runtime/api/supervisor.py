"""Tell Home Assistant's Supervisor that its app is there, with a token for it."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
import logging
import os
from pathlib import Path
import socket
from typing import Any, Final

from aiohttp import ClientError, ClientSession, ClientTimeout

from ..files import FileWriteError, write_text
from ..store import Store, TokenScope

_LOGGER: Final = logging.getLogger(__name__)
ADDRESS: Final = "http://supervisor/discovery"
KEY: Final = "SUPERVISOR_TOKEN"
"""Set in every app; it proves to the Supervisor which app asks."""
SECRET_NAME: Final = "home-assistant-token"  # noqa: S105 - a file's name
_SERVICE: Final = "edge_captions"
_HOLDER: Final = "Home Assistant"
_WAITS_S: Final = (1.0, 5.0, 30.0, 120.0)
"""The Supervisor may be busy while everything starts."""
_TIMEOUT: Final = ClientTimeout(total=30)


@asynccontextmanager
async def told(
    store: Store,
    home: Path,
    port: int,
    environ: Mapping[str, str] | None = None,
    address: str = ADDRESS,
) -> AsyncIterator[None]:
    """Have the Supervisor told while the block runs; elsewhere nothing happens."""
    key = (os.environ if environ is None else environ).get(KEY, "")
    if not key:
        yield
        return
    config: dict[str, Any] = {"host": socket.gethostname(), "port": port}
    if secret := await secret_for_home_assistant(store, home):
        config["token"] = secret
    telling = asyncio.create_task(_tell(address, key, config))
    try:
        yield
    finally:
        telling.cancel()
        with suppress(asyncio.CancelledError):
            await telling


async def secret_for_home_assistant(store: Store, home: Path) -> str | None:
    """Return the token that Home Assistant holds, made the first time.

    None: a person revoked it. Home Assistant then has to be let in by a person.
    """
    path = home / SECRET_NAME
    with suppress(OSError):
        secret = path.read_text(encoding="ascii").strip()
        return secret if await store.tokens.verify(secret) else None
    _, secret = await store.tokens.create(_HOLDER, TokenScope.WRITE)
    try:
        write_text(path, f"{secret}\n", mode=0o600)
    except FileWriteError as err:
        _LOGGER.warning("%s", err)
    return secret


async def _tell(address: str, key: str, config: Mapping[str, Any]) -> None:
    message = {"service": _SERVICE, "config": config}
    headers, problem = {"Authorization": f"Bearer {key}"}, ""
    async with ClientSession(timeout=_TIMEOUT, headers=headers) as session:
        for wait in (*_WAITS_S, None):
            try:
                async with session.post(address, json=message) as answer:
                    if answer.ok:
                        return
                    problem = f"it answered {answer.status}"
            except (ClientError, TimeoutError) as err:
                problem = str(err) or type(err).__name__
            if wait is not None:
                await asyncio.sleep(wait)
    _LOGGER.warning("the Supervisor can't be told of this app: %s", problem)
