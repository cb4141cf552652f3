"""The hub's layouts, made here, say what `generate()` says."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytest.importorskip("transformers", reason="transformers is not installed")

from conversion.random_models import florence2, vit_gpt2  # noqa: E402

from edge_runtime.convert.published import (  # noqa: E402
    publish_florence2,
    publish_vit_gpt2,
)
from edge_runtime.sessions.onnx import OnnxSession  # noqa: E402

TOKENS = 12
EMBEDS, FEATURES = "inputs_embeds", "image_features"
PROMPT = [0, 5, 6, 7, 2]


class Parts:
    """The graphs of a folder, each called by its inputs' names."""

    def __init__(self, folder):
        self._sessions = {
            path.stem: OnnxSession(str(path), threads=1, options={})
            for path in folder.glob("*.onnx")
        }

    def inputs(self, name):
        session = self._sessions[name]
        return {n: session.input_shape(n) for n in session.inputs}

    def run(self, part, **feeds):
        session = self._sessions[part]
        return dict(zip(session.outputs, session.run(feeds), strict=True))


def greedy(parts, feeds, start, word_inputs):
    """Return the likeliest tokens of a merged decoder, the cache fed as documented."""
    feeds = feeds | {"use_cache_branch": np.array([False])}
    for name, shape in parts.inputs("decoder_model_merged").items():
        if name.startswith("past_key_values."):
            feeds[name] = np.zeros((1, shape[1], 0, shape[3]), np.float32)
    tokens = []
    for _ in range(TOKENS):
        feeds |= word_inputs(tokens[-1] if tokens else start)
        found = parts.run("decoder_model_merged", **feeds)
        tokens.append(int(found.pop("logits")[0, -1].argmax()))
        later = bool(feeds["use_cache_branch"][0])
        for name, value in found.items():
            if later and ".encoder." in name:
                assert value.size == 0  # a placeholder, as in the hub's files
            else:
                feeds[name.replace("present", "past_key_values")] = value
        feeds["use_cache_branch"] = np.array([True])
    return tokens


def test_the_merged_vit_gpt2_says_what_generate_says(tmp_path, pictures):
    model = vit_gpt2()
    publish_vit_gpt2(model, tmp_path)
    parts = Parts(tmp_path)
    start = model.config.decoder_start_token_id
    settings = {"max_new_tokens": TOKENS, "min_new_tokens": TOKENS, "num_beams": 1}
    model.generation_config.eos_token_id = None

    said = set()
    for pixels in pictures:
        theirs = model.generate(pixel_values=pixels, **settings, do_sample=False)
        states = parts.run("encoder_model", pixel_values=pixels.numpy())
        feeds = {"encoder_hidden_states": states["last_hidden_state"]}
        ours = greedy(
            parts, feeds, start, lambda t: {"input_ids": np.array([[t]], np.int64)}
        )
        assert ours == theirs[0].tolist()[1:]
        said.add(tuple(ours))

    assert len(said) >= 15


def test_the_merged_florence2_says_what_generate_says(tmp_path, pictures):
    model = florence2()
    publish_florence2(model, tmp_path)
    parts = Parts(tmp_path)
    image = model.config.image_token_id = model.config.text_config.vocab_size - 1
    model.generation_config.eos_token_id = None
    model.generation_config.forced_eos_token_id = None

    def word(token):
        return {
            "inputs_embeds": parts.run("embed_tokens", input_ids=ids([token]))[EMBEDS]
        }

    said = set()
    for small in pictures[:5]:
        pixels = torch.nn.functional.interpolate(small, size=768, mode="bilinear")
        features = parts.run("vision_encoder", pixel_values=pixels.numpy())[FEATURES]
        theirs = model.generate(
            input_ids=torch.tensor([[image] * features.shape[1] + PROMPT]),
            pixel_values=pixels,
            max_new_tokens=TOKENS,
            do_sample=False,
            num_beams=1,
        )
        words = parts.run("embed_tokens", input_ids=ids(PROMPT))[EMBEDS]
        both = np.concatenate([features, words], 1)
        mask = np.ones(both.shape[:2], np.int64)
        states = parts.run("encoder_model", inputs_embeds=both, attention_mask=mask)
        feeds = {
            "encoder_hidden_states": states["last_hidden_state"],
            "encoder_attention_mask": mask,
        }
        ours = greedy(parts, feeds, 2, word)
        assert ours == theirs[0].tolist()[1:]
        said.add(tuple(ours))

    assert len(said) >= 4


def ids(tokens):
    return np.array([tokens], np.int64)
