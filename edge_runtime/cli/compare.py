"""`edge-captions compare PHOTO...`: the ways to a caption side by side."""

import argparse
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
import json
from typing import Any, Final

from ..errors import EdgeRuntimeError
from ..facts import TextPath
from ..manifest import ModelSpec
from ..runtime import EdgeRuntime
from ..schemas import CaptionRequest, CaptionResult, Style, Task
from ..selection import Selection
from ..text_models import text_stage
from ..units import printable
from .exit_codes import ExitCode, exit_code_of
from .fact_options import add_fact_options, sources_of, wanted_of
from .output import Console, language_code

IM2TXT: Final = "im2txt-flickr8k"


@dataclass(frozen=True, slots=True)
class _Way:
    """One way to a caption, and what came of it."""

    name: str
    result: CaptionResult | None
    why_not: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        if self.result is None:
            return {"way": self.name, "why_not": self.why_not}
        return {"way": self.name, **self.result.to_dict()}


def add_parser(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "compare",
        parents=[common],
        help="see the ways to a caption side by side, on your own photos",
        description="The older architecture, the chosen captioner, the same with what "
        "is known, and with a language model where one is here.",
    )
    parser.add_argument("photos", nargs="+", metavar="PHOTO")
    parser.add_argument(
        "--json", action="store_true", help="one JSON object a line and photo"
    )
    parser.add_argument(
        "--language",
        metavar="CODE",
        type=language_code,
        help="language of the caption (en, de, ...)",
    )
    parser.add_argument("--model", metavar="ID", help="use this captioner")
    add_fact_options(parser)
    parser.set_defaults(run=run, rewrite=False, read_text=None)


async def run(
    runtime: EdgeRuntime, options: argparse.Namespace, console: Console
) -> ExitCode:
    """Describe every photo in every way; a broken one does not stop the others."""
    language = options.language or runtime.settings.language
    wanted = replace(wanted_of(options, runtime.settings), language=language)
    selection = runtime.select(language=language, pin=options.model)
    spec = runtime.captioner(selection)
    worst = ExitCode.OK
    for path in options.photos:
        request = replace(wanted, path=path)
        ways: list[_Way] = []
        try:
            if not options.json:
                console.print(console.style(printable(path), "dim"))
            async for way in _ways(runtime, spec, selection, request):
                ways.append(way)
                if not options.json:
                    _show(way, console)
        except EdgeRuntimeError as err:
            worst = max(worst, exit_code_of(err))
            console.fail(err.message)
            continue
        if options.json:
            line = {"path": path, "ways": [way.to_dict() for way in ways]}
            console.print(json.dumps(line, ensure_ascii=False))
    return worst


async def _ways(
    runtime: EdgeRuntime,
    spec: ModelSpec,
    selection: Selection,
    request: CaptionRequest,
) -> AsyncIterator[_Way]:
    bare = replace(
        request, facts=(), find=(), style=Style.PLAIN, language=spec.languages[0]
    )
    if spec.id != IM2TXT and runtime.manifest.get(IM2TXT) is not None:
        older = runtime.model(IM2TXT)
        yield _Way(IM2TXT, await runtime.caption(bare, older))
    seen = await runtime.describe(bare, spec)
    yield _Way(spec.id, seen.result)
    known = await runtime.describe(replace(request, rewrite=False), spec)
    texts = text_stage(runtime, replace(request, rewrite=False), selection)
    told = known.result
    if texts.models.are_there:
        told = await texts.finish(replace(request, rewrite=False), known)
    if told.text_path is TextPath.VISUAL:
        yield _Way("with what is known", None, told.text_reason)
    else:
        yield _Way("with what is known", told)
    writer = selection.get(Task.TEXT_GENERATION).running
    asked = replace(request, rewrite=True)
    stage = text_stage(runtime, asked, selection)
    if writer is None:
        yield _Way("by a language model", None, "; ".join(stage.models.notes))
        return
    written = await stage.finish(asked, known)
    if written.text_path is TextPath.LLM:
        yield _Way(f"by {writer.model.id}", written)
    else:
        yield _Way(f"by {writer.model.id}", None, written.text_reason)


def _show(way: _Way, console: Console) -> None:
    name = f"  {way.name}: "
    if way.result is None:
        console.print(console.style(f"{name}- ({printable(way.why_not)})", "dim"))
        return
    result = way.result
    console.print(console.style(name, "dim") + console.style(result.caption, "bold"))
    facts = sources_of(result)
    told = f"{result.verdict.value}, {result.seconds:.2f} s"
    console.tell(f"    {told}{f'; {facts}' if facts else ''}", "dim")
