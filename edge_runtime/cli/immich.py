"""`edge-captions immich`: descriptions for the photos of an Immich that have none."""

import argparse
from typing import Any

from ..errors import ConfigError
from ..runtime import EdgeRuntime
from ..units import printable
from .exit_codes import ExitCode
from .following import follow
from .output import Console

_MOST_SHOWN = 5


def add_parser(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "immich",
        parents=[common],
        help="caption the photos of an Immich that have no description",
        description="Fetch the previews of an Immich's photos, caption them and write "
        "the descriptions back, never over anybody else's words. It takes immich_url "
        "and immich_api_key from the settings, and goes on where it was stopped.",
    )
    parser.add_argument(
        "--refresh", action="store_true", help="caption those of ours anew, too"
    )
    parser.add_argument("--limit", metavar="N", type=_count, help="caption at most N")
    parser.add_argument(
        "--status", action="store_true", help="say how the photos stand, do nothing"
    )
    parser.set_defaults(run=run)


async def run(
    runtime: EdgeRuntime, options: argparse.Namespace, console: Console
) -> ExitCode:
    """Start a run and follow it, or say how the photos stand."""
    from .client import Reach, home_client  # noqa: PLC0415 - aiohttp, where it is needed

    settings = runtime.settings
    if not settings.immich_url or not settings.immich_api_key:
        raise ConfigError("set immich_url and immich_api_key in config.yaml first")
    reach = Reach.LIBRARY if options.status else Reach.JOBS
    async with home_client(runtime, reach) as client:
        if options.status:
            facts = await client.get("connectors/immich")
            for state, number in sorted(facts["items"].items()):
                console.print(f"{state:10} {number}")
            if not facts["items"]:
                console.tell("no photo was looked at yet")
            return ExitCode.OK
        body = {"refresh": options.refresh, "limit": options.limit}
        job = await client.post("connectors/immich/run", body)
        result = await follow(client, job, console, "Immich")
    return _conclude(result, console)


def _conclude(result: dict[str, Any], console: Console) -> ExitCode:
    console.print(
        f"{result['captioned']} captioned, {result['kept']} left as they were, "
        f"{result['human']} with words of somebody else, {result['failed']} failed"
    )
    for error in result["errors"][:_MOST_SHOWN]:
        console.fail(printable(f"{error['asset']}: {error['message']}"))
    return ExitCode.PHOTO if result["failed"] else ExitCode.OK


def _count(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is no number of photos")
    return int(text)
