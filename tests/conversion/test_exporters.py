"""Exported graphs say what `generate()` says, token for token."""

import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytest.importorskip("transformers", reason="transformers is not installed")

from conversion.random_models import BERT_WORDS, BUILDERS, GPT2_WORDS, marian  # noqa: E402

from edge_runtime.convert.exporters import (  # noqa: E402
    export_blip,
    export_git,
    export_marian,
    export_vit_gpt2,
)
from edge_runtime.families.cached_decoder import (  # noqa: E402
    CachedDecoder,
    check_graphs,
    empty_cache,
    past_name,
)
from edge_runtime.families.decoding import SearchSettings, search  # noqa: E402
from edge_runtime.sessions.onnx import OnnxSession  # noqa: E402

EXPORTERS = {"vit_gpt2": export_vit_gpt2, "blip": export_blip, "git": export_git}
TOKENS = 12


def open_pair(folder):
    return [
        OnnxSession(str(folder / name), threads=1, options={})
        for name in ("encoder.onnx", "decoder.onnx")
    ]


def our_tokens(encoder, decoder, inputs, settings, words):
    own = check_graphs(encoder, decoder)
    outputs = encoder.run({encoder.inputs[0]: inputs})
    feeds = dict(zip(map(past_name, encoder.outputs), outputs, strict=True))
    feeds |= {name: empty_cache(decoder.input_shape(name)) for name in own}
    return list(search(CachedDecoder(decoder, feeds, words), settings)[0].tokens)


def start_and_end(name, model):
    if name == "blip":
        text = model.config.text_config
        return text.bos_token_id, text.sep_token_id
    if name == "git":
        return model.config.bos_token_id, model.config.eos_token_id
    return model.config.decoder_start_token_id, model.config.eos_token_id


def their_tokens(name, model, pixels, beams, bos):
    start = {"input_ids": torch.tensor([[bos]])} if name == "git" else {}
    with torch.no_grad():
        ids = model.generate(
            pixel_values=pixels,
            max_new_tokens=TOKENS,
            num_beams=beams,
            do_sample=False,
            **start,
        )
    return ids[0].tolist()[1:]


@pytest.mark.parametrize("beams", [1, 3])
@pytest.mark.parametrize("name", EXPORTERS)
def test_tokens_are_those_of_generate(tmp_path, pictures, name, beams):
    model = BUILDERS[name]()
    EXPORTERS[name](model, tmp_path)
    encoder, decoder = open_pair(tmp_path)
    bos, eos = start_and_end(name, model)
    words = GPT2_WORDS if name == "vit_gpt2" else BERT_WORDS
    settings = SearchSettings(bos, eos, max_new_tokens=TOKENS, num_beams=beams)

    said = set()
    for pixels in pictures:
        theirs = their_tokens(name, model, pixels, beams, bos)
        ours = our_tokens(encoder, decoder, pixels.numpy(), settings, words)
        end = theirs.index(eos) if eos in theirs else len(theirs)
        assert ours == theirs[:end]
        said.add(tuple(ours))

    assert len(said) >= 15


def test_a_translation_has_the_tokens_of_generate(tmp_path):
    model = marian()
    export_marian(model, tmp_path)
    encoder, decoder = open_pair(tmp_path)
    start, eos = model.config.decoder_start_token_id, model.config.eos_token_id
    words = model.config.vocab_size
    settings = SearchSettings(start, eos, max_new_tokens=TOKENS, never=(start,))

    for seed in range(20):
        generator = torch.Generator().manual_seed(seed)
        ids = torch.randint(1, 298, (1, 3 + seed % 9), generator=generator)
        with torch.no_grad():
            theirs = model.generate(
                input_ids=ids,
                max_new_tokens=TOKENS,
                num_beams=1,
                do_sample=False,
                bad_words_ids=[[start]],
            )[0].tolist()[1:]
        ours = our_tokens(encoder, decoder, ids.numpy(), settings, words)
        end = theirs.index(eos) if eos in theirs else len(theirs)
        assert ours == theirs[:end]
