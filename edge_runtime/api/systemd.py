"""Tell systemd how it goes: one datagram to the socket that it names."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
import os
import socket
from typing import Final

_MICROSECONDS: Final = 1_000_000


def notify(message: str, environ: Mapping[str, str] | None = None) -> None:
    """Send `READY=1`, `STOPPING=1` or the like; without systemd nothing happens."""
    address = (os.environ if environ is None else environ).get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return
    if address.startswith("@"):  # an abstract name begins with a zero byte
        address = "\0" + address[1:]
    with (
        suppress(OSError),
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as out,
    ):
        out.settimeout(0)
        out.connect(address)
        out.sendall(message.encode())


def watchdog_interval_s(environ: Mapping[str, str] | None = None) -> float | None:
    """Return how often systemd wants to hear from this process; None: never."""
    environ = os.environ if environ is None else environ
    text, pid = environ.get("WATCHDOG_USEC", ""), environ.get("WATCHDOG_PID")
    if not text.isdigit() or int(text) == 0 or pid not in {None, str(os.getpid())}:
        return None
    return int(text) / _MICROSECONDS / 2


async def feed_watchdog(environ: Mapping[str, str] | None = None) -> None:
    """Tell systemd for ever that the event loop turns."""
    interval = watchdog_interval_s(environ)
    while interval is not None:
        notify("WATCHDOG=1", environ)
        await asyncio.sleep(interval)
