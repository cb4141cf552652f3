"""Texts of real language models, and how the gate judges them beside a person.

generate: ask a model about captions with facts, append its texts to a file, unlabelled
score:    how often the gate passes bad text and turns good text away

    scripts/gate_cases.py generate MODEL captions.jsonl out.jsonl --count 60
    scripts/gate_cases.py score [tests/text/gate_cases.jsonl]

A line is {"caption", "facts", "model", "prompt", "text", "finish"}; a person adds
"good" (true or false) and "why".
"""

import argparse
import asyncio
from collections import Counter
from itertools import cycle, islice
import json
from pathlib import Path
import random
import sys
from typing import IO

from edge_runtime.config import load_settings
from edge_runtime.facts import Fact, FactKind, FactSource, PlaceScope
from edge_runtime.inference.text_messages import (
    ChatTurn,
    GenerateAnswer,
    GenerateJob,
)
from edge_runtime.pipeline.gate import Asked, named_person
from edge_runtime.pipeline.prompts import conversation
from edge_runtime.pipeline.rewriting import judge, tidy
from edge_runtime.runtime import EdgeRuntime

CASES = Path(__file__).resolve().parent.parent / "tests" / "text" / "gate_cases.jsonl"
PLACES = (
    ("Lisbon", ("Portugal",)),
    ("Porto", ("Portugal",)),
    ("Vienna", ("Austria",)),
    ("Cork", ("Ireland",)),
    ("Santa Cruz", ("California", "United States")),
    ("Kyoto", ("Japan",)),
    ("São Paulo", ("Brazil",)),
    ("Bad Tölz", ("Bavaria", "Germany")),
)
NAMES = ("Anna", "Niaz", "Lena", "Ravi", "María José", "Tom", "Yuki", "Oliver")
DATES = ("2023-12-24", "2019-07", "2021-05-01", "2008", "2024-02-29")
ALBUMS = ("Summer holidays", "Grandma's birthday", "Ski trip")
CAMERAS = ("Front door", "Garden")


def fact(kind: FactKind, value: str, within: tuple[str, ...] = ()) -> Fact:
    """Return a fact as a person gives it."""
    scope = PlaceScope.CITY if kind is FactKind.PLACE else None
    return Fact(kind, value, FactSource.REQUEST, scope=scope, within=within)


def facts_for(caption: str, dice: random.Random) -> tuple[Fact, ...]:
    """Return one to three facts that could belong to a photo."""
    found: list[Fact] = []
    name = fact(FactKind.PERSON, dice.choice(NAMES))
    if named_person(caption, [name]) and dice.random() < 0.6:  # noqa: PLR2004
        found.append(name)
    extra = [
        fact(FactKind.PLACE, *dice.choice(PLACES)),
        fact(FactKind.DATE, dice.choice(DATES)),
        fact(FactKind.ALBUM, dice.choice(ALBUMS)),
        fact(FactKind.CAMERA, dice.choice(CAMERAS)),
    ]
    count = dice.choice((0, 1, 1, 2)) if found else dice.choice((1, 1, 2))
    picked = dice.choices(range(4), weights=(6, 4, 1, 1), k=count)
    return (*found, *(extra[index] for index in sorted(set(picked))))


def plain_prompt(caption: str, facts: tuple[Fact, ...]) -> tuple[ChatTurn, ...]:
    """Return a prompt without examples, as people write it: it brings worse texts."""
    lines = "\n".join(f"{f.kind.value}: {f.value}" for f in facts)
    return (
        ChatTurn("user", f"Make this photo caption more personal.\n{caption}\n{lines}"),
    )


async def ask(model: str, captions: list[str], dice: random.Random, out: IO) -> None:
    """Write a model's texts about captions with facts."""
    async with EdgeRuntime(load_settings()) as runtime:
        runner = runtime.runner(runtime.model(model))
        for number, caption in enumerate(captions):
            facts = facts_for(caption, dice)
            simple = number % 3 == 2  # noqa: PLR2004
            turns = (plain_prompt if simple else conversation)(caption, facts)
            warm = {"temperature": 0.7, "seed": number} if simple else {}
            limits = {"stop": ["\n"], "max_new_tokens": 64, "max_seconds": 60}
            answer = await runner.generate(GenerateJob(turns, {**limits, **warm}))
            case = {
                "caption": caption,
                "facts": [entry.to_dict() for entry in facts],
                "model": model,
                "prompt": "plain" if simple else "examples",
                "text": answer.text,
                "finish": answer.finish,
            }
            out.write(json.dumps(case, ensure_ascii=False) + "\n")
            out.flush()


def generate(options: argparse.Namespace) -> int:
    """Append a model's texts to a file."""
    dice = random.Random(options.seed)  # noqa: S311 - not for secrets
    lines = Path(options.captions).read_text(encoding="utf-8").splitlines()
    captions = sorted({json.loads(line)["caption"] for line in lines})
    captions = [text for text in captions if len(text.split()) > 4]  # noqa: PLR2004
    dice.shuffle(captions)
    asked = list(islice(cycle(captions), options.count))
    with Path(options.output).open("a", encoding="utf-8") as out:
        asyncio.run(ask(options.model, asked, dice, out))
    return 0


def score(options: argparse.Namespace) -> int:
    """Print how the gate does on texts that a person has judged."""
    lines = Path(options.cases).read_text(encoding="utf-8").splitlines()
    cases = [json.loads(line) for line in lines]
    print(f"{'model':28}{'prompt':10}{'texts':>6}{'good':>6}{'bad':>6}", end="")
    print(f"{'bad passed':>12}{'good refused':>14}")
    groups = sorted({(case["model"], case["prompt"]) for case in cases})
    for model, prompt in [*groups, ("all", "")]:
        group = [
            case
            for case in cases
            if model == "all" or (case["model"], case["prompt"]) == (model, prompt)
        ]
        print(_row(model, prompt, group))
    for case in cases:
        passed = verdict(case) is None
        if passed != case["good"]:
            word = "bad text passed" if passed else f"good refused: {verdict(case)}"
            print(f"{word}\n    {case['caption']} -> {case['text']}  [{case['why']}]")
    return 0


def verdict(case: dict) -> str | None:
    """Return why the gate turns a case's text away, or None."""
    facts = tuple(Fact.from_dict(entry) for entry in case["facts"])
    answer = GenerateAnswer(case["text"], case["finish"], 0, 0, 0, {})
    found = judge(tidy(answer), answer, Asked(case["caption"], facts))
    return None if found is None else found.sentence


def _row(model: str, prompt: str, group: list[dict]) -> str:
    counts = Counter((case["good"], verdict(case) is None) for case in group)
    good = counts[True, True] + counts[True, False]
    bad = counts[False, True] + counts[False, False]
    return (
        f"{model:28}{prompt:10}{len(group):6}{good:6}{bad:6}"
        f"{counts[False, True]:12}{counts[True, False]:14}"
    )


def main() -> int:
    """Run one of the two commands."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    commands = parser.add_subparsers(required=True)
    one = commands.add_parser("generate")
    one.add_argument("model")
    one.add_argument("captions")
    one.add_argument("output")
    one.add_argument("--count", type=int, default=60)
    one.add_argument("--seed", type=int, default=1)
    one.set_defaults(run=generate)
    two = commands.add_parser("score")
    two.add_argument("cases", nargs="?", default=CASES)
    two.set_defaults(run=score)
    options = parser.parse_args()
    return int(options.run(options))


if __name__ == "__main__":
    sys.exit(main())
