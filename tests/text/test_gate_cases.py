"""The gate beside a person's judgement, on real texts of two language models."""

import json
from pathlib import Path

import pytest

from edge_runtime.facts import Fact
from edge_runtime.inference.text_messages import GenerateAnswer
from edge_runtime.pipeline.gate import Asked
from edge_runtime.pipeline.rewriting import judge, tidy

CASES = [
    json.loads(line)
    for line in (Path(__file__).parent / "gate_cases.jsonl")
    .read_text(encoding="utf-8")
    .splitlines()
]


def passes(case) -> bool:
    facts = tuple(Fact.from_dict(entry) for entry in case["facts"])
    answer = GenerateAnswer(case["text"], case["finish"], 0, 0, 0, {})
    return judge(tidy(answer), answer, Asked(case["caption"], facts)) is None


def test_the_cases_are_many_and_each_says_why():
    assert len(CASES) >= 200
    assert all(case["why"] for case in CASES)
    models = {case["model"] for case in CASES}
    assert models == {"smollm2-135m-instruct", "qwen2.5-coder-1.5b-instruct"}
    assert sum(case["good"] for case in CASES) > 80
    assert sum(not case["good"] for case in CASES) > 80


@pytest.mark.parametrize("part", ["seen", "held out"])
def test_no_bad_text_passes_and_few_good_ones_are_refused(part):
    """Pins the rates that `scripts/gate_cases.py score` prints."""
    cases = [case for case in CASES if case["set"] == part]
    good = [case for case in cases if case["good"]]
    passed = [c["text"] for c in cases if not c["good"] and passes(c)]
    refused = [case["text"] for case in good if not passes(case)]
    assert passed == []
    assert len(refused) <= 0.1 * len(good), refused
