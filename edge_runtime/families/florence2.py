"""Florence-2: a vision encoder, and BART that reads picture and task sentence."""

from collections.abc import Mapping, Sequence
import math
from time import perf_counter
from typing import Any, Final

import numpy as np
from PIL import Image

from ..errors import ModelBrokenError
from ..imaging import to_pixel_values
from ..schemas import VisualCaption
from ..sessions.base import Array, Session
from .base import Captions, FamilyConfig
from .decoding import SearchSettings, search
from .hub_decoder import HubDecoder, HubSteps, states_of
from .vocabulary import load_tokenizer

TASKS: Final = {
    "<CAPTION>": "What does the image describe?",
    "<DETAILED_CAPTION>": "Describe in detail what is shown in the image.",
    "<MORE_DETAILED_CAPTION>": "Describe with a paragraph what is shown in the image.",
    "<OCR>": "What is the text in the image?",
}
"""What the model was taught to read in place of each task's name, to the letter."""

_PATCH: Final = 4
_STAGES: Final = 4
_MOST_BLOCKS: Final = 9


class Florence2Captioner:
    """Captioner of the family `florence2`."""

    def __init__(self, config: FamilyConfig) -> None:
        self._preprocess = config.preprocess
        self._generate = config.generate
        self.target_size = max(config.preprocess["size"])
        opening = config.opening(
            *("vision_encoder", "embed_tokens", "encoder", "decoder"),
            initializers=attention_scales(config.preprocess["size"]),
        )
        self._words = load_tokenizer(config)
        self._prompts: dict[str, list[int]] = {}
        self._vision, self._embed, self._encoder, decoder = opening.opened()
        self._decoder = HubDecoder(decoder, self._embed)
        _check(self._vision, "vision encoder", ["pixel_values"])
        _check(self._embed, "graph of embeddings", ["input_ids"])
        _check(self._encoder, "encoder", ["attention_mask", "inputs_embeds"])

    def caption(self, image: Image.Image, generate: Mapping[str, Any]) -> Captions:
        """Return captions of an RGB picture, best beam first."""
        started = perf_counter()
        values = {**self._generate, **generate}
        prompt = self._prompt(values)
        pixel_values = to_pixel_values(image, self._preprocess)
        prepared = perf_counter()
        states = self._encode(pixel_values, prompt)
        ready = perf_counter()
        words = self._words
        settings = SearchSettings.from_mapping(
            values, bos=words.bos, eos=words.eos, never=words.never
        )
        steps = HubSteps(self._decoder, states, len(words), words.spare)
        captions = tuple(
            VisualCaption(words.decode(found.tokens), found.logprobs, found.score)
            for found in search(steps, settings)
        )
        seconds = {
            "preprocess": prepared - started,
            "encode": ready - prepared,
            "generate": perf_counter() - ready,
        }
        return Captions(captions, seconds)

    def _prompt(self, values: Mapping[str, Any]) -> Sequence[int]:
        """Return the ids of the task's sentence."""
        task = values.get("prompt")
        if task is None and "prompt_token_ids" in values:
            ids: Sequence[int] = values["prompt_token_ids"]
            return ids
        name = task or "<CAPTION>"
        if name not in TASKS:
            raise ModelBrokenError(
                f"Florence-2 has no task '{name}': generate.prompt must be one of "
                f"{', '.join(TASKS)}"
            )
        if name not in self._prompts:
            self._prompts[name] = self._words.encode(TASKS[name])
        return self._prompts[name]

    def _encode(self, pixel_values: Array, prompt: Sequence[int]) -> Array:
        """Return the states of picture and sentence; [1, places, channels]."""
        seen = self._vision.run({"pixel_values": pixel_values}, last=True)[0]
        ids = np.array([prompt], np.int64)
        read = self._embed.run({"input_ids": ids})[0]
        both = np.concatenate([seen, read], axis=1)
        mask = np.ones(both.shape[:2], np.int64)
        feeds = {"attention_mask": mask, "inputs_embeds": both}
        outputs = self._encoder.run(feeds, last=True)
        return states_of(dict(zip(self._encoder.outputs, outputs, strict=True)))


def attention_scales(size: Sequence[int]) -> dict[str, float]:
    """Return the scale of each channel attention for pictures of this size.

    The published export froze them at 224 pixels, where every stage has other numbers
    of places; what is seen at 768 pixels then differs from the original's.
    """
    width, height = size
    places = math.sqrt(width * height) / _PATCH
    block = "/blocks.{0}/blocks.{0}.{1}/channel_block/channel_attn/fn"
    return {
        f"{block.format(stage, index)}/Constant_6_output_0": 2**stage / places
        for stage in range(_STAGES)
        for index in range(_MOST_BLOCKS)
    }


def _check(session: Session, what: str, inputs: Sequence[str]) -> None:
    if sorted(session.inputs) != list(inputs):
        raise ModelBrokenError(
            f"the {what} must have the inputs {', '.join(inputs)}, "
            f"not {', '.join(session.inputs)}"
        )
