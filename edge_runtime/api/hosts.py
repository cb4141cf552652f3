"""Which hosts a request may name, and which address is this machine's own.

A page on the internet can point its own name at this machine's address and then read
answers as its own (DNS rebinding). It can't change the name that the browser sends.
"""

from functools import lru_cache
from ipaddress import ip_address
import re
from typing import Final

LOOPBACK_NAMES: Final = frozenset({"localhost", "ip6-localhost"})
_REMEMBERED: Final = 128
"""The same few names and addresses are asked for with every request."""
_HOST: Final = re.compile(
    r"(?:\[(?P<six>[0-9A-Fa-f:.]+(?:%[\w.-]+)?)\]|(?P<name>[^:\[\]]+))(?::[0-9]{1,5})?"
)


@lru_cache(_REMEMBERED)
def allowed_names(hostname: str, configured: tuple[str, ...]) -> frozenset[str]:
    """Return the names that this service answers to, folded."""
    short = hostname.partition(".")[0]
    own = {hostname, short, f"{short}.local"} if short else set()
    return frozenset(n.lower() for n in {*LOOPBACK_NAMES, *own, *configured})


def host_and_port(header: str) -> str | None:
    """Return a host with its port, folded, to compare two; None if it is none."""
    text = header.strip().lower()
    return text if _HOST.fullmatch(text) else None


def host_of(header: str) -> str | None:
    """Return the host of a Host header without its port; None if it is none."""
    found = _HOST.fullmatch(header.strip())
    if found is None:
        return None
    return (found["six"] or found["name"]).rstrip(".").lower()


@lru_cache(_REMEMBERED)
def is_allowed(header: str | None, names: frozenset[str]) -> bool:
    """Return whether a Host header names this service; an address is nobody's name."""
    host = host_of(header or "")
    return host is not None and (host in names or _is_address(host))


@lru_cache(_REMEMBERED)
def is_loopback(address: str | None) -> bool:
    """Return whether an address or name is this machine, seen from itself."""
    if (address or "").lower() in LOOPBACK_NAMES:
        return True
    try:
        parsed = ip_address((address or "").partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(parsed, "ipv4_mapped", None)
    return bool((mapped or parsed).is_loopback)


def _is_address(host: str) -> bool:
    try:
        ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True
