"""Checkpoints in the form of the Hugging Face hub: captioners and Marian."""

from collections.abc import Callable, Mapping, Sequence
import json
from pathlib import Path
import shutil
import tempfile
from typing import Any, Final

import numpy as np
from tokenizers import Tokenizer
import torch
from transformers import (
    AutoTokenizer,
    BlipForConditionalGeneration,
    Florence2ForConditionalGeneration,
    GitForCausalLM,
    MarianMTModel,
    VisionEncoderDecoderModel,
)

from ..errors import CheckpointError
from ..families.unigram import load_unigram, read_json
from .exporters import (
    FLORENCE2_SIZE,
    blip_pair,
    florence2_pair,
    git_pair,
    marian_pair,
    vit_gpt2_pair,
)
from .graphs import Pair
from .model import Array, Checkpoint, Reference, Row, pixel_values
from .sentencepiece import write_unigram

_RESAMPLE: Final = {1: "lanczos", 2: "bilinear", 3: "bicubic"}
_LONGEST: Final = 30
_TOKENIZER: Final = "tokenizer.json"
_FLORENCE2_CAPTION: Final = "What does the image describe?"
"""What Florence-2 was taught to read for `<CAPTION>`, to the letter."""
_FLORENCE2_REPEAT: Final = 3
_FLORENCE2_STEP: Final = 32
"""Pixels between two places of what it sees."""


class HubCaptioner(Checkpoint):
    """ViT-GPT2, BLIP or GIT."""

    def __init__(
        self, folder: Path, kind: type[Any], pair: Callable[[Any], Pair]
    ) -> None:
        self._folder = folder
        self.model = load(folder, kind)
        self.pair = pair(self.model)
        config = self.model.config
        self.architecture = config.model_type
        text = _text_config(config)
        self.begin, self.end = _begin_and_end(config, text)
        self.words = text.vocab_size
        settings = self.model.generation_config
        generate = {
            "max_new_tokens": _longest(settings),
            "bos_token_id": self.begin,
            "eos_token_id": self.end,
        }
        if settings.num_beams:  # else the manifest's, where it has a row of this id
            generate["num_beams"] = settings.num_beams
        self.row = Row(
            task="image-to-text",
            family="encoder_decoder",
            languages=("en",),
            preprocess=read_preprocess(folder),
            generate=generate,
        )

    def inputs(self, samples: Sequence[Any]) -> list[Array]:
        """Return pixel values of photos."""
        return pixel_values(samples, self.row.preprocess)

    def refer(self, inputs: Array, limit: int) -> Reference:
        """Return what `generate()` says."""
        more = {}
        if self.architecture == "git":
            more["input_ids"] = torch.tensor([[self.begin]])
        pixels = torch.from_numpy(inputs)
        return generate(self.model, self.end, limit, pixel_values=pixels, **more)

    def write_words(self, folder: Path) -> dict[str, str]:
        """Write the tokenizer in one file."""
        path, ready = folder / _TOKENIZER, self._folder / _TOKENIZER
        if ready.exists():
            shutil.copyfile(ready, path)
        else:
            tokenizer: Any = AutoTokenizer.from_pretrained(self._folder)
            tokenizer.backend_tokenizer.save(str(path))
        return {"tokenizer": path.name}


class Florence2(HubCaptioner):
    """Florence-2 for short captions: the task's sentence becomes part of the graph."""

    def __init__(self, folder: Path) -> None:
        path = folder / _TOKENIZER
        try:
            tokenizer = Tokenizer.from_file(str(path))
        except Exception as err:  # noqa: BLE001 - the package raises nothing narrower
            raise CheckpointError(f"{path}: is no tokenizer ({err})") from None
        self._prompt: list[int] = tokenizer.encode(_FLORENCE2_CAPTION).ids

        def pair(model: Any) -> Pair:
            return florence2_pair(model, self._prompt)

        super().__init__(folder, Florence2ForConditionalGeneration, pair)
        settings = self.model.generation_config
        repeat = settings.no_repeat_ngram_size or _FLORENCE2_REPEAT
        self.row.generate["no_repeat_ngram_size"] = repeat
        if settings.forced_bos_token_id is not None:
            self.row.generate["forced_bos_token_id"] = settings.forced_bos_token_id

    def refer(self, inputs: Array, limit: int) -> Reference:
        """Return what `generate()` says to picture and task."""
        places = (FLORENCE2_SIZE // _FLORENCE2_STEP) ** 2 + 1
        ids = [self.model.config.image_token_id] * places + self._prompt
        return generate(
            self.model,
            self.end,
            limit,
            pixel_values=torch.from_numpy(inputs),
            input_ids=torch.tensor([ids]),
            forced_bos_token_id=None,
            no_repeat_ngram_size=0,
        )


class MarianTranslation(Checkpoint):
    """OPUS-MT."""

    architecture = "marian"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.model = load(folder, MarianMTModel)
        self.pair = marian_pair(self.model)
        config = self.model.config
        self.begin, self.end = config.decoder_start_token_id, config.eos_token_id
        self.never = (self.begin,)
        self.words = config.vocab_size
        languages = _languages(folder)
        self.row = Row(
            task="translation",
            family="translation",
            languages=languages[1:],
            source_languages=languages[:1],
            generate={"num_beams": 1},
        )
        with tempfile.TemporaryDirectory() as scratch:
            path = Path(scratch) / _TOKENIZER
            write_unigram(folder, path)
            self._tokenizer = load_unigram(str(path), read_json(str(path)))

    def inputs(self, samples: Sequence[Any]) -> list[Array]:
        """Return ids of texts, made as the runtime makes them."""
        ids = [[*self._tokenizer.encode(text), self.end] for text in samples]
        return [np.array([row], np.int64) for row in ids]

    def refer(self, inputs: Array, limit: int) -> Reference:
        """Return what `generate()` says."""
        ids = torch.from_numpy(inputs)
        start = [[self.begin]]
        return generate(self.model, self.end, limit, input_ids=ids, bad_words_ids=start)

    def write_words(self, folder: Path) -> dict[str, str]:
        """Write the pieces, and the configuration that names the special ids."""
        write_unigram(self._folder, folder / _TOKENIZER)
        shutil.copyfile(self._folder / "config.json", folder / "config.json")
        return {"tokenizer": _TOKENIZER, "config": "config.json"}


def vit_gpt2(folder: Path) -> Checkpoint:
    """Return ViT-GPT2, or another VisionEncoderDecoderModel with GPT-2."""
    decoder = read_config(folder).get("decoder", {}).get("model_type")
    if decoder != "gpt2":
        raise CheckpointError(
            f"{folder}: its decoder is '{decoder}', and only gpt2 can be converted"
        )
    return HubCaptioner(folder, VisionEncoderDecoderModel, vit_gpt2_pair)


def blip(folder: Path) -> Checkpoint:
    """Return BLIP."""
    return HubCaptioner(folder, BlipForConditionalGeneration, blip_pair)


def git(folder: Path) -> Checkpoint:
    """Return GIT."""
    return HubCaptioner(folder, GitForCausalLM, git_pair)


def load(folder: Path, kind: type[Any]) -> Any:
    """Return the model of a folder, in float32 and ready to be traced."""
    try:
        return kind.from_pretrained(
            str(folder),
            local_files_only=True,
            attn_implementation="eager",
            dtype=torch.float32,
        ).eval()
    except MemoryError:
        raise
    except Exception as err:  # noqa: BLE001 - its errors have no common base
        line = (str(err).strip().splitlines() or [type(err).__name__])[0]
        raise CheckpointError(
            f"{folder}: can't be loaded as {kind.__name__} ({line})"
        ) from None


def generate(model: Any, end: int, limit: int, **inputs: Any) -> Reference:
    """Return the greedy answer of `generate()`, and how sure it was."""
    with torch.no_grad():
        found = model.generate(
            **inputs,
            do_sample=False,
            num_beams=1,
            max_new_tokens=limit,
            forced_eos_token_id=None,
            return_dict_in_generate=True,
            output_logits=True,
        )
    logits = [row[0].log_softmax(-1) for row in found.logits]
    tokens = found.sequences[0].tolist()[-len(logits) :]
    if end in tokens:
        tokens = tokens[: tokens.index(end) + 1]
    sure = [float(row[token]) for row, token in zip(logits, tokens, strict=False)]
    return Reference(tuple(tokens), tuple(sure))


def read_config(folder: Path) -> Mapping[str, Any]:
    """Return a checkpoint's configuration."""
    path = folder / "config.json"
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as err:
        raise CheckpointError(f"{path}: can't be read ({err.strerror})") from None
    except ValueError as err:
        raise CheckpointError(f"{path}: is no JSON ({err})") from None
    return found if isinstance(found, dict) else {}


def read_preprocess(folder: Path) -> dict[str, Any]:
    """Return the runtime's words for what a picture has to go through."""
    path = folder / "preprocessor_config.json"
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        size = found["size"]
        crop = bool(found.get("do_center_crop"))
        if crop:
            size = found.get("crop_size", size)
        if isinstance(size, dict):
            edge = size.get("shortest_edge")
            size = [size.get("width", edge), size.get("height", edge)]
        else:
            size = [size, size]
        return {
            "size": [int(edge) for edge in size],
            "resize": "crop" if crop else "squash",
            "resample": _RESAMPLE[found.get("resample", 2)],
            "mean": [float(value) for value in found["image_mean"]],
            "std": [float(value) for value in found["image_std"]],
        }
    except OSError as err:
        raise CheckpointError(f"{path}: can't be read ({err.strerror})") from None
    except (ValueError, KeyError, TypeError) as err:
        raise CheckpointError(
            f"{path}: doesn't say how pictures are prepared ({err!r})"
        ) from None


def _text_config(config: Any) -> Any:
    return getattr(config, "decoder", None) or getattr(config, "text_config", config)


def _begin_and_end(config: Any, text: Any) -> tuple[int, int]:
    """Return the ids that begin and end a caption."""
    if config.model_type == "blip":
        return text.bos_token_id, text.sep_token_id
    if config.model_type == "florence2":
        return text.decoder_start_token_id, text.eos_token_id
    if config.model_type == "git":
        return config.bos_token_id, config.eos_token_id
    start = config.decoder_start_token_id
    begin = text.bos_token_id if start is None else start
    end = config.eos_token_id
    return begin, text.eos_token_id if end is None else end


def _longest(settings: Any) -> int:
    """Return how many tokens a caption may have; `max_length` counts its start too."""
    length = settings.max_length
    wanted = settings.max_new_tokens or (length and length - 1) or _LONGEST
    return min(int(wanted), _LONGEST)


def _languages(folder: Path) -> tuple[str, str]:
    """Return the languages of a translator, from and to."""
    path = folder / "tokenizer_config.json"
    found = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    try:
        return str(found["source_lang"]), str(found["target_lang"])
    except KeyError:
        raise CheckpointError(
            f"{path}: must name source_lang and target_lang"
        ) from None
