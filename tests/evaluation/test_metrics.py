"""BLEU, ROUGE-L and CIDEr-D equal pycocoevalcap's, and are right by hand."""

import json
import math
import shutil

import pytest

from edge_runtime.evaluation.metrics import (
    CiderD,
    corpus_bleu,
    corpus_cider_d,
    corpus_rouge_l,
    count_ngrams,
    rouge_l,
    score_captions,
    tokenize_caption,
)

CANDIDATES = [
    "a black dog is running through the snow",
    "two children are playing on a swing",
    "a man in a red jacket is standing on a mountain",
    "a dog dog dog",
    "the man 's bike",
    "a woman with a t-shirt",
    "a",
    "people walk down a street at night near a shop with a sign and a car",
]
REFERENCES = [
    [
        "a black dog runs through deep snow",
        "the dog is running in the snow",
        "a dog in snow",
    ],
    [
        "two kids play on a swing set",
        "a boy and a girl are on a swing",
        "children playing outside",
    ],
    [
        "a climber in a red jacket stands on a mountain",
        "a man stands on top of a mountain",
        "the man in red is standing on a rock",
    ],
    ["a dog catches a ball", "the brown dog jumps", "a dog and another dog play"],
    ["a man on the bike", "the man 's red bike is parked", "bike"],
    [
        "a woman in a white t-shirt",
        "the woman wears a t-shirt",
        "a person with a t-shirt smiles",
    ],
    ["a cat sleeps", "cat on a sofa", "the cat"],
    [
        "people walking at night",
        "a street at night with a lit sign",
        "a car drives past a shop at night",
    ],
]


def _tokens() -> tuple[list[list[str]], list[list[list[str]]]]:
    return (
        [text.split() for text in CANDIDATES],
        [[text.split() for text in texts] for texts in REFERENCES],
    )


def _coco() -> tuple[dict[int, list[str]], dict[int, list[str]]]:
    return dict(enumerate(REFERENCES)), {
        index: [text] for index, text in enumerate(CANDIDATES)
    }


def test_bleu_equals_pycocoevalcap() -> None:
    bleu = pytest.importorskip("pycocoevalcap.bleu.bleu")
    expected, _ = bleu.Bleu(4).compute_score(*_coco(), verbose=0)
    assert corpus_bleu(*_tokens()) == pytest.approx(expected, abs=1e-6)


def test_rouge_l_equals_pycocoevalcap() -> None:
    rouge = pytest.importorskip("pycocoevalcap.rouge.rouge")
    expected, each = rouge.Rouge().compute_score(*_coco())
    candidates, references = _tokens()
    assert corpus_rouge_l(candidates, references) == pytest.approx(expected, abs=1e-6)
    ours = [rouge_l(*pair) for pair in zip(candidates, references, strict=True)]
    assert ours == pytest.approx(list(each), abs=1e-6)


def test_cider_d_equals_pycocoevalcap() -> None:
    cider = pytest.importorskip("pycocoevalcap.cider.cider")
    expected, each = cider.Cider().compute_score(*_coco())
    candidates, references = _tokens()
    assert corpus_cider_d(candidates, references) == pytest.approx(expected, abs=1e-6)
    scorer = CiderD(references)
    ours = [scorer.score(index, text) for index, text in enumerate(candidates)]
    assert ours == pytest.approx(list(each), abs=1e-6)


@pytest.fixture
def real(flickr8k) -> tuple[list[list[str]], list[list[list[str]]]]:
    """Return 200 real captions, an empty one among them, each with four references."""
    texts = json.loads((flickr8k / "captions_dev.json").read_text())
    tokens = [[tokenize_caption(t) for t in five] for five in texts.values()][:200]
    tokens[7][0] = []
    return [five[0] for five in tokens], [five[1:] for five in tokens]


def test_all_scores_of_real_captions_equal_pycocoevalcap(real) -> None:
    bleu = pytest.importorskip("pycocoevalcap.bleu.bleu")
    rouge = pytest.importorskip("pycocoevalcap.rouge.rouge")
    cider = pytest.importorskip("pycocoevalcap.cider.cider")
    candidates, references = real
    coco = (
        {i: [" ".join(ref) for ref in refs] for i, refs in enumerate(references)},
        {i: [" ".join(text)] for i, text in enumerate(candidates)},
    )
    expected_bleu, _ = bleu.Bleu(4).compute_score(*coco, verbose=0)
    assert corpus_bleu(*real) == pytest.approx(expected_bleu, abs=1e-6)
    expected_rouge, _ = rouge.Rouge().compute_score(*coco)
    assert corpus_rouge_l(*real) == pytest.approx(expected_rouge, abs=1e-6)
    expected_cider, each = cider.Cider().compute_score(*coco)
    assert corpus_cider_d(*real) == pytest.approx(expected_cider, abs=1e-6)
    scorer = CiderD(references)
    ours = [scorer.score(index, text) for index, text in enumerate(candidates)]
    assert ours == pytest.approx(list(each), abs=1e-6)


@pytest.mark.skipif(shutil.which("java") is None, reason="Java is not installed")
def test_real_captions_are_tokenised_as_the_ptb_tokenizer_does(flickr8k, capfd) -> None:
    tokenizer = pytest.importorskip("pycocoevalcap.tokenizer.ptbtokenizer")
    texts = json.loads((flickr8k / "captions_dev.json").read_text())
    rows = {name: [{"caption": t} for t in five] for name, five in texts.items()}
    theirs = tokenizer.PTBTokenizer().tokenize(rows)
    pairs = [
        (tokenize_caption(text), other.split())
        for name, five in texts.items()
        for text, other in zip(five, theirs[name], strict=True)
    ]
    assert len(pairs) == 5000
    assert sum(ours != other for ours, other in pairs) <= 10


def test_bleu_of_a_copy_is_one() -> None:
    caption = ["a", "dog", "runs", "on", "the", "beach"]
    assert corpus_bleu([caption], [[caption]]) == pytest.approx((1, 1, 1, 1), abs=1e-6)


def test_bleu_counts_a_repeated_word_no_more_often_than_a_reference() -> None:
    scores = corpus_bleu(
        [["the"] * 7], [[["the", "cat", "is", "on", "the", "mat", "there"]]]
    )
    assert scores[0] == pytest.approx(2 / 7, abs=1e-6)


def test_bleu_punishes_a_caption_shorter_than_its_closest_reference() -> None:
    scores = corpus_bleu([["a", "dog"]], [[["a", "dog", "runs", "fast"]]])
    assert scores[0] == pytest.approx(math.exp(1 - 4 / 2), abs=1e-6)


def test_bleu_takes_the_shorter_of_two_equally_close_references() -> None:
    references = [[["a", "dog", "runs"], ["dog"]]]
    assert corpus_bleu([["a", "dog"]], references)[0] == pytest.approx(1, abs=1e-6)


def test_rouge_l_follows_its_formula() -> None:
    # 3 of 4 candidate words are a subsequence of the 5 reference words
    score = rouge_l(
        ["a", "dog", "quickly", "runs"], [["a", "dog", "there", "runs", "home"]]
    )
    precision, recall, weight = 3 / 4, 3 / 5, 1.2**2
    expected = (1 + weight) * precision * recall / (recall + weight * precision)
    assert score == pytest.approx(expected)


@pytest.mark.parametrize(
    ("candidate", "references"),
    [([], [["a"]]), (["a"], [["b"]]), (["a"], [[]])],
)
def test_rouge_l_is_zero_where_nothing_is_shared(
    candidate: list[str], references: list[list[str]]
) -> None:
    assert rouge_l(candidate, references) == 0


def test_cider_d_of_copies_of_distinct_captions_is_ten() -> None:
    captions = [["a", "dog", "runs", "fast"], ["two", "cats", "sleep", "here"]]
    score = corpus_cider_d(captions, [[caption] for caption in captions])
    assert score == pytest.approx(10)


def test_cider_d_gives_nothing_for_words_that_every_photo_shares() -> None:
    captions = [["a", "dog"], ["a", "cat"]]
    scorer = CiderD([[caption] for caption in captions])
    assert scorer.score(0, ["a"]) == 0


def test_cider_d_of_a_photo_without_references_is_zero() -> None:
    assert CiderD([[]]).score(0, ["a"]) == 0


def test_scores_of_no_captions_are_zero() -> None:
    assert corpus_cider_d([], []) == 0
    assert corpus_rouge_l([], []) == 0


def test_candidates_without_their_references_are_refused() -> None:
    with pytest.raises(ValueError, match="shorter"):
        corpus_bleu([["a"], ["b"]], [[["a"]]])


def test_ngrams_are_counted_up_to_the_order() -> None:
    assert count_ngrams(["a", "b", "a"], 2) == {
        ("a",): 2,
        ("b",): 1,
        ("a", "b"): 1,
        ("b", "a"): 1,
    }


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("A Dog runs .", ["a", "dog", "runs"]),
        ("the man's bike", ["the", "man", "'s", "bike"]),
        ("the man\N{RIGHT SINGLE QUOTATION MARK}s bike", ["the", "man", "'s", "bike"]),
        ("dogs' toys", ["dogs", "toys"]),
        ("He doesn't jump", ["he", "does", "n't", "jump"]),
        ("a t-shirt - red", ["a", "t-shirt", "red"]),
        ('a "stop" sign, wet; (two)', ["a", "stop", "sign", "wet", "two"]),
        ("number 22 of 3.5", ["number", "22", "of", "3.5"]),
        ("black & white", ["black", "&", "white"]),
        ("", []),
    ],
)
def test_captions_are_tokenised_as_the_ptb_tokenizer_does(
    text: str, tokens: list[str]
) -> None:
    assert tokenize_caption(text) == tokens


def test_plain_texts_are_scored_after_tokenising() -> None:
    scores = score_captions(["A dog runs."], [["a dog runs"]])
    assert scores.bleu[2] == pytest.approx(1, abs=1e-6)
    assert scores.rouge_l == pytest.approx(1)
