"""Rules that hold for any manifest and machine, tried on seeded random ones."""

from dataclasses import replace
import json
from random import Random

import pytest
from selection_builders import context, machine, model, settings

from edge_runtime.manifest.model import Manifest, Tuning
from edge_runtime.preferences import Preference
from edge_runtime.schemas import Task
from edge_runtime.selection import better_here, explain, select, to_dict

SEEDS = range(40)
FAMILIES = ("encoder_decoder", "vision_chat", "florence2")
LIBRARIES = ("onnxruntime", "llama-cpp-python", "unheard-of")


def random_model(random, number):
    return model(
        f"model-{number}",
        need_mb=random.randrange(50, 4000),
        score=number + random.random(),  # no two alike: only ties may follow the order
        family=random.choice(FAMILIES),
        library=random.choice(LIBRARIES),
        tuning=random.choice([Tuning.FINETUNED, Tuning.INSTRUCT, Tuning.BASE]),
        verified=random.random() < 0.7,
        requires_acceptance=random.random() < 0.2,
        compute_gmac=number + random.random(),
        languages=random.choice([("en",), ("de", "en"), ("zh",)]),
    )


def random_case(seed):
    random = Random(seed)  # noqa: S311
    models = [random_model(random, number) for number in range(12)]
    installed = random.sample([spec.id for spec in models], 4)
    circumstances = context(
        *installed,
        settings=settings(random.choice(list(Preference)), seconds=5),
        seconds={name: random.uniform(1, 9) for name in installed},
        language=random.choice(["en", "de"]),
    )
    hardware = machine(random.randrange(100, 5000), total_mb=8000)
    return random, Manifest(tuple(models)), hardware, circumstances


def best_score(models, hardware, circumstances):
    entry = select(models, hardware, circumstances).get(Task.IMAGE_TO_TEXT)
    chosen = [choice for choice in (entry.running, entry.recommended) if choice]
    return max((choice.model.quality["score"] for choice in chosen), default=0)


@pytest.mark.parametrize("seed", SEEDS)
def test_more_memory_never_makes_the_choice_worse(seed):
    _, models, _, circumstances = random_case(seed)
    circumstances = replace(circumstances, settings=settings())

    scores = [
        best_score(models, machine(available, total_mb=9000), circumstances)
        for available in range(100, 6000, 300)
    ]

    assert scores == sorted(scores)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_order_of_rows_sets_and_mappings_does_not_matter(seed):
    random, models, hardware, circumstances = random_case(seed)
    shuffled = list(models.models)
    random.shuffle(shuffled)
    libraries = dict(reversed(circumstances.libraries.items()))
    installed = frozenset(sorted(circumstances.installed, reverse=True))

    one = select(models, hardware, circumstances)
    other = select(
        Manifest(tuple(shuffled)),
        hardware,
        replace(circumstances, libraries=libraries, installed=installed),
    )

    first, second = one.get(Task.IMAGE_TO_TEXT), other.get(Task.IMAGE_TO_TEXT)
    assert replace(first, rejected=()) == replace(second, rejected=())
    assert set(first.rejected) == set(second.rejected)


@pytest.mark.parametrize("seed", SEEDS)
def test_every_model_stands_in_exactly_one_place(seed):
    _, models, hardware, circumstances = random_case(seed)

    entry = select(models, hardware, circumstances).get(Task.IMAGE_TO_TEXT)

    chosen = [entry.running, entry.recommended, *entry.others]
    places = [choice.model.id for choice in chosen if choice]
    places += [rejection.model_id for rejection in entry.rejected]
    assert sorted(places) == sorted(spec.id for spec in models.models)
    assert all(rejection.reasons for rejection in entry.rejected)


@pytest.mark.parametrize("seed", SEEDS)
def test_what_runs_is_installed_and_what_is_recommended_is_better(seed):
    _, models, hardware, circumstances = random_case(seed)
    circumstances = replace(circumstances, settings=settings())

    entry = select(models, hardware, circumstances).get(Task.IMAGE_TO_TEXT)

    if entry.running:
        assert entry.running.model.id in circumstances.installed
        assert not entry.running.needs_license
        assert not entry.running.unverified
    if entry.running and entry.recommended:
        running = entry.running.model.quality["score"]
        assert entry.recommended.model.quality["score"] > running
        assert entry.recommended.model.tuning is not Tuning.BASE
        assert entry.recommended.model.family in circumstances.families


@pytest.mark.parametrize("seed", SEEDS)
def test_every_decision_can_be_told_in_100_columns_and_as_json(seed):
    _, models, hardware, circumstances = random_case(seed)
    chosen = select(models, hardware, circumstances)

    lines = explain(chosen, hardware)

    assert max(len(line) for line in lines) <= 100
    assert all(any(spec.id in line for line in lines) for spec in models.models)
    assert len(json.loads(json.dumps(to_dict(chosen)))["tasks"]) == len(Task)
    recommended = chosen.get(Task.IMAGE_TO_TEXT).recommended
    assert (better_here(chosen) is None) is (recommended is None)
