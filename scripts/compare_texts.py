"""Four ways to a text, side by side: visual only, template, and language models.

    scripts/compare_texts.py --packages FOLDER [--output FILE] [--home FOLDER]
        [--model ID] [--translate LANGUAGE MODEL]

The photos and what is known of them stand in tests/fixtures/photos/facts.yaml; those of
Debian packages lie in FOLDER, each package unpacked in a folder of its name. For each
model the table shows its own words and what the gate said to them.
"""

import argparse
import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
import sys

import yaml

from edge_runtime.config import load_settings
from edge_runtime.facts import Fact, FactKind
from edge_runtime.inference.runner import ModelRunner
from edge_runtime.inference.text_messages import GenerateJob
from edge_runtime.pipeline import Described, TextModels, TextStage, given_facts
from edge_runtime.pipeline.dates import date_words
from edge_runtime.pipeline.gate import Asked
from edge_runtime.pipeline.prompts import conversation
from edge_runtime.pipeline.rewriting import judge, tidy, why_not
from edge_runtime.runtime import EdgeRuntime
from edge_runtime.schemas import CaptionRequest, Style

ROOT = Path(__file__).resolve().parent.parent
FACTS = ROOT / "tests" / "fixtures" / "photos" / "facts.yaml"
LIMITS = {"stop": ["\n"], "max_new_tokens": 60, "max_seconds": 60, "temperature": 0.0}


@dataclass
class Entry:
    """One photo with its texts."""

    name: str
    request: CaptionRequest
    seen: Described
    texts: list[str] = field(default_factory=list)


def requests(packages: Path) -> list[tuple[str, CaptionRequest]]:
    """Return the photos with the facts that are given, and the wish to find others."""
    found = []
    for row in yaml.safe_load(FACTS.read_text(encoding="utf-8")):
        folder = packages / row["package"] if "package" in row else FACTS.parent
        given = {name: str(value) for name, value in row.get("given", {}).items()}
        request = CaptionRequest(
            str(folder / row["file"]),
            facts=given_facts(given)[0],
            find=(FactKind.PLACE, FactKind.DATE),
            style=Style.DETAILED,
        )
        found.append((row["photo"], request))
    return found


def _shown(fact: Fact) -> str:
    near = "near " if fact.is_near else ""
    return near + (date_words(fact.value) if fact.kind is FactKind.DATE else fact.value)


async def write(model: str, runtime: EdgeRuntime, entries: list[Entry]) -> None:
    """Add a model's words and the gate's verdict to each photo."""
    runner = runtime.runner(runtime.model(model))
    for entry in entries:
        facts, visual = entry.seen.result.facts, entry.seen.visual
        if reason := why_not(visual, facts):
            entry.texts.append(f"not asked: {reason}")
            continue
        answer = await runner.generate(GenerateJob(conversation(visual, facts), LIMITS))
        text = tidy(answer)
        asked = Asked(visual, facts, has_exact_dates=True)
        wrong = judge(text, answer, asked)
        verdict = "**passed**" if wrong is None else f"refused: {wrong.sentence}"
        entry.texts.append(f"{text.replace('|', '/')} — {verdict}")
        print(entry.name, entry.texts[-1], flush=True)
    await runner.stop()


async def translate(
    model: str, language: str, runtime: EdgeRuntime, entries: list[Entry]
) -> None:
    """Add a caption in another language, with its facts by that language's way."""
    spec = runtime.model(model)

    @asynccontextmanager
    async def use(_spec: object) -> AsyncIterator[ModelRunner]:
        yield runtime.runner(spec)

    stage = TextStage(
        runtime.composer,
        runtime.finder,
        TextModels(translator=spec),
        use,
        runtime.memory_budget,
    )
    for entry in entries:
        request = replace(entry.request, language=language)
        result = await stage.finish(request, entry.seen)
        why = "" if result.language == language else f" — {result.notes[-1]}"
        entry.texts.append(f"{result.caption}{why}")
        print(entry.name, entry.texts[-1], flush=True)
    await runtime.runner(spec).stop()


async def compare(options: argparse.Namespace) -> int:
    """Write the report."""
    models = options.model or ["smollm2-135m-instruct"]
    entries = []
    async with EdgeRuntime(load_settings(home=options.home)) as runtime:
        captioner = runtime.captioner(runtime.select())
        for name, request in requests(options.packages):
            seen = await runtime.describe(request, captioner)
            if not seen.known:
                raise SystemExit(f"{name}: nothing is known of it")
            entries.append(Entry(name, request, seen))
        await runtime.runner(captioner).stop()
        for model in models:
            await write(model, runtime, entries)
        for language, model in options.translate or []:
            await translate(model, language, runtime, entries)
            models.append(f"{language}: {model}")
    lines = [
        "# Four ways to a text, side by side",
        "",
        f"Written by `{' '.join(['scripts/compare_texts.py', *sys.argv[1:]])}`.",
        "",
        f"| photo | facts | {captioner.id} | template | {' | '.join(models)} |",
        "|" + "---|" * (4 + len(models)),
    ]
    for entry in entries:
        result = entry.seen.result
        facts = ", ".join(_shown(fact) for fact in result.facts)
        cells = [entry.name, facts, entry.seen.visual, result.caption, *entry.texts]
        lines.append(f"| {' | '.join(cells)} |")
    options.output.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return 0


def main() -> int:
    """Compare what the command line names."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--output", type=Path, default=Path("texts-compared.md"))
    parser.add_argument("--home", type=Path)
    parser.add_argument("--model", action="append")
    parser.add_argument(
        "--translate", nargs=2, action="append", metavar=("LANGUAGE", "MODEL")
    )
    parser.add_argument("--packages", type=Path, required=True)
    return asyncio.run(compare(parser.parse_args()))


if __name__ == "__main__":
    sys.exit(main())
