"""`edge-captions serve`: the service for Home Assistant, phones and other programs."""

import argparse
from dataclasses import replace
from functools import partial
import logging
import sys
from typing import TYPE_CHECKING, Any

from ..config import Settings
from ..runtime import EdgeRuntime
from ..tls import import_without_authorities
from .exit_codes import ExitCode
from .output import Console

if TYPE_CHECKING:
    from ..api.server import Listening


def add_parser(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "serve",
        parents=[common],
        help="run the service for Home Assistant, phones and other programs",
        description="Answer requests until it is stopped (Ctrl-C, SIGTERM). By default "
        "only this machine can connect; with another --host every request needs a "
        "token (edge-captions token create NAME).",
    )
    parser.add_argument("--host", metavar="ADDRESS", help="0.0.0.0: the whole network")
    parser.add_argument(
        "--port", metavar="N", type=port_number, help="0 takes a free one"
    )
    parser.set_defaults(run=run)


async def run(
    runtime: EdgeRuntime, options: argparse.Namespace, console: Console
) -> ExitCode:
    """Own the home and answer requests."""
    settings = service_settings(runtime.settings, options.host, options.port)
    own = EdgeRuntime(settings)
    # read first: what that leaves behind is room for what is imported now
    own.manifest  # noqa: B018
    # aiohttp's server takes 15 MB, which commands that caption a photo don't need
    import_without_authorities("aiohttp")
    from ..api.home_lock import home_lock  # noqa: PLC0415
    from ..api.server import serve  # noqa: PLC0415
    from ..service import Service  # noqa: PLC0415

    logging.getLogger("edge_runtime").setLevel(
        logging.DEBUG if options.verbose else logging.INFO
    )
    # what isn't even HTTP is the sender's fault, and no reason to fill the log
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)
    with home_lock(settings.home):
        async with own:
            await serve(Service(settings, own), partial(_tell, console, settings))
    return ExitCode.OK


def service_settings(
    settings: Settings, host: str | None, port: int | None
) -> Settings:
    """Return the settings of a service: options first, its own keep-alive."""
    return replace(
        settings,
        host=settings.host if host is None else host,
        port=settings.port if port is None else port,
        keep_alive_s=settings.service_keep_alive_s,
    )


def _tell(console: Console, settings: Settings, where: "Listening") -> None:
    local = f"http://127.0.0.1:{where.port}"
    for url in where.urls or [local]:
        console.tell(f"listening at {url}")
    if where.is_loopback_only:
        console.tell(
            "only this machine can connect; --host 0.0.0.0 lets in the network"
        )
    elif not where.has_tokens and not settings.ingress:
        console.tell(
            "nobody has a token yet: make one with edge-captions token create NAME",
            "yellow",
        )
    sys.stderr.flush()


def port_number(text: str) -> int:
    """Return the port that a text names."""
    if not text.isdigit() or int(text) > 65_535:  # noqa: PLR2004 - the last port
        raise argparse.ArgumentTypeError(f"'{text}' is no port (0 to 65535)")
    return int(text)
