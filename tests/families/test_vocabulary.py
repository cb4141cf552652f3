import pytest

from edge_runtime.errors import ModelBrokenError
from edge_runtime.families.vocabulary import Vocabulary

SPECIAL = ["<pad>", "<bos>", "<eos>", "<unk>"]


def test_ids_become_text_without_special_tokens():
    words = Vocabulary([*SPECIAL, "a", "man", "'s", "dog", ",", "is", "n't"])
    assert words.decode([1, 4, 5, 6, 7, 8, 9, 10, 2]) == "a man's dog, isn't"
    assert (words.bos, words.eos, words.never) == (1, 2, (0, 1, 3))
    assert len(words) == 11


def test_a_file_without_special_tokens_is_named(tmp_path):
    path = tmp_path / "vocabulary.txt"
    path.write_text("<pad>\n<bos>\na\n")
    with pytest.raises(ModelBrokenError, match=r"vocabulary.txt: lacks <eos>, <unk>"):
        Vocabulary.load(str(path))


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(ModelBrokenError, match="can't be read"):
        Vocabulary.load(str(tmp_path / "missing.txt"))
    binary = tmp_path / "binary.txt"
    binary.write_bytes(b"\xff\xfe\xff")
    with pytest.raises(ModelBrokenError, match="can't be read"):
        Vocabulary.load(str(binary))
