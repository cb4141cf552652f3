"""im2txt in LibrePhotos' form: a CNN, an LSTM with its loop inside, pickled words."""

from dataclasses import replace
import pickle

import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytest.importorskip("onnx", reason="onnx is not installed")

from conversion.im2txt_models import WORDS, Vocabulary, make_im2txt  # noqa: E402
from conversion.photo_models import photos  # noqa: E402

from edge_runtime.errors import ModelBrokenError  # noqa: E402
from edge_runtime.families.im2txt import Im2txtCaptioner  # noqa: E402
from edge_runtime.imaging import to_pixel_values  # noqa: E402


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return make_im2txt(tmp_path_factory.mktemp("im2txt"))


def test_its_captions_are_those_of_the_graphs_in_pytorch(made):
    encoder, decoder, config = made
    captioner = Im2txtCaptioner(config)
    said = set()
    for photo in photos():
        pixels = torch.from_numpy(to_pixel_values(photo, config.preprocess))
        with torch.no_grad():
            ids = decoder(encoder(pixels))[0].tolist()
        words = [WORDS[index] for index in ids]
        if "<end>" in words:
            words = words[: words.index("<end>")]
        expected = " ".join(word for word in words if not word.startswith("<"))
        ours = captioner.caption(photo, {"num_beams": 3}).captions
        assert [one.text for one in ours] == [expected]
        said.add(expected)
    assert len(said) >= 15


def test_words_of_another_model_are_refused(made, tmp_path):
    few = tmp_path / "vocab.pkl"
    few.write_bytes(pickle.dumps(Vocabulary(WORDS[:5])))
    _, _, config = made
    captioner = Im2txtCaptioner(
        replace(config, files={**config.files, "vocabulary": str(few)})
    )
    with pytest.raises(ModelBrokenError, match=r"has 5 words, .* don't belong"):
        captioner.caption(photos()[0], {})


def test_a_vocabulary_without_an_end_is_refused(made, tmp_path):
    endless = tmp_path / "vocab.pkl"
    endless.write_bytes(pickle.dumps({0: "a", 1: "dog"}))
    _, _, config = made
    with pytest.raises(ModelBrokenError, match="lacks <end>"):
        Im2txtCaptioner(
            replace(config, files={**config.files, "vocabulary": str(endless)})
        )
