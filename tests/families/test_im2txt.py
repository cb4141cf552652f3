"""LibrePhotos' im2txt: its graphs' form, and its vocabulary that nothing may run."""

import os
import pickle
import sys

import pytest

from edge_runtime.errors import ModelBrokenError
from edge_runtime.families.pickled_words import read_words

WORDS = ("<pad>", "<start>", "<end>", "<unk>", "a", "dog", "on", "grass", ".")


class Vocabulary:
    """The class that LibrePhotos pickles, in the shape of its training script."""

    def __init__(self, words=WORDS):
        self.word2idx = {word: index for index, word in enumerate(words)}
        self.idx2word = dict(enumerate(words))
        self.idx = len(words)


class Harmful:
    def __reduce__(self):
        return os.system, ("touch harmed",)


@pytest.fixture(autouse=True)
def in_its_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def written(tmp_path, found, protocol=2):
    path = tmp_path / "vocab.pkl"
    path.write_bytes(pickle.dumps(found, protocol=protocol))
    return str(path)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("found", [Vocabulary(), dict(enumerate(WORDS))])
def test_a_vocabulary_is_read_in_every_protocol(tmp_path, found, protocol):
    assert read_words(written(tmp_path, found, protocol)) == WORDS


def test_its_class_need_not_exist(tmp_path, monkeypatch):
    path = written(tmp_path, Vocabulary())
    monkeypatch.delattr(sys.modules[__name__], "Vocabulary")
    assert read_words(path) == WORDS


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_that_would_run_something_is_refused(tmp_path, protocol):
    path = written(tmp_path, {0: "a", 1: Harmful()}, protocol)
    with pytest.raises(ModelBrokenError, match="system', which no vocabulary needs"):
        read_words(path)
    assert not (tmp_path / "harmed").exists()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"cVocabulary\nVocabulary\n(S'touch harmed'\ntR.", "no pickled vocabulary"),
        (b"(S'touch harmed'\nios\nsystem\n.", "INST"),
        (b"\x80\x02K\x01Q.", "BINPERSID"),
        (b"\x80\x02\x82\x01.", "EXT1"),
        (b"\x80\x02}", "no pickled vocabulary|no end"),
        (b"\x80\x02e.", "no pickled vocabulary"),
        (b"\x80\x02}.", "not numbered"),
        (b"not a pickle", "vocab"),
        (b"", "vocab"),
        (pickle.dumps({0: "a", 2: "b"}), "not numbered"),
        (pickle.dumps(["a"]), "holds no vocabulary"),
    ],
)
def test_what_is_no_vocabulary_is_a_typed_error(tmp_path, data, message):
    path = tmp_path / "vocab.pkl"
    path.write_bytes(data)
    with pytest.raises(ModelBrokenError, match=message) as caught:
        read_words(str(path))
    assert str(path) in caught.value.message
    assert not (tmp_path / "harmed").exists()


def test_a_file_that_is_not_there_is_a_typed_error(tmp_path):
    with pytest.raises(ModelBrokenError, match="can't be read"):
        read_words(str(tmp_path / "none.pkl"))
