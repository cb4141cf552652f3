"""What self-critical training pays a caption, by values that a pencil can check."""

import math
from pathlib import Path
import sys

import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

sys.path.append(str(Path(__file__).parents[2] / "scripts"))

from tiny_captioner.data import EOS, PAD, SPECIAL_TOKENS, Vocabulary  # noqa: E402
from tiny_captioner.reward import Reward, SentenceBleu  # noqa: E402

DOG = ["a", "dog", "runs", "<eos>"]
CAT = ["one", "cat", "sleeps", "<eos>"]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        pytest.param("a dog runs <eos>", (4 / 4.1) ** 0.25, id="perfect"),
        pytest.param("a dog", (2 / 2.1) ** 0.25 * math.exp(1 - 4 / 2), id="short"),
        pytest.param("dog", (1 / 1.1) ** 0.25 * math.exp(1 - 4), id="one word"),
        pytest.param("cat", (1e-9 / 1.1) ** 0.25 * math.exp(1 - 4), id="wrong word"),
        pytest.param(
            "dog dog dog dog",
            (1 / 4.1 * 0.1 / 3.1 * 0.1 / 2.1 * 0.1 / 1.1) ** 0.25,
            id="a word counts once",
        ),
        pytest.param(
            "a dog runs fast <eos>",
            (4 / 5.1 * 2.1 / 4.1 * 1.1 / 3.1 * 0.1 / 2.1) ** 0.25,
            id="long",
        ),
    ],
)
def test_bleu_of_one_caption(said, expected):
    bleu = SentenceBleu([[CAT], [DOG]])
    assert bleu.score(1, said.split()) == pytest.approx(expected, rel=1e-6)


def test_the_nearest_length_counts_and_of_two_the_shorter():
    bleu = SentenceBleu([[["dog"] * 6, ["dog"] * 4]])
    assert bleu.score(0, ["dog"] * 5) == pytest.approx((5 / 5.1) ** 0.25, rel=1e-6)


def test_nothing_said_is_worth_nothing():
    assert SentenceBleu([[DOG]]).score(0, []) < 0.01


@pytest.mark.parametrize("weight", [0.0, 0.5])
def test_a_reward_is_cider_and_a_part_of_bleu(weight):
    words = Vocabulary((*SPECIAL_TOKENS, *DOG[:3], *CAT[:3]))
    reward = Reward([[DOG[:3]], [CAT[:3]]], words, weight)
    ids = [len(SPECIAL_TOKENS) + place for place in range(6)]
    perfect, wrong = [*ids[3:], EOS, PAD], [*ids[:3], EOS, PAD]
    found = reward(torch.tensor([1, 0]), torch.tensor([perfect, wrong] * 2), 2)
    best = 10 + weight * (4 / 4.1) ** 0.25
    assert found[0] == found[3] == pytest.approx(best, rel=1e-5)
    assert max(found[1], found[2]) < 0.5
