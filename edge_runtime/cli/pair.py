"""`edge-captions pair`: let in a client that asks, by the code that it shows."""

import argparse
from typing import Any

from ..runtime import EdgeRuntime
from ..units import printable
from .exit_codes import ExitCode
from .output import Console
from .token import add_scope_options


def add_parser(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "pair",
        parents=[common],
        help="let in a client that asks for a token",
        description="List the clients that ask for a token, or let one in. Compare "
        "the code with the one that the client shows.",
    )
    parser.add_argument("code", nargs="?", metavar="CODE", help="such as KTB-472")
    add_scope_options(parser)
    parser.add_argument("--deny", action="store_true", help="turn it away")
    parser.set_defaults(run=run, parser=parser)


async def run(
    runtime: EdgeRuntime, options: argparse.Namespace, console: Console
) -> ExitCode:
    """List who waits, or decide about one."""
    from .client import home_client  # noqa: PLC0415 - aiohttp, only where it is needed

    if options.deny and options.code is None:
        options.parser.error("--deny goes with a code")
    async with home_client(runtime) as client:
        if options.code is None:
            waiting = (await client.get("pairings"))["items"]
            for pairing in waiting:
                console.print(f"{pairing['code']}  {printable(pairing['name'])}")
            if not waiting:
                console.tell("nobody asks to be let in")
        elif options.deny:
            await client.post("pairings/denials", {"code": options.code})
            console.print("turned away")
        else:
            body = {"code": options.code, "scope": options.scope}
            pairing = await client.post("pairings/approvals", body)
            console.print(f"let in: {printable(pairing['name'])}")
    return ExitCode.OK
