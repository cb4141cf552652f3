"""Run the service: sockets, app, signals, announcement, and an end within seconds."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
import logging
import signal
import socket
from typing import Final

from aiohttp import web

from ..service import Service
from ..service.process import give_back_memory, share_one_heap
from ..service.records import share_methods
from . import home_socket, systemd
from .access import Access
from .addresses import base_urls, bind, is_loopback_only, reachable_addresses
from .announce import announced
from .app import build_app
from .info import basics
from .uploads import clear_uploads

_LOGGER: Final = logging.getLogger(__name__)
GRACE_S: Final = 0.5
"""How long open requests may go on after a stop."""
STOP_S: Final = 3.5
"""How long the service may take to park its work; workers die with this process."""
MAX_LINE: Final = 64 * 1024
"""Longest request line: a path of 4096 characters takes 48 KiB in a query."""
_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)


@dataclass(frozen=True, slots=True)
class Listening:
    """Where the service is, once it answers."""

    port: int
    is_loopback_only: bool
    urls: list[str]
    """Where others reach it; empty on loopback."""
    has_tokens: bool


async def serve(service: Service, on_ready: Callable[[Listening], None]) -> None:
    """Answer requests until a signal asks for the end; the caller owns the home.

    Raises ConfigError if the address can't be had.
    """
    settings = service.settings
    share_one_heap()
    stop = asyncio.Event()
    async with AsyncExitStack() as stack:
        stack.enter_context(_signals_set(stop))
        sockets = bind(settings.host, settings.port)
        for listener in sockets:
            stack.callback(listener.close)
        clear_uploads(settings.home)
        stack.push_async_callback(_stop_service, service)
        await service.start()
        access = Access(is_loopback_only(sockets), settings.ingress)
        app = build_app(service, access, lambda: base_urls(sockets))
        await stack.enter_async_context(answering(app, service, sockets))
        where = Listening(
            port=sockets[0].getsockname()[1],
            is_loopback_only=access.loopback_only,
            urls=base_urls(sockets),
            has_tokens=await service.store.tokens.any_valid(),
        )
        if settings.announce and not where.is_loopback_only:
            addresses = reachable_addresses(sockets)
            facts = basics(service)
            await stack.enter_async_context(announced(facts, addresses, where.port))
        if settings.ingress:
            from .supervisor import told  # noqa: PLC0415 - in Home Assistant alone

            told_of = told(service.store, settings.home, where.port)
            await stack.enter_async_context(told_of)
        await stack.enter_async_context(_watchdog())
        share_methods()
        give_back_memory()
        on_ready(where)
        systemd.notify("READY=1")
        await stop.wait()
        systemd.notify("STOPPING=1")


@asynccontextmanager
async def answering(
    app: web.Application, service: Service, sockets: Iterable[socket.socket]
) -> AsyncIterator[None]:
    """Answer on sockets and on the home's own; the caller owns the home."""
    home = service.settings.home
    own = home_socket.listen(home)
    runner = web.AppRunner(
        app,
        access_log=None,
        shutdown_timeout=GRACE_S,
        lingering_time=2.0,
        max_line_size=MAX_LINE,
    )
    try:
        await runner.setup()
        for listener in (*sockets, own):
            await web.SockSite(runner, listener).start()
        yield
    finally:
        await runner.cleanup()
        own.close()
        home_socket.remove(home)


async def _stop_service(service: Service) -> None:
    try:
        async with asyncio.timeout(STOP_S):
            await service.stop()
    except TimeoutError:
        _LOGGER.warning("the work could not be parked in %s s", STOP_S)


@asynccontextmanager
async def _watchdog() -> AsyncIterator[None]:
    feeding = asyncio.create_task(systemd.feed_watchdog())
    try:
        yield
    finally:
        feeding.cancel()
        with suppress(asyncio.CancelledError):
            await feeding


@contextmanager
def _signals_set(stop: asyncio.Event) -> Iterator[None]:
    """Let a signal set an event; a second one ends the process as it always does."""
    loop = asyncio.get_running_loop()

    def end() -> None:
        for number in _SIGNALS:
            loop.remove_signal_handler(number)
        stop.set()

    for number in _SIGNALS:
        loop.add_signal_handler(number, end)
    try:
        yield
    finally:
        for number in _SIGNALS:
            loop.remove_signal_handler(number)
