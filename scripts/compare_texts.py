"""Four ways to a text, side by side: visual only, template, and language models.

    scripts/compare_texts.py [--output FILE] [--home FOLDER] [--model ID]
        [--translate LANGUAGE MODEL] [--count 30]

The photos are the freely licensed ones of tests/fixtures/photos. The facts are given:
the year that the photo's credit names, and a place or a name by turns. For each model
the table shows its own words and what the gate said to them.
"""

import argparse
import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
import re
import sys

from edge_runtime.config import load_settings
from edge_runtime.facts import Fact, FactKind, FactSource
from edge_runtime.inference.runner import ModelRunner
from edge_runtime.inference.text_messages import GenerateJob
from edge_runtime.pipeline import Described, TextModels, TextStage, parse
from edge_runtime.pipeline.gate import Asked
from edge_runtime.pipeline.prompts import conversation
from edge_runtime.pipeline.rewriting import judge, tidy, why_not
from edge_runtime.runtime import EdgeRuntime
from edge_runtime.schemas import CaptionRequest

ROOT = Path(__file__).resolve().parent.parent
PHOTOS = ROOT / "tests" / "fixtures" / "photos"
PLACES = ("Lisbon", "Vienna", "Kyoto", "São Paulo", "Cork")
LIMITS = {"stop": ["\n"], "max_new_tokens": 60, "max_seconds": 60, "temperature": 0.0}


@dataclass
class Entry:
    """One photo with its texts."""

    name: str
    request: CaptionRequest
    seen: Described
    texts: list[str] = field(default_factory=list)


def requests() -> list[tuple[str, CaptionRequest]]:
    """Return the photos with the facts that are given for them."""
    found = []
    for number, path in enumerate(sorted((PHOTOS / "out_of_domain").glob("*.webp"))):
        facts = [_fact(FactKind.PLACE, PLACES[number % len(PLACES)])]
        if year := _year(path.stem):
            facts.append(_fact(FactKind.DATE, year))
        if number % 4 == 0:
            facts.append(_fact(FactKind.PERSON, "Niaz"))
        found.append((path.stem, CaptionRequest(str(path), facts=tuple(facts))))
    return found


def _fact(kind: FactKind, value: str) -> Fact:
    return Fact(kind, value, FactSource.REQUEST)


def _year(name: str) -> str | None:
    """Return the year that a photo's credit names."""
    text = (ROOT / "docs" / "photo-sets.md").read_text(encoding="utf-8")
    line = next((x for x in text.splitlines() if x.startswith(f"| [{name}]")), "")
    years = re.findall(r", (\d{4})\b", line)
    return years[0] if years else None


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
        wrong = judge(text, answer, Asked(visual, facts))
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
        for name, request in requests():
            seen = await runtime.describe(request, captioner)
            if parse(seen.visual).phrases:  # "A photo." has nothing to compare
                entries.append(Entry(name, request, seen))
        entries = entries[: options.count]
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
        facts = ", ".join(fact.value for fact in entry.request.facts)
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
    parser.add_argument("--count", type=int, default=30)
    return asyncio.run(compare(parser.parse_args()))


if __name__ == "__main__":
    sys.exit(main())
