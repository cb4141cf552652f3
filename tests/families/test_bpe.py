"""CLIP's tokenizer on a small vocabulary of its form."""

import pytest

from edge_runtime.errors import ModelBrokenError
from edge_runtime.families.bpe import (
    BEGIN,
    END,
    BytePairTokenizer,
    byte_symbols,
    pieces,
)
from tests.fixtures.scorer import colours

FILES = colours.files(colours.CLIP_FILES)


@pytest.fixture(scope="module")
def tokenizer() -> BytePairTokenizer:
    return BytePairTokenizer.load(FILES["vocabulary"], FILES["merges"])


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a photo of a dog", ["a", "photo", "of", "a", "dog"]),
        ("It's 24!!", ["it", "'s", "2", "4", "!!"]),
        ("don't  they'll", ["don", "'t", "they", "'ll"]),
        ("t-shirt (red)", ["t", "-", "shirt", "(", "red", ")"]),
        ("été 犬2½", ["été", "犬", "2", "½"]),
        (" \t\n", []),
    ],
)
def test_pieces(text, found):
    assert list(pieces(text.lower())) == found


def test_words_become_ids_between_begin_and_end(tokenizer):
    ids = tokenizer._ids
    words = ["photo</w>", "of</w>", "dog</w>"]
    expected = [ids[BEGIN], *(ids[word] for word in words), ids[END]]
    assert tokenizer.ids("Photo of DOG") == expected


def test_an_unknown_word_is_spelt(tokenizer):
    ids = tokenizer._ids
    # "do" and "og" are no merges of the end of a word: the first stays, the rest splits
    assert tokenizer.ids("dox")[1:-1] == [ids["do"], ids["x</w>"]]
    sign = [byte_symbols()[byte] for byte in "é".encode()]
    assert tokenizer.ids("É")[1:-1] == [ids[sign[0]], ids[f"{sign[1]}</w>"]]


def test_decomposed_letters_are_the_same_letters(tokenizer):
    assert tokenizer.ids("e\N{COMBINING ACUTE ACCENT}") == tokenizer.ids("é")


@pytest.mark.parametrize("text", ["dog " * 200, "x" * 500])
def test_a_long_text_is_cut_but_ends(tokenizer, text):
    ids = tokenizer.ids(text)
    assert len(ids) == 77
    assert ids[-1] == tokenizer.end


def test_the_bytes_have_256_different_signs():
    assert len(set(byte_symbols())) == 256
    assert byte_symbols()[ord("a")] == "a"
    assert byte_symbols()[ord(" ")] == "Ġ"


@pytest.mark.parametrize(
    ("vocabulary", "merges", "words"),
    [
        ("{}", "", "lacks"),
        ("[]", "", "can't be read as a tokenizer"),
        ("{", "", "can't be read as a tokenizer"),
        (f'{{"{BEGIN}": 0, "{END}": 1}}', "a b c", "can't be read as a tokenizer"),
    ],
)
def test_broken_files_are_named(tmp_path, vocabulary, merges, words):
    one, two = tmp_path / "vocab.json", tmp_path / "merges.txt"
    one.write_text(vocabulary)
    two.write_text(merges)
    with pytest.raises(ModelBrokenError, match=words):
        BytePairTokenizer.load(str(one), str(two))


def test_a_sign_without_id_is_named():
    tokenizer = BytePairTokenizer({BEGIN: 0, END: 1}, [])
    with pytest.raises(ModelBrokenError, match="no id for"):
        tokenizer.ids("a")
