"""Where the service listens, and under which addresses others reach it."""

from collections.abc import Iterable
import errno
from ipaddress import IPv4Address, IPv6Address, ip_address
import os
import socket
from typing import Any, Final

from ..errors import ConfigError
from .hosts import is_loopback

_NO_SUCH_ADDRESS: Final = frozenset({errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT})
"""What a name that also stands for IPv6 meets where IPv6 is off."""
_ANY: Final = {"0.0.0.0": ("192.0.2.1",), "::": ("192.0.2.1", "2001:db8::1")}  # noqa: S104
"""Addresses for documentation, the way to which says which address of ours is used;
asking for the way sends nothing."""


def bind(host: str, port: int) -> list[socket.socket]:
    """Return listening sockets for a host; raise ConfigError saying why not."""
    try:
        found = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
    except OSError as err:
        raise ConfigError(
            f"host '{host}': is no address of this machine: {err.strerror}"
        ) from None
    sockets: list[socket.socket] = []
    why = OSError(errno.EADDRNOTAVAIL, os.strerror(errno.EADDRNOTAVAIL))
    for family, _, _, _, address in dict.fromkeys(found):
        try:
            # with port 0 the first socket takes any, and the others the same
            number = sockets[0].getsockname()[1] if sockets else port
            sockets.append(_listener(family, (address[0], number, *address[2:])))
        except OSError as err:
            why = err
            if err.errno not in _NO_SUCH_ADDRESS:
                break
    if not sockets or why.errno not in _NO_SUCH_ADDRESS:
        for listener in sockets:
            listener.close()
        raise ConfigError(f"{host} port {port}: can't listen: {_reason(why)}")
    return sockets


def is_loopback_only(sockets: Iterable[socket.socket]) -> bool:
    """Return whether only this machine can connect."""
    return all(is_loopback(listener.getsockname()[0]) for listener in sockets)


def reachable_addresses(sockets: Iterable[socket.socket]) -> list[str]:
    """Return the addresses that other machines can use, the likeliest first."""
    bound = [listener.getsockname()[0] for listener in sockets]
    found = [a for b in bound for a in (_own(b) if b in _ANY else [b])]
    return [a for a in dict.fromkeys(found) if not is_loopback(a)]


def base_urls(sockets: Iterable[socket.socket]) -> list[str]:
    """Return the service's addresses as links begin."""
    listeners = list(sockets)
    port = listeners[0].getsockname()[1]
    return [f"http://{url_host(a)}:{port}" for a in reachable_addresses(listeners)]


def url_host(address: str) -> str:
    """Return an address as it stands in a link."""
    return f"[{address}]" if ":" in address else address


def _own(unspecified: str) -> list[str]:
    """Return the addresses of this machine that packets to elsewhere come from."""
    found = []
    for target in _ANY[unspecified]:
        family = socket.AF_INET6 if ":" in target else socket.AF_INET
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as probe:
                probe.connect((target, 9))
                found.append(probe.getsockname()[0])
        except OSError:
            continue
    return [address for address in found if _is_useful(ip_address(address))]


def _is_useful(address: IPv4Address | IPv6Address) -> bool:
    return not (address.is_loopback or address.is_unspecified or address.is_link_local)


def _listener(family: socket.AddressFamily, address: tuple[Any, ...]) -> socket.socket:
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:  # `::` alone stands for IPv4 too
            listener.setsockopt(
                socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(address[0] != "::")
            )
        listener.bind(address)
        listener.listen(128)
        listener.settimeout(0)
    except OSError:
        listener.close()
        raise
    return listener


def _reason(err: OSError) -> str:
    text = err.strerror or str(err)
    return text[:1].lower() + text[1:]
