"""What is drawn where no library draws it."""

import numpy as np
import pytest

from edge_runtime.families.token_choice import TokenChoice
from edge_runtime.sessions.base import Sampling

SCORES = np.log(np.array([0.5, 0.3, 0.15, 0.04, 0.01], np.float32))
OPEN = {"top_k": 0, "top_p": 1.0, "min_p": 0.0}


def drawn(count=4000, scores=SCORES, **settings):
    """Return the share of each token among many first choices."""
    found, rules = np.zeros(len(scores)), OPEN | {"temperature": 1.0} | settings
    for seed in range(count):
        choice = TokenChoice(Sampling(**rules, seed=seed))
        found[choice.next(scores)[0]] += 1
    return found / count


def test_the_likeliest_token_comes_with_its_own_probability():
    token, logprob = TokenChoice(Sampling()).next(SCORES + 7)
    assert token == 0
    assert logprob == pytest.approx(np.log(0.5), abs=1e-6)


def test_tokens_are_drawn_as_likely_as_the_model_finds_them():
    assert drawn() == pytest.approx([0.5, 0.3, 0.15, 0.04, 0.01], abs=0.03)


def test_cold_draws_keep_to_the_likely():
    powers = np.exp(SCORES.astype(float) / 0.5)
    assert drawn(temperature=0.5) == pytest.approx(powers / powers.sum(), abs=0.03)


@pytest.mark.parametrize(
    ("settings", "kept"),
    [
        ({"top_k": 2}, 2),
        ({"top_p": 0.75}, 2),
        ({"top_p": 0.85}, 3),
        ({"min_p": 0.25}, 3),
        ({"min_p": 0.07}, 4),
        ({"top_k": 4, "top_p": 0.97, "min_p": 0.1}, 3),
    ],
)
def test_what_is_unlikely_is_left_out(settings, kept):
    found = drawn(400, **settings)
    assert (found[:kept] > 0).all()
    assert not found[kept:].any()


def test_what_was_said_loses_of_its_score():
    choice = TokenChoice(Sampling(repetition_penalty=2.0))
    scores = np.array([3.0, 2.0, -1.0, -1.5], np.float32)
    assert [choice.next(scores)[0] for _ in range(3)] == [0, 1, 0]
    below = TokenChoice(Sampling(repetition_penalty=2.0))
    assert [below.next(scores[2:])[0] for _ in range(2)] == [0, 1]


def test_a_seed_repeats_what_is_drawn():
    def some(seed):
        choice = TokenChoice(Sampling(temperature=2.0, seed=seed, **OPEN))
        return [choice.next(SCORES)[0] for _ in range(12)]

    assert some(1) == some(1) != some(2)
