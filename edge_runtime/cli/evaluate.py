"""`edge-captions evaluate DATASET`: score captioners on photos with references."""

import argparse
from pathlib import Path
from typing import Any

from ..runtime import EdgeRuntime
from .exit_codes import ExitCode
from .output import Console


def add_parser(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "evaluate",
        parents=[common],
        help="score captioners on photos with reference captions",
        description="Caption the photos of a data set and score the captions. The same "
        "command goes on where an interrupted one stopped.",
    )
    parser.add_argument(
        "dataset",
        metavar="DATASET",
        type=Path,
        help="a folder or annotation file of COCO or Flickr captions",
    )
    parser.add_argument(
        "--images", metavar="DIR", type=Path, help="folder of the photos"
    )
    parser.add_argument("--split", metavar="NAME", help="dev, test, val2017, ...")
    parser.add_argument(
        "--limit", metavar="N", type=_count, help="only the first N photos"
    )
    parser.add_argument(
        "--skip-missing", action="store_true", help="leave out photos that are absent"
    )
    parser.add_argument(
        "--model",
        metavar="ID",
        action="append",
        help="score this captioner; may be given several times",
    )
    parser.add_argument(
        "--no-meteor", action="store_true", help="don't run METEOR, which needs Java"
    )
    _add_outputs(parser)
    parser.set_defaults(run=run, parser=parser)


def _add_outputs(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("what is written")
    group.add_argument(
        "--json", metavar="FILE", type=Path, help="all scores, and of every photo"
    )
    group.add_argument(
        "--html", metavar="FILE", type=Path, help="a page with the photos"
    )
    group.add_argument(
        "--embed", action="store_true", help="with --html: put the photos inside"
    )
    group.add_argument(
        "--work",
        metavar="DIR",
        type=Path,
        help="where results are kept while they are made (default: evaluations/ in "
        "the home)",
    )
    group.add_argument(
        "--fresh", action="store_true", help="start over, forget earlier results"
    )


async def run(
    runtime: EdgeRuntime, options: argparse.Namespace, console: Console
) -> ExitCode:
    """Caption with each model, score, and write what was asked for."""
    # every other command would pay for what scoring imports
    from .evaluation import evaluate  # noqa: PLC0415

    return await evaluate(runtime, options, console)


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is no number of photos")
    return int(text)
