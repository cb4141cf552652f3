"""Parse the command line, run a command, turn errors into a line and an exit code."""

import argparse
import asyncio
from collections.abc import Callable, Coroutine, Sequence
from importlib import import_module
import io
import logging
import os
from pathlib import Path
import sys
from typing import Any, Final, NoReturn

from .. import __version__
from ..config import load_settings
from ..const import APP_NAME
from ..errors import EdgeRuntimeError
from ..runtime import EdgeRuntime
from .exit_codes import ExitCode, exit_code_of
from .output import Console

_EPILOG: Final = """\
exit codes: 0 done; 1 a photo could not be captioned or a check found a problem;
2 wrong usage; 3 configuration or manifest; 4 model or download; 5 inference worker;
130 interrupted. The highest that applies wins.
"""

_MODULES: Final = (
    "caption",
    "ask",
    "compare",
    "models",
    "manifest",
    "download",
    "convert",
    "serve",
    "demo",
    "pair",
    "token",
    "config",
    "backup",
    "evaluate",
    "hardware",
    "immich",
    "library",
    "metadata",
    "doctor",
)
_ALSO: Final = {"restore": "backup"}
"""Commands that stand in another's module."""

Command = Callable[
    [EdgeRuntime, argparse.Namespace, Console], Coroutine[Any, Any, ExitCode]
]


class _Parser(argparse.ArgumentParser):
    """Says what was wrong in one line, then where the help is."""

    def error(self, message: str) -> NoReturn:
        print(f"error: {message}", file=sys.stderr)
        print(f"usage: see {self.prog} --help", file=sys.stderr)
        raise SystemExit(ExitCode.USAGE)


def build_parser(command: str = "") -> argparse.ArgumentParser:
    """Return the parser of all commands, or of the one that is named.

    What a command doesn't use is not imported: a service runs for months.
    """
    common = argparse.ArgumentParser(add_help=False)
    group = common.add_argument_group("options of every command")
    group.add_argument("--home", metavar="DIR", help="folder of settings and models")
    group.add_argument(
        "--offline", action="store_true", default=None, help="never use the network"
    )
    group.add_argument(
        "-v", "--verbose", action="store_true", help="tell what happens inside"
    )
    parser = _Parser(
        prog=APP_NAME,
        description="Describe photos on the machine you already own.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--version", action="version", version=f"{APP_NAME} {__version__}"
    )
    commands = parser.add_subparsers(
        title="commands", metavar="COMMAND", dest="command", required=True
    )
    name = _ALSO.get(command, command)
    for module in [name] if name in _MODULES else _MODULES:
        import_module(f".{module}", __package__).add_parser(commands, common)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    given = sys.argv[1:] if arguments is None else arguments
    options = build_parser(*given[:1]).parse_args(given)
    level = logging.DEBUG if options.verbose else logging.ERROR
    logging.basicConfig(stream=sys.stderr, level=level, format="%(name)s: %(message)s")
    _prepare_streams()
    console = Console()
    try:
        return _run(options, console)
    except EdgeRuntimeError as err:
        console.fail(err.message)
        return exit_code_of(err)
    except KeyboardInterrupt:
        console.fail("interrupted")
        return ExitCode.INTERRUPTED
    except BrokenPipeError:  # the reader of our output left, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.OK
    except OSError as err:
        console.fail(f"{err.filename or 'the output'}: {err.strerror or err}")
        return ExitCode.CONFIGURATION


def _prepare_streams() -> None:
    """Make the output survive odd names and a starter that closed it."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # some services start programs so
            nowhere = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115
            setattr(sys, name, nowhere)
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # names that are no UTF-8


def _run(options: argparse.Namespace, console: Console) -> ExitCode:
    settings = load_settings(home=options.home, offline=options.offline)
    command: Command = options.run

    async def with_runtime() -> ExitCode:
        async with EdgeRuntime(settings) as runtime:
            return await command(runtime, options, console)

    return asyncio.run(with_runtime())
