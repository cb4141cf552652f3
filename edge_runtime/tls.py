"""Authorities that TLS trusts: read where a connection is made, not by an import."""

import asyncio
from importlib import import_module
import os
import ssl


async def trusted() -> ssl.SSLContext:
    """Return a client's context that trusts the authorities of this system."""
    return await asyncio.to_thread(_trusted)


def import_without_authorities(name: str) -> None:
    """Import a library that would read all authorities, while none can be found.

    aiohttp reads them twice when it is imported, and a service at rest has no use for
    these 2 MB. Its own contexts then trust nobody: clients hand it `trusted()`.
    """
    paths = ssl.get_default_verify_paths()
    names = (paths.openssl_cafile_env, paths.openssl_capath_env)
    before = {one: os.environ.get(one) for one in names}
    os.environ.update(dict.fromkeys(names, os.devnull))
    try:
        import_module(name)
    finally:
        for one, value in before.items():
            if value is None:
                del os.environ[one]
            else:
                os.environ[one] = value


def _trusted() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.set_alpn_protocols(("http/1.1",))
    return context
