"""Our own trained captioner: the work folder of its recipe.

The network's definition stands with the recipe, in `scripts/tiny_captioner` of a
checkout; the package holds none.
"""

from collections.abc import Sequence
from importlib import import_module
import math
from pathlib import Path
import sys
from typing import Any, Final

import torch
from torch import Tensor, nn

from ..errors import CheckpointError, ConversionError
from ..families.vocabulary import Vocabulary
from .attention import KeyValue
from .graphs import pair_of
from .model import Array, Checkpoint, Reference, Row, pixel_values
from .text_decoders import TextDecoder

WORDS: Final = "vocabulary.txt"
_WEIGHTS: Final = "*.model.pt"
_RECIPE: Final = Path(__file__).parents[2] / "scripts"
_SIZE: Final = 224


class _Decoder(TextDecoder):
    def __init__(self, decoder: Any) -> None:
        super().__init__()
        self.decoder = decoder
        config = decoder.config
        self.layers, self.heads = config.layers, config.heads
        self.head_size = config.width // config.heads

    def memory(self, features: Tensor) -> list[KeyValue]:
        """Return each layer's keys and values of the picture."""
        found: list[KeyValue] = self.decoder.photo_memory(features)
        return found

    def embed(self, input_ids: Tensor, past: int) -> Tensor:
        """Return word and position."""
        places = self.decoder.position.weight[past : past + input_ids.shape[1]]
        scale = math.sqrt(self.heads * self.head_size)
        return self.decoder.embed(input_ids) * scale + places

    def layer(
        self, index: int, states: Tensor, past: KeyValue, seen: KeyValue
    ) -> tuple[Tensor, KeyValue]:
        """Return a layer's new states."""
        found: tuple[Tensor, KeyValue] = self.decoder.layers[index](
            states, seen, past, None
        )
        return found

    def logits(self, states: Tensor) -> Tensor:
        """Return a score for each word."""
        found: Tensor = self.decoder.logits(self.decoder.norm(states))
        return found


class OwnCaptioner(Checkpoint):
    """The captioner that `scripts/train_tiny_captioner.py` trains."""

    architecture = "edge-captions"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._modules = _load(_weights_of(folder))
        vocabulary = Vocabulary.load(str(folder / WORDS))
        self.begin, self.end = vocabulary.bos, vocabulary.eos
        self.never, self.words = vocabulary.never, len(vocabulary)
        self.pair = pair_of(
            self._modules["encoder"],
            _Decoder(self._modules["decoder"]),
            torch.zeros(1, 3, _SIZE, _SIZE),
        )
        level = [127 / 255] * 3
        scale = [128 / 255] * 3
        preprocess = {"size": [_SIZE, _SIZE], "resize": "squash", "mean": level}
        preprocess |= {"resample": "bicubic", "std": scale}
        self.row = Row(
            task="image-to-text",
            family="encoder_decoder",
            languages=("en",),
            preprocess=preprocess | _looks(self._modules["decoder"].config),
            generate=_beam(),
        )

    def inputs(self, samples: Sequence[Any]) -> list[Array]:
        """Return pixel values of photos."""
        return pixel_values(samples, self.row.preprocess)

    def refer(self, inputs: Array, limit: int) -> Reference:
        """Return the greedy caption, each word computed from all before it."""
        decoder, tokens, sure = self._modules["decoder"], [self.begin], []
        with torch.no_grad():
            features = self._modules["encoder"](torch.from_numpy(inputs))
            memory = decoder.photo_memory(features)
            while len(tokens) <= limit and tokens[-1] != self.end:
                states, _ = decoder.states(torch.tensor([tokens]), memory)
                row = decoder.logits(states)[0, -1].log_softmax(-1)
                allowed = row.clone()
                allowed[list(self.never)] = float("-inf")
                tokens.append(int(allowed.argmax()))
                sure.append(float(row[tokens[-1]]))
        return Reference(tuple(tokens[1:]), tuple(sure))

    def write_words(self, folder: Path) -> dict[str, str]:
        """Write the vocabulary."""
        text = (self._folder / WORDS).read_text(encoding="utf-8")
        (folder / WORDS).write_text(text, encoding="utf-8")
        return {"vocabulary": WORDS}


def _beam() -> dict[str, Any]:
    """Return how the recipe searches for the words of its finished model."""
    beam = import_module("tiny_captioner.search").BEAM
    names = ("max_new_tokens", "num_beams", "length_penalty", "no_repeat_ngram_size")
    return {name: getattr(beam, name) for name in names}


def _looks(config: Any) -> dict[str, Any]:
    """Return how the finished model looks; the comparison is of one look."""
    looks = import_module("tiny_captioner.looks").looks_of(config)
    if len(looks) == 1:
        return {}
    return {"looks": [{"side": side, "mirrored": turned} for side, turned in looks]}


def is_work_folder(folder: Path) -> bool:
    """Return whether a folder is one that the recipe works in."""
    return (folder / WORDS).exists() and any(folder.glob(_WEIGHTS))


def _weights_of(folder: Path) -> Path:
    """Return the newest stage's weights."""
    return max(folder.glob(_WEIGHTS), key=lambda path: path.stat().st_mtime)


def _load(path: Path) -> nn.ModuleDict:
    if str(_RECIPE) not in sys.path:
        sys.path.append(str(_RECIPE))
    try:
        recipe = import_module("tiny_captioner.recipe")
    except ImportError as err:
        raise ConversionError(
            f"{path}: the network's definition is not here ({err}): run this in a "
            "checkout, with the extras train and convert"
        ) from None
    try:
        _, modules = recipe.load_model(path)
    except (KeyError, RuntimeError, TypeError) as err:
        line = (str(err).strip().splitlines() or [type(err).__name__])[0]
        raise CheckpointError(
            f"{path}: was made by another version of the recipe ({line})"
        ) from None
    return modules.eval()
