"""Tell the local network that the service is there (zeroconf, DNS-SD)."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
import logging
import socket
from typing import Any, Final

_LOGGER: Final = logging.getLogger(__name__)
SERVICE_TYPE: Final = "_edge-captions._tcp.local."
GOODBYE_S: Final = 0.7


@asynccontextmanager
async def announced(
    facts: Mapping[str, Any], addresses: Sequence[str], port: int
) -> AsyncIterator[None]:
    """Be found while the block runs; that it can't be is worth a line, not the end."""
    zeroconf = await _register(facts, addresses, port) if addresses else None
    try:
        yield
    finally:
        if zeroconf is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(GOODBYE_S):
                    await zeroconf.async_unregister_all_services()
            await zeroconf.async_close()


def properties(facts: Mapping[str, Any]) -> dict[str, str]:
    """Return what a client learns before it connects."""
    keys = ("id", "version", "api_version", "min_api_version")
    return {key: str(facts[key]) for key in keys}


async def _register(
    facts: Mapping[str, Any], addresses: Sequence[str], port: int
) -> Any:
    try:
        # 9 MB of memory that a service on loopback never needs
        from zeroconf import ServiceInfo  # noqa: PLC0415
        from zeroconf.asyncio import AsyncZeroconf  # noqa: PLC0415
    except ImportError:
        _LOGGER.warning("python-zeroconf is not installed: nobody will find us")
        return None
    host, short_id = socket.gethostname().partition(".")[0][:40], str(facts["id"])[-6:]
    info = ServiceInfo(
        SERVICE_TYPE,
        f"{host} {short_id}.{SERVICE_TYPE}",
        port=port,
        properties=properties(facts),
        # a name of its own: the machine's is avahi's to announce
        server=f"edge-captions-{short_id.lower()}.local.",
        parsed_addresses=list(addresses),
    )
    zeroconf = None
    try:
        zeroconf = AsyncZeroconf(interfaces=list(addresses))
        await zeroconf.async_register_service(info, allow_name_change=True)
    except Exception as err:  # noqa: BLE001 - whatever it is, the service works without
        _LOGGER.warning("can't be announced on the network: %s", str(err))
        if zeroconf is not None:
            await zeroconf.async_close()
        return None
    return zeroconf
