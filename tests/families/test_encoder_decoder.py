"""The embedded captioner's graphs: what the cache and the beams compute is checked."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image
import pytest

from edge_runtime.errors import ModelBrokenError
from edge_runtime.families.base import FamilyConfig
from edge_runtime.families.encoder_decoder import EncoderDecoderCaptioner
from edge_runtime.imaging import each_look
from edge_runtime.manifest import load_manifest
from edge_runtime.selftest import load_samples
from edge_runtime.sessions.onnx import OnnxSession

BUNDLED = Path(__file__).parents[2] / "edge_runtime" / "bundled"


@pytest.fixture(scope="module")
def config() -> FamilyConfig:
    spec = load_manifest().get("tiny-captioner")
    assert spec is not None
    return FamilyConfig(
        files={
            str(file.role): str(BUNDLED / file.sources[0].location)
            for file in spec.files
        },
        preprocess=spec.preprocess,
        generate=spec.generate,
        open_session=partial(OnnxSession, threads=1, options={}),
    )


@pytest.fixture(scope="module")
def captioner(config) -> EncoderDecoderCaptioner:
    return EncoderDecoderCaptioner(config)


@pytest.fixture(scope="module")
def photos() -> list[Image.Image]:
    return [Image.open(sample.path).convert("RGB") for sample in load_samples()]


def rescored(captioner, encoded, tokens):
    """Feed a finished sequence token by token, one beam: no reordering involved."""
    session, vocabulary = captioner._decoder, captioner._vocabulary
    shapes = {name: session.input_shape(name) for name in captioner._cache}
    cache = {
        name: np.zeros((1, shape[1], 0, shape[3]), np.float32)
        for name, shape in shapes.items()
    }
    total = []
    for last, following in zip([vocabulary.bos, *tokens], [*tokens, None], strict=True):
        ids = np.array([[last]], np.int64)
        outputs = session.run({"input_ids": ids, **cache, **encoded})
        named = dict(zip(session.outputs, outputs, strict=True))
        logits = named.pop("logits")[0, -1].astype(np.float64)
        cache = {
            name.replace("present.", "past_key_values."): value
            for name, value in named.items()
        }
        logprobs = logits - logits.max()
        logprobs -= np.log(np.exp(logprobs).sum())
        total.append(logprobs[vocabulary.eos if following is None else following])
    return total


def test_every_beam_is_what_its_own_tokens_score(captioner, photos):
    words = captioner._vocabulary.tokens
    for photo in photos[:4]:
        found = captioner.caption(photo, {"num_beams": 4}).captions
        assert len(found) == 4
        looks = list(each_look(photo, captioner._preprocess))
        encoded, _ = captioner._encode(looks)
        for caption in found:
            text = caption.text.replace("'s", " 's")
            tokens = [words.index(word) for word in text.split()]
            expected = rescored(captioner, encoded, tokens)[: len(tokens) + 1]
            given = caption.token_logprobs
            difference = np.abs(np.subtract(given, expected[: len(given)]))
            # int8 rounds by the whole batch: close, but not the same as alone
            assert difference.mean() < 0.05
            assert difference.max() < 0.3


def test_the_decoder_reads_the_regions_of_all_looks_side_by_side(captioner, photos):
    looks = list(each_look(photos[0], captioner._preprocess))
    assert len(looks) == 4
    alone = [captioner._encode([look]) for look in looks]
    together, features = captioner._encode(looks)
    for name, values in together.items():
        parts = [encoded[name] for encoded, _ in alone]
        assert values.shape[2] == 4 * parts[0].shape[2]
        assert np.array_equal(values, np.concatenate(parts, axis=2))
    assert np.array_equal(features, alone[0][1])


def test_a_model_with_a_connector_takes_one_look():
    spec = load_manifest().get("im2txt-flickr8k")
    config = FamilyConfig(
        files={
            str(file.role): str(BUNDLED / file.sources[0].location)
            for file in spec.files
        },
        preprocess={**spec.preprocess, "looks": ((1.0, False), (1.0, True))},
        generate=spec.generate,
        open_session=partial(OnnxSession, threads=1, options={}),
    )
    with pytest.raises(ModelBrokenError, match=r"looks: several .* any number"):
        EncoderDecoderCaptioner(config)


def test_a_beam_finds_no_worse_than_greedy(captioner, photos):
    better = 0
    for photo in photos:
        greedy = captioner.caption(photo, {"num_beams": 1}).captions[0]
        beam = captioner.caption(photo, {"num_beams": 5}).captions[0]
        better += beam.score >= greedy.score - 0.05
    assert better >= len(photos) - 1  # a beam can lose the greedy path, but rarely


def test_photos_differ_in_their_captions(captioner, photos):
    texts = {captioner.caption(photo, {}).captions[0].text for photo in photos}
    assert len(texts) >= len(photos) - 1


def test_a_vocabulary_of_another_model_is_refused(config, photos, tmp_path):
    vocabulary = tmp_path / "short.txt"
    vocabulary.write_text("<pad>\n<bos>\n<eos>\n<unk>\na")
    files = {**config.files, "vocabulary": str(vocabulary)}
    other = EncoderDecoderCaptioner(replace(config, files=files))
    with pytest.raises(ModelBrokenError, match="the vocabulary has 5 tokens, the"):
        other.caption(photos[0], {})


class FixedRegions(OnnxSession):
    """A decoder as older exports have it: it takes the 49 regions of one look."""

    def input_shape(self, name):
        shape = super().input_shape(name)
        if name.endswith((".encoder.key", ".encoder.value")):
            return (*shape[:2], 49, shape[3])
        return shape


def test_a_decoder_of_so_many_regions_takes_one_look(config):
    opener = partial(FixedRegions, threads=1, options={})
    older = replace(config, open_session=opener)
    with pytest.raises(ModelBrokenError, match=r"looks: several .* any number"):
        EncoderDecoderCaptioner(older)
    once = {**config.preprocess, "looks": ((1.0, False),)}
    EncoderDecoderCaptioner(replace(older, preprocess=once))


def test_a_photo_is_decoded_large_enough_for_the_closest_look(captioner):
    assert captioner.target_size == 264  # of which 85 % are 224
