"""`edge-captions ask PHOTO QUESTION`: let a vision-language model answer."""

import argparse
from collections.abc import Mapping
import json
from pathlib import Path
from typing import Any

from ..answering import MAX_QUESTION, MAX_TOKENS, answering_model, data_of
from ..pipeline import question_with
from ..runtime import EdgeRuntime
from ..schemas import CaptionRequest, CaptionResult
from ..units import printable
from .caption import fetch_if_wanted
from .exit_codes import ExitCode
from .output import Console, language_code


def add_parser(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "ask",
        parents=[common],
        help="ask a question about a photo",
        description="Ask a question about a photo. A vision-language model that is "
        "installed answers; nothing is stored, and nobody checks the answer.",
    )
    parser.add_argument("photo", metavar="PHOTO")
    parser.add_argument("question", metavar="QUESTION", type=_question)
    parser.add_argument(
        "--json", action="store_true", help="a JSON object with all there is to say"
    )
    parser.add_argument(
        "--schema",
        metavar="FILE",
        type=_schema,
        help="a JSON schema that the answer follows",
    )
    parser.add_argument(
        "--language", metavar="CODE", type=language_code, help="language of the answer"
    )
    parser.add_argument("--model", metavar="ID", help="ask this model")
    parser.add_argument(
        "--max-tokens", metavar="N", type=_tokens, help="room for the answer"
    )
    parser.set_defaults(run=run)


async def run(
    runtime: EdgeRuntime, options: argparse.Namespace, console: Console
) -> ExitCode:
    """Print what the model says of the photo."""
    asked = answering_model(runtime.manifest, runtime.select(), options.model)
    selection = runtime.select(pin=asked.id)
    if await fetch_if_wanted(runtime, selection, console):
        selection = runtime.select(pin=asked.id)
    spec = runtime.captioner(selection)
    request = CaptionRequest(
        path=options.photo,
        language=options.language or runtime.settings.language,
        verify=False,
        question=question_with(options.question, options.language, options.schema),
        schema=options.schema,
        max_tokens=options.max_tokens,
    )
    result = await runtime.caption(request, spec)
    if options.json:
        told = _to_dict(result, options.question, is_json=options.schema is not None)
        console.print(json.dumps(told, ensure_ascii=False))
        return ExitCode.OK
    console.print(printable(result.caption), "bold")
    console.tell(f"  {result.model}, {result.seconds:.1f} s", "dim")
    for note in result.notes:
        console.tell(f"  {note}", "dim")
    return ExitCode.OK


def _to_dict(result: CaptionResult, question: str, *, is_json: bool) -> dict[str, Any]:
    return {
        "path": result.path,
        "question": question,
        "answer": result.caption,
        "data": data_of(result.caption) if is_json else None,
        "model": result.model,
        "language": result.language,
        "seconds": result.seconds,
        "stages": dict(result.stages or {}),
        "notes": list(result.notes),
    }


def _question(text: str) -> str:
    question = text.strip()
    if not 0 < len(question) <= MAX_QUESTION:
        raise argparse.ArgumentTypeError(
            f"a question has 1 to {MAX_QUESTION} characters, not {len(question)}"
        )
    return question


def _tokens(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= MAX_TOKENS:
        raise argparse.ArgumentTypeError(f"must be a number from 1 to {MAX_TOKENS}")
    return int(text)


def _schema(path: str) -> Mapping[str, Any]:
    try:
        found = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as err:
        raise argparse.ArgumentTypeError(f"{path}: {err.strerror}") from None
    except (ValueError, RecursionError) as err:
        raise argparse.ArgumentTypeError(f"{path}: is no JSON ({err})") from None
    if not isinstance(found, dict):
        raise argparse.ArgumentTypeError(f"{path}: a schema is a JSON object")
    return found
