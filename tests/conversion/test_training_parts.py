"""The training reads dev in parts, and what it compares is what it says."""

from pathlib import Path
import sys

import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

sys.path.append(str(Path(__file__).parents[2] / "scripts"))

from tiny_captioner import train  # noqa: E402
from tiny_captioner.data import FEATURE_SIZE, SPECIAL_TOKENS, Vocabulary  # noqa: E402
from tiny_captioner.evaluate import _compared_settings  # noqa: E402
from tiny_captioner.lstm import LstmConfig, LstmDecoder  # noqa: E402
from tiny_captioner.search import BEAM  # noqa: E402

WORDS = Vocabulary((*SPECIAL_TOKENS, "a", "brown", "dog", "runs", "sleeps"))


def test_dev_is_scored_alike_in_any_parts(monkeypatch):
    torch.manual_seed(2)
    modules = torch.nn.ModuleDict({"decoder": LstmDecoder(LstmConfig(len(WORDS)))})
    corpus = train.Corpus(
        vocabulary=WORDS,
        ids=torch.zeros(0),
        tokens=[],
        dev_tokens=[[["a", "brown", "dog", "runs"]], [["a", "dog", "sleeps"]]] * 3,
        pixels=torch.zeros(0),
        dev_pixels=torch.zeros(0),
        dev_features=torch.randn(6, 1, FEATURE_SIZE),
    )
    seen = []
    caption = train.greedy_captions

    def counted(decoder, features):
        seen.append(len(features))
        return caption(decoder, features)

    monkeypatch.setattr(train, "greedy_captions", counted)
    expected = train.dev_scores(modules, corpus)
    monkeypatch.setattr(train, "DEV_PART", 4)
    assert train.dev_scores(modules, corpus) == pytest.approx(expected)
    assert max(expected) > 0
    assert seen == [6, 4, 2]


def test_every_number_of_beams_is_compared_in_a_few_ways():
    found = _compared_settings()
    assert BEAM in found
    assert len(found) == len(set(found)) == 18
    assert {settings.num_beams for settings in found} == {1, 2, 3, 4, 5}
    shorter = {s.num_beams for s in found if s.no_repeat_ngram_size == 2}
    assert shorter == {BEAM.num_beams}
