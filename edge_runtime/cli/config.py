"""`edge-captions config`: every setting, its value and where it was set."""

import argparse
import json
from typing import Any

from ..config import CONFIG_NAME, DEFAULT, load_with_origins, plain_settings
from ..runtime import EdgeRuntime
from ..units import printable
from .exit_codes import ExitCode
from .output import Console


def add_parser(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "config",
        parents=[common],
        help="list every setting, its value and where it was set",
        description="List every setting, its value and where it was set. An option "
        "goes over the environment, the environment over what was set on the page, "
        f"and that over {CONFIG_NAME}.",
    )
    parser.add_argument("--json", action="store_true", help="machine-readable")
    parser.set_defaults(run=run)


async def run(
    runtime: EdgeRuntime, options: argparse.Namespace, console: Console
) -> ExitCode:
    """Print the settings that commands of this home run with."""
    del runtime  # was given the same settings, which don't know where they came from
    settings, origins = load_with_origins(home=options.home, offline=options.offline)
    values = plain_settings(settings)
    if options.json:
        rows = {
            key: {"value": value, "origin": origins.get(key, DEFAULT)}
            for key, value in values.items()
        }
        console.print(json.dumps(rows, ensure_ascii=False, indent=2))
        return ExitCode.OK
    for key, value in values.items():
        shown = printable(json.dumps(value, ensure_ascii=False))
        origin = console.style(origins.get(key, DEFAULT), "dim")
        console.print(f"{key:22} {shown:36} {origin}")
    return ExitCode.OK
