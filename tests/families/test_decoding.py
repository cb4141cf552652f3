import itertools
import math

import numpy as np
import pytest

from edge_runtime.families.decoding import SearchSettings, search

BOS, EOS, VOCABULARY = 0, 1, 6


class TableModel:
    """A language model from a seeded table: the next token depends on all before."""

    def __init__(self, seed, bos=BOS):
        self.seed = seed
        self.bos = bos
        self.prefixes = [(bos,)]
        self.steps = 0

    def logits(self, prefix):
        generator = np.random.default_rng([self.seed, *prefix])
        return generator.normal(0, 2, VOCABULARY).astype(np.float32)

    def __call__(self, tokens, parents):
        self.steps += 1
        if self.steps == 1:
            assert list(tokens) == [self.bos]
        else:
            self.prefixes = [
                (*self.prefixes[parent], token)
                for parent, token in zip(parents, tokens, strict=True)
            ]
        return np.stack([self.logits(prefix) for prefix in self.prefixes])

    def logprobs(self, sequence):
        total, prefix = [], (self.bos,)
        for token in sequence:
            logits = self.logits(prefix).astype(np.float64)
            total.append(float(logits[token] - np.log(np.exp(logits).sum())))
            prefix = (*prefix, token)
        return total


def every_sequence(length, forbidden=()):
    words = [t for t in range(VOCABULARY) if t not in (EOS, *forbidden)]
    for count in range(length):
        for body in itertools.product(words, repeat=count):
            yield (*body, EOS)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("alpha", [0.0, 1.0])
def test_a_wide_beam_finds_the_best_of_all_sequences(seed, alpha):
    model = TableModel(seed)
    settings = SearchSettings(
        BOS, EOS, max_new_tokens=4, num_beams=600, length_penalty=alpha
    )
    best = search(model, settings)[0]
    ended = [(sum(model.logprobs(s)) / len(s) ** alpha, s) for s in every_sequence(4)]
    cut = [
        (sum(model.logprobs(s)) / len(s) ** alpha, s)
        for s in itertools.product([0, 2, 3, 4, 5], repeat=4)
    ]
    score, sequence = max(ended + cut)
    assert best.tokens == tuple(t for t in sequence if t != EOS)
    assert best.score == pytest.approx(score, abs=1e-4)
    assert best.logprobs == pytest.approx(model.logprobs(sequence), abs=1e-4)


@pytest.mark.parametrize("seed", range(8))
def test_greedy_takes_the_most_likely_token_each_time(seed):
    model = TableModel(seed)
    settings = SearchSettings(BOS, EOS, max_new_tokens=7)
    (found,) = search(model, settings)
    prefix = (BOS,)
    for _ in range(7):
        token = int(model.logits(prefix).argmax())
        if token == EOS:
            break
        prefix = (*prefix, token)
    assert found.tokens == prefix[1:]


@pytest.mark.parametrize("seed", range(8))
def test_a_wider_beam_is_never_empty_and_is_sorted(seed):
    settings = SearchSettings(BOS, EOS, max_new_tokens=6, num_beams=3)
    found = search(TableModel(seed), settings)
    assert 1 <= len(found) <= 3
    scores = [hypothesis.score for hypothesis in found]
    assert scores == sorted(scores, reverse=True)
    assert len({hypothesis.tokens for hypothesis in found}) == len(found)


@pytest.mark.parametrize("size", [1, 2, 3])
def test_no_n_gram_is_repeated(size):
    def loop(tokens, parents):
        return np.tile(np.array([-9, -5, 3, 2.9, -3, -4], np.float32), (len(tokens), 1))

    settings = SearchSettings(
        BOS, EOS, max_new_tokens=12, num_beams=2, no_repeat_ngram_size=size
    )
    for hypothesis in search(loop, settings):
        tokens = (BOS, *hypothesis.tokens)
        grams = [tokens[i : i + size] for i in range(len(tokens) - size + 1)]
        assert len(grams) == len(set(grams))


def test_forbidden_tokens_do_not_come_and_the_end_waits_for_the_minimum():
    settings = SearchSettings(
        BOS, EOS, max_new_tokens=8, min_new_tokens=3, num_beams=3, never=(0, 4)
    )
    for seed in range(10):
        for hypothesis in search(TableModel(seed), settings):
            assert not {0, 4} & set(hypothesis.tokens)
            assert len(hypothesis.tokens) >= 3


def test_the_repetition_penalty_pushes_seen_tokens_down():
    def loop(tokens, parents):
        return np.tile(np.array([-9, -5, 3, 2.5, -3, -4], np.float32), (len(tokens), 1))

    plain = SearchSettings(BOS, EOS, max_new_tokens=3)
    assert search(loop, plain)[0].tokens == (2, 2, 2)
    (found,) = search(loop, SearchSettings(BOS, EOS, 3, repetition_penalty=2.0))
    assert found.tokens[:2] == (2, 3)


def test_a_search_ends_when_every_continuation_is_forbidden():
    def dead_end(tokens, parents):
        return np.zeros((len(tokens), 3), np.float32)

    settings = SearchSettings(
        0, 1, max_new_tokens=9, min_new_tokens=9, no_repeat_ngram_size=1
    )
    (found,) = search(dead_end, settings)
    assert found.tokens == (2,)


def test_settings_come_from_the_manifest_and_ignore_what_is_not_theirs():
    settings = SearchSettings.from_mapping(
        {"num_beams": 3, "length_penalty": 0.5, "stop": ["x"], "bos": 9}, bos=1, eos=2
    )
    assert (settings.num_beams, settings.length_penalty) == (3, 0.5)
    assert (settings.bos, settings.eos) == (1, 2)
    assert math.isclose(settings.repetition_penalty, 1.0)
