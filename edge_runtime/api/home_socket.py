"""The home's own socket: how commands reach the service that runs in this home."""

from collections.abc import Iterator
from contextlib import contextmanager
import os
from pathlib import Path
import socket
from typing import Final

from ..files import FileWriteError

SOCKET_NAME: Final = "run.sock"


def listen(home: Path) -> socket.socket:
    """Return a socket in the home that only this user may open.

    The caller owns the home: what lies there of an earlier run is dead.
    """
    path = home / SOCKET_NAME
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        path.unlink(missing_ok=True)
        with reachable(home) as short:
            server.bind(short)
        path.chmod(0o600)  # before anybody can connect: nothing listens yet
        server.listen(16)
        server.settimeout(0)
    except OSError as err:
        server.close()
        raise FileWriteError(f"{path}: can't be made: {err.strerror}") from None
    return server


def remove(home: Path) -> None:
    """Take the socket away."""
    (home / SOCKET_NAME).unlink(missing_ok=True)


@contextmanager
def reachable(home: Path) -> Iterator[str]:
    """Give the socket's path in a form that fits into the 107 bytes it may have."""
    folder = os.open(home, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{SOCKET_NAME}"
    finally:
        os.close(folder)
