"""A scorer that shares a captioner's encoder: its features in, what they support out.

`image.onnx` turns image features into embeddings and image labels, once per picture;
`text.onnx` holds texts against the embeddings, all of a question in one run.
"""

from collections.abc import Iterable, Mapping, Sequence
import json
from pathlib import Path
from typing import Any, Final

import numpy as np

from ..errors import ModelBrokenError
from ..schemas import ImageLabel
from ..sessions.base import Array, Session
from ..words import tokenize_caption
from .base import NOTABLE_NOUN, TOP_LABELS, FamilyConfig, Question, Scores, Seen

_PAD: Final = "<pad>"
_UNKNOWN: Final = "<unk>"
_MAX_TOKENS: Final = 30
"""What the graphs were trained with; what a text says beyond is not scored."""
_FEATURES: Final = "image_features"
_EMBEDS: Final = "image_embeds"
_LABELS: Final = "label_logits"
_INPUT_IDS: Final = "input_ids"
_LOGITS: Final = "logits_per_text"
_COLUMNS: Final = 2


class SharedEncoderScorer:
    """Scorer of the family `image_text`."""

    target_size: int | None = None

    def __init__(self, config: FamilyConfig) -> None:
        opening = config.opening("image", "text")
        self._words = _Words.load(config.file("vocabulary"))
        self._labels = _Labels.load(config.file("labels"))
        self._image, self._text = opening.opened()
        _check_names(self._image, {_FEATURES}, {_EMBEDS, _LABELS})
        _check_names(self._text, {_INPUT_IDS, _EMBEDS}, {_LOGITS})

    def see(self, picture: Any) -> Seen:
        """Return image features, in their encoder's shape, in the form that is kept."""
        outputs = self._image.run({_FEATURES: picture}, last=True)
        named = dict(zip(self._image.outputs, outputs, strict=True))
        return Seen(named[_EMBEDS], self._labels.checked(_softmax(named[_LABELS][0])))

    def score(self, seen: Seen, question: Question) -> Scores:
        """Return the probability of every text and phrase, and the labels."""
        texts = [*question.captions, *question.phrases]
        rows = [self._words.ids(text) for text in texts]
        logits = self._logits(rows, seen.embeds)
        whole = len(question.captions)
        labels = self._labels.of(seen.labels) if seen.labels is not None else ()
        return Scores(
            captions=_probabilities(logits[:whole, 0]),
            phrases=_probabilities(logits[whole:, 1]),
            unknown=tuple(
                phrase
                for phrase, row in zip(question.phrases, rows[whole:], strict=True)
                if self._words.unknown in row
            ),
            labels=labels[:TOP_LABELS],
            nouns=self._labels.nouns(seen.labels, question.nouns),
        )

    def _logits(self, rows: Sequence[list[int]], embeds: Array) -> Array:
        if not rows:
            return np.zeros((0, _COLUMNS), np.float32)
        width = max(map(len, rows))
        ids = np.array([row + [0] * (width - len(row)) for row in rows], np.int64)
        (logits,) = self._text.run({_INPUT_IDS: ids, _EMBEDS: embeds}, last=True)
        if logits.shape != (len(rows), _COLUMNS) or not np.isfinite(logits).all():
            raise ModelBrokenError(
                f"the scorer's text graph answered with {logits.shape} for "
                f"{len(rows)} texts, or with no numbers"
            )
        return logits


class _Words:
    """Word to id; what is not listed has the id of `<unk>`."""

    def __init__(self, tokens: Iterable[str], source: str) -> None:
        self._ids = {token: index for index, token in enumerate(tokens)}
        if self._ids.get(_PAD) != 0 or _UNKNOWN not in self._ids:
            raise ModelBrokenError(
                f"{source}: must begin with {_PAD} and hold {_UNKNOWN}"
            )
        self.unknown = self._ids[_UNKNOWN]

    @classmethod
    def load(cls, path: str) -> "_Words":
        return cls(_read(path).splitlines(), path)

    def ids(self, text: str) -> list[int]:
        """Return the ids of a text, at least one."""
        tokens = tokenize_caption(text)[:_MAX_TOKENS]
        return [self._ids.get(token, self.unknown) for token in tokens] or [
            self.unknown
        ]


class _Labels:
    """Names of the image labels, and which of them are evidence for which noun."""

    def __init__(
        self,
        names: Sequence[str | None],
        nouns: Mapping[str, Sequence[int]],
        source: str,
    ) -> None:
        self._names = tuple(names)
        self._nouns = {noun: np.array(ids, np.int64) for noun, ids in nouns.items()}
        self._source = source
        highest = max((max(ids, default=0) for ids in nouns.values()), default=0)
        if highest >= len(self._names):
            raise ModelBrokenError(
                f"{source}: class {highest} stands under a noun, but there are "
                f"{len(self._names)} labels"
            )

    @classmethod
    def load(cls, path: str) -> "_Labels":
        try:
            table = json.loads(_read(path))
            return cls(table["labels"], table["nouns"], path)
        except (ValueError, KeyError, TypeError, AttributeError) as err:
            raise ModelBrokenError(
                f"{path}: must hold 'labels' and 'nouns' ({type(err).__name__}: {err})"
            ) from None

    def checked(self, probabilities: Array) -> Array:
        """Return the probabilities if there is one for each label."""
        if len(probabilities) != len(self._names):
            raise ModelBrokenError(
                f"{self._source}: {len(self._names)} labels, but the scorer's image "
                f"graph has {len(probabilities)}"
            )
        return probabilities

    def of(self, probabilities: Array) -> tuple[ImageLabel, ...]:
        """Return all names by probability, best first; classes of a name add up."""
        totals: dict[str, float] = {}
        for name, probability in zip(self._names, probabilities.tolist(), strict=True):
            if name is not None:  # a class that is no name for a photo
                totals[name] = totals.get(name, 0.0) + probability
        best = sorted(totals.items(), key=lambda pair: -pair[1])[:TOP_LABELS]
        return tuple(ImageLabel(name, value) for name, value in best)

    def nouns(
        self, probabilities: Array | None, asked: Sequence[str]
    ) -> dict[str, float] | None:
        """Return what speaks for the nouns asked for, and for any that stands out."""
        if probabilities is None:
            return None
        totals = {
            noun: float(probabilities[ids].sum()) for noun, ids in self._nouns.items()
        }
        wanted = set(asked)
        return {
            noun: value
            for noun, value in totals.items()
            if (noun in wanted and len(self._nouns[noun])) or value >= NOTABLE_NOUN
        }


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as err:
        raise ModelBrokenError(f"{path}: can't be read ({err})") from None


def _check_names(session: Session, inputs: set[str], outputs: set[str]) -> None:
    odd = (set(session.inputs) ^ inputs) | (outputs - set(session.outputs))
    if odd:
        raise ModelBrokenError(
            f"the scorer's graphs lack or exceed what is fed: {', '.join(sorted(odd))}"
        )


def _softmax(logits: Array) -> Array:
    powers = np.exp(logits - logits.max())
    probabilities: Array = powers / powers.sum()
    return probabilities


def _probabilities(logits: Array) -> tuple[float, ...]:
    values = 1 / (1 + np.exp(-np.clip(logits.astype(np.float64), -60, 60)))
    return tuple(values.tolist())
