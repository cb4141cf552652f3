"""Name resolution that can be given up: no exit waits for a dead name server."""

import asyncio
import contextlib
import socket
import threading
from typing import Any

from aiohttp.abc import AbstractResolver, ResolveResult


class DaemonResolver(AbstractResolver):
    """Ask the system's resolver in a daemon thread.

    The loop's own thread pool is joined when the loop ends: behind a router without
    a line, that would add the resolver's 10 to 30 s to every command.
    """

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the addresses of a host; OSError if it has none."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[list[Any]] = loop.create_future()

        def deliver(found: list[Any] | OSError) -> None:
            if answer.done():
                return
            if isinstance(found, OSError):
                answer.set_exception(found)
            else:
                answer.set_result(found)

        def ask() -> None:
            found: list[Any] | OSError
            try:
                found = socket.getaddrinfo(host, port, family, socket.SOCK_STREAM)
            except OSError as err:
                found = err
            except UnicodeError:  # a label of more than 63 characters, for one
                found = OSError("no host can have this name")
            with contextlib.suppress(RuntimeError):  # the loop may be closed by now
                loop.call_soon_threadsafe(deliver, found)

        threading.Thread(target=ask, name="resolve", daemon=True).start()
        return [
            ResolveResult(
                hostname=host,
                host=address[0],
                port=address[1],
                family=kind,
                proto=protocol,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for kind, _, protocol, _, address in await answer
        ]

    async def close(self) -> None:
        """Hold nothing open."""
