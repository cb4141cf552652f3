"""`edge-captions token`: the keys of clients on other machines."""

import argparse
import json
from typing import Any
from urllib.parse import quote

from ..errors import ConfigError
from ..runtime import EdgeRuntime
from ..units import printable
from .exit_codes import ExitCode
from .output import Console


def add_parser(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "token",
        help="make, list and revoke the tokens of clients",
        description="Make, list and revoke the tokens of clients on other machines.",
    )
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    create = actions.add_parser(
        "create", parents=[common], help="make a token; it is shown this once"
    )
    create.add_argument("name", metavar="NAME", help="who will hold it")
    add_scope_options(create)
    create.add_argument(
        "--qr",
        action="store_true",
        help="show a code that signs in a phone instead, good for ten minutes",
    )
    create.set_defaults(run=_create)
    listing = actions.add_parser("list", parents=[common], help="list the tokens")
    listing.add_argument("--json", action="store_true", help="machine-readable")
    listing.set_defaults(run=_list)
    revoke = actions.add_parser("revoke", parents=[common], help="end a token")
    revoke.add_argument("token", metavar="NAME-OR-ID")
    revoke.set_defaults(run=_revoke)


def add_scope_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say how far a token reaches."""
    scope = parser.add_mutually_exclusive_group()
    scope.add_argument(
        "--read-only",
        action="store_const",
        dest="scope",
        const="read",
        help="it may look and change nothing",
    )
    scope.add_argument(
        "--admin",
        action="store_const",
        dest="scope",
        const="admin",
        help="it may also make tokens, approve clients and read the settings",
    )
    parser.set_defaults(scope="write")


async def _create(
    runtime: EdgeRuntime, options: argparse.Namespace, console: Console
) -> ExitCode:
    from .client import home_client  # noqa: PLC0415 - aiohttp, only where it is needed

    body = {"name": options.name, "scope": options.scope}
    async with home_client(runtime) as client:
        if options.qr:
            link = await client.post("sign-in-links", body)
            _show_code(link["urls"], console, is_serving=client.is_serving)
            return ExitCode.OK
        made = await client.post("tokens", body)
    console.tell("keep it now: it is not shown again")
    console.print(made["token"])
    return ExitCode.OK


def _show_code(urls: list[str], console: Console, *, is_serving: bool) -> None:
    if not is_serving:
        raise ConfigError(
            "no service runs in this home: start it with edge-captions serve "
            "--host 0.0.0.0, then ask for the code"
        )
    if not urls:
        raise ConfigError(
            "the service can't be reached from a phone: it listens to this machine "
            "alone; start it with edge-captions serve --host 0.0.0.0"
        )
    import segno  # noqa: PLC0415 - only for this picture

    segno.make(urls[0], micro=False).terminal(console.out, compact=True)
    console.print(urls[0])


async def _list(
    runtime: EdgeRuntime, options: argparse.Namespace, console: Console
) -> ExitCode:
    from .client import home_client  # noqa: PLC0415 - aiohttp, only where it is needed

    async with home_client(runtime) as client:
        tokens = (await client.get("tokens"))["items"]
    if options.json:
        console.print(json.dumps(tokens, ensure_ascii=False, indent=2))
        return ExitCode.OK
    for token in tokens:
        used = (token["last_used_at"] or "never used")[:16].replace("T", " ")
        state = "revoked" if token["revoked_at"] else token["scope"]
        name = printable(token["name"])
        console.print(f"{token['id']}  {state:7}  {used:16}  {name}")
    if not tokens:
        console.tell("there are no tokens")
    return ExitCode.OK


async def _revoke(
    runtime: EdgeRuntime, options: argparse.Namespace, console: Console
) -> ExitCode:
    from .client import home_client  # noqa: PLC0415 - aiohttp, only where it is needed

    async with home_client(runtime) as client:
        token = _find((await client.get("tokens"))["items"], options.token)
        await client.delete(f"tokens/{quote(token['id'])}")
    console.print(f"revoked: {printable(token['name'])}")
    return ExitCode.OK


def _find(tokens: list[dict[str, Any]], wanted: str) -> dict[str, Any]:
    """Return the token of this id, or the only one that counts of this name."""
    valid = [token for token in tokens if not token["revoked_at"]]
    found = [t for t in valid if t["id"] == wanted or t["name"] == wanted]
    if len(found) == 1:
        return found[0]
    if found:
        raise ConfigError(
            f"{len(found)} tokens are named '{wanted}': name one by its id "
            "(edge-captions token list)"
        )
    raise ConfigError(
        f"no valid token has the name or id '{wanted}' (edge-captions token list)"
    )
