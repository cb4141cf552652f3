"""Read the blocks of a row that are handed on as plain data."""

from collections.abc import Callable, Mapping
from enum import StrEnum
import json
import math
from types import MappingProxyType
from typing import Any, Final

from ..yaml_reader import YamlValue

Reader = Callable[[YamlValue], Any]

CHANNELS: Final = 3
HIGHEST_SCORE: Final = 100.0


class Resize(StrEnum):
    """How a photo is brought to the model's size."""

    SQUASH = "squash"
    CROP = "crop"
    PAD = "pad"


class Resample(StrEnum):
    """The filter that makes new pixels."""

    BILINEAR = "bilinear"
    BICUBIC = "bicubic"
    LANCZOS = "lanczos"
    AREA = "area"


class Layout(StrEnum):
    """The order of the input tensor's axes."""

    NCHW = "nchw"
    NHWC = "nhwc"


class Basis(StrEnum):
    """Where a quality score comes from."""

    MEASURED = "measured"
    PUBLISHED = "published"
    ESTIMATED = "estimated"


def block(readers: Mapping[str, Reader]) -> Reader:
    """Return a reader of a mapping with these keys; a null counts as not given."""

    def read(value: YamlValue) -> Mapping[str, Any]:
        fields = value.fields(readers)
        return MappingProxyType(
            {
                key: readers[key](item)
                for key, item in fields.items()
                if not item.is_null
            }
        )

    return read


def at_least(minimum: int) -> Reader:
    """Return a reader of whole numbers from `minimum` up."""
    return lambda value: value.integer(minimum)


def one_of(choices: type[StrEnum]) -> Reader:
    """Return a reader of one of these texts."""
    return lambda value: value.choice(choices).value


def read_positive(value: YamlValue) -> float:
    """Return a number above zero."""
    number = value.number()
    return number if number > 0 else value.fail("must be more than 0")


def read_signed(value: YamlValue) -> float:
    """Return a finite number of either sign."""
    number = value.number(minimum=-math.inf)
    return number if math.isfinite(number) else value.fail("must be finite")


def read_score(value: YamlValue) -> float:
    """Return a number from 0 to 100."""
    number = value.number()
    if number > HIGHEST_SCORE:
        value.fail(f"must be at most {HIGHEST_SCORE:g}, not {number:g}")
    return number


def read_size(value: YamlValue) -> tuple[int, int]:
    """Return width and height in pixels."""
    items = value.items()
    if len(items) != len(("width", "height")):
        value.fail("must be [width, height]")
    return items[0].integer(minimum=1), items[1].integer(minimum=1)


def read_mean(value: YamlValue) -> tuple[float, ...]:
    """Return one number for each of red, green and blue."""
    return _channels(value, YamlValue.number)


def read_std(value: YamlValue) -> tuple[float, ...]:
    """Return one number above zero for each of red, green and blue."""
    return _channels(value, read_positive)


def _channels(value: YamlValue, reader: Reader) -> tuple[float, ...]:
    numbers = tuple(reader(item) for item in value.items())
    if len(numbers) != CHANNELS:
        value.fail(f"must hold {CHANNELS} numbers: red, green, blue")
    return numbers


def read_looks(value: YamlValue) -> tuple[tuple[float, bool], ...]:
    """Return how a photo is looked at: the part of each side, and if mirrored.

    The first look sees the whole photo as it is: others are handed what it saw.
    """
    looks = tuple(_look(item) for item in value.items())
    if not looks or looks[0] != (1.0, False):
        value.fail("must begin with {side: 1.0}, the whole photo as it is")
    return looks


def _look(value: YamlValue) -> tuple[float, bool]:
    fields = value.fields(("side", "mirrored"))
    side = fields["side"].number() if "side" in fields else 1.0
    if not 0 < side <= 1:
        fields["side"].fail("must be above 0 and at most 1")
    return float(side), "mirrored" in fields and fields["mirrored"].boolean()


def read_string(value: YamlValue) -> str:
    """Return a string that may also be white space, such as a line's end."""
    string = value.plain()
    if not isinstance(string, str) or not string:
        value.fail("must be a text that is not empty")
    return string


def read_strings(value: YamlValue) -> tuple[str, ...]:
    """Return a list of strings that may also be white space."""
    return tuple(read_string(item) for item in value.items())


def read_token_ids(value: YamlValue) -> tuple[int, ...]:
    """Return a list of token ids."""
    return tuple(item.integer() for item in value.items())


def read_options(value: YamlValue) -> Mapping[str, Any]:
    """Return the settings of a library as they are; their names are its own."""
    options = {key: item.plain() for key, item in value.fields().items()}
    try:
        json.dumps(options)  # they cross to the worker as JSON
    except (TypeError, ValueError):
        value.fail("must hold only texts, numbers, true, false, lists and mappings")
    return MappingProxyType(options)


PREPROCESS: Final[Mapping[str, Reader]] = MappingProxyType(
    {
        "size": read_size,
        "resize": one_of(Resize),
        "resample": one_of(Resample),
        "mean": read_mean,
        "std": read_std,
        "layout": one_of(Layout),
        "looks": read_looks,
        "max_image_edge_px": at_least(1),
        "image_min_tokens": at_least(1),
        "image_max_tokens": at_least(1),
        "image_tiles": at_least(0),
    }
)

GENERATE: Final[Mapping[str, Reader]] = MappingProxyType(
    {
        "max_new_tokens": at_least(1),
        "min_new_tokens": at_least(0),
        "num_beams": at_least(1),
        "length_penalty": read_signed,
        "no_repeat_ngram_size": at_least(0),
        "repetition_penalty": read_positive,
        "temperature": YamlValue.number,
        "top_k": at_least(0),
        "top_p": YamlValue.number,
        "min_p": YamlValue.number,
        "seed": at_least(0),
        "stop": read_strings,
        "prompt": YamlValue.text,
        "prompt_token_ids": read_token_ids,
        "assistant_prefix": read_string,
        "bos_token_id": at_least(0),
        "eos_token_id": at_least(0),
        "pad_token_id": at_least(0),
        "unk_token_id": at_least(0),
        "decoder_start_token_id": at_least(0),
        "forced_bos_token_id": at_least(0),
    }
)

PROVENANCE: Final[Mapping[str, Reader]] = MappingProxyType(
    dict.fromkeys(
        (
            *("files", "requires", "compute_gmac", "languages"),
            *("preprocess", "generate"),
        ),
        YamlValue.text,
    )
)

METRICS: Final = (
    "bleu1", "bleu2", "bleu3", "bleu4", "cider", "rouge_l", "meteor", "spice",
    "coco_cider", "nocaps_cider", "textcaps_cider", "bleu", "pope", "mmstar",
    "ocrbench", "character_accuracy", "coco_bleu4",
)  # fmt: skip

QUALITY: Final[Mapping[str, Reader]] = MappingProxyType(
    {
        "score": read_score,
        "basis": one_of(Basis),
        "dataset": YamlValue.text,
        "source": YamlValue.text,
        "photos_right": at_least(0),
        "photos_half_right": at_least(0),
        "photos_wrong": at_least(0),
        **dict.fromkeys(METRICS, YamlValue.number),
    }
)
