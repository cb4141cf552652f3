"""Pictures from the internet, where a setting allows their host; never from the house.

A client could otherwise make this service ask its router, its camera or itself. The
address that was checked is the one that is connected to, and no redirect is followed
that was not checked the same way.
"""

import asyncio
from http import HTTPStatus
from ipaddress import IPv4Address, IPv6Address, ip_address
import socket
from typing import Any, Final

from aiohttp import (
    ClientError,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    TCPConnector,
)
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from ...config import Settings
from ...const import MIB
from ...tls import trusted
from ..uploads import Upload, save_upload
from .errors import ImageUrlRefusedError

_TIMEOUT: Final = ClientTimeout(total=30, connect=10)
_MAX_REDIRECTS: Final = 3
_CHUNK: Final = 256 * 1024
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})


class PublicResolver(AbstractResolver):
    """Resolves names and refuses every address that is not on the internet."""

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_UNSPEC,
    ) -> list[ResolveResult]:
        """Return the addresses of a host; one internal address spoils them all."""
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(
            host, port, family=family, type=socket.SOCK_STREAM
        )
        results = [_result(host, port, entry) for entry in found]
        if not results or not all(is_public(result["host"]) for result in results):
            raise ImageUrlRefusedError(f"{host} is no address on the internet")
        return results

    async def close(self) -> None:
        """Nothing is held."""


def is_public(address: str) -> bool:
    """Return whether an address lies on the internet, not in a house or a machine."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    inner = _embedded(parsed)
    return all(one.is_global and not one.is_multicast for one in (parsed, *inner))


async def fetch(url: str, settings: Settings, resolver: AbstractResolver) -> Upload:
    """Return the picture at an address, in a file that the caller drops."""
    target = _checked(url, settings)
    connector = TCPConnector(
        resolver=resolver, use_dns_cache=False, ssl=await trusted()
    )
    async with ClientSession(
        connector=connector, timeout=_TIMEOUT, trust_env=False
    ) as session:
        for _ in range(_MAX_REDIRECTS + 1):
            try:
                async with session.get(target, allow_redirects=False) as response:
                    if response.status not in _REDIRECTS:
                        return await _saved(response, settings)
                    where = response.headers.get("Location", "")
            except (ClientError, OSError, TimeoutError) as err:
                raise ImageUrlRefusedError(
                    f"the image could not be fetched from {target.host}: {err}"
                ) from None
            target = _checked(str(target.join(URL(where))), settings)
    raise ImageUrlRefusedError(
        f"{url[:100]} redirects more than {_MAX_REDIRECTS} times"
    )


def _checked(url: str, settings: Settings) -> URL:
    try:
        target = URL(url)
    except ValueError:
        raise ImageUrlRefusedError("the image's address is none") from None
    host = (target.host or "").rstrip(".").lower()
    if target.scheme not in {"http", "https"} or not host:
        raise ImageUrlRefusedError("send the image itself, as a data: URL in base64")
    if settings.offline:
        raise ImageUrlRefusedError("`offline` is set: send the image itself")
    if host not in {name.rstrip(".").lower() for name in settings.image_hosts}:
        raise ImageUrlRefusedError(
            f"images are not fetched from {host[:100]}: send the image itself as a "
            "data: URL in base64, or add the host to image_hosts in config.yaml"
        )
    if _is_address(host) and not is_public(host):
        raise ImageUrlRefusedError(f"{host} is no address on the internet")
    return target


async def _saved(response: ClientResponse, settings: Settings) -> Upload:
    if response.status != HTTPStatus.OK:
        raise ImageUrlRefusedError(f"the image's host answered {response.status}")
    limit = settings.max_upload_mib * MIB
    content = response.content
    return await save_upload(settings.home, limit, lambda: content.read(_CHUNK))


def _embedded(address: IPv4Address | IPv6Address) -> list[IPv4Address]:
    """Return the IPv4 addresses that an IPv6 address leads to."""
    if isinstance(address, IPv4Address):
        return []
    found = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if address.packed.startswith(bytes.fromhex("0064ff9b")):  # NAT64
        found.append(IPv4Address(address.packed[-4:]))
    return [one for one in found if one is not None]


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _result(host: str, port: int, entry: Any) -> ResolveResult:
    family, _, proto, _, address = entry
    return ResolveResult(
        hostname=host,
        host=address[0],
        port=port,
        family=family,
        proto=proto,
        flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
    )
