"""CLIP as a scorer: CLIPScore of whole texts, nouns against a text that says nothing.

CLIPScore is 2.5 * max(cosine, 0) of the picture and "A photo depicts ..." (Hessel et
al., 2021). A noun's probability is the softmax, as CLIP was trained, of "a photo of a
..." against "a photo".
"""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from ..errors import ModelBrokenError
from ..imaging import to_pixel_values
from ..sessions.base import Array, Session
from .base import FamilyConfig, Question, Scores, Seen
from .bpe import BytePairTokenizer

_WHOLE: Final = "A photo depicts "
_NOUN: Final = "a photo of "
_NEUTRAL: Final = "a photo"
_CLIP_SCORE_WEIGHT: Final = 2.5
_LOGIT_SCALE: Final = 100.0
"""What CLIP's training ended with, and was clipped to."""
_ROWS: Final = 16
"""Texts of one run: memory grows with them."""


class ClipScorer:
    """Scorer of the family `clip`: a vision and a text tower with projections."""

    def __init__(self, config: FamilyConfig) -> None:
        self._preprocess = config.preprocess
        self.target_size: int | None = max(config.preprocess["size"])
        opening = config.opening("vision_model", "text_model")
        self._tokenizer = BytePairTokenizer.load(
            config.file("vocabulary"), config.file("merges")
        )
        self._vision, self._text = opening.opened()
        _check(self._vision, ("pixel_values",), "image_embeds")
        _check(self._text, ("input_ids", "attention_mask"), "text_embeds")
        self._neutral: Array | None = None

    def see(self, picture: Any) -> Seen:
        """Return an RGB picture as its unit vector."""
        feeds = {"pixel_values": to_pixel_values(picture, self._preprocess)}
        return Seen(_unit(_output(self._vision, feeds, "image_embeds"))[0])

    def score(self, seen: Seen, question: Question) -> Scores:
        """Return CLIPScores of the captions, and probabilities of the phrases."""
        whole = self._cosines(seen, [_WHOLE + text for text in question.captions])
        nouns = self._cosines(
            seen, [_NOUN + _counted(text) for text in question.phrases]
        )
        if self._neutral is None:
            self._neutral = self._embed([_NEUTRAL])[0]
        margin = nouns - self._neutral @ seen.embeds
        present = 1 / (1 + np.exp(-_LOGIT_SCALE * margin))
        score = _CLIP_SCORE_WEIGHT * np.maximum(whole, 0)
        return Scores(tuple(score.tolist()), tuple(present.tolist()))

    def _cosines(self, seen: Seen, texts: Sequence[str]) -> Array:
        parts = [
            self._embed(texts[start : start + _ROWS]) @ seen.embeds
            for start in range(0, len(texts), _ROWS)
        ]
        return np.concatenate(parts) if parts else np.zeros(0)

    def _embed(self, texts: Sequence[str]) -> Array:
        """Return unit vectors [texts, width], float64."""
        rows = [self._tokenizer.ids(text) for text in texts]
        return _unit(_output(self._text, self._feeds(rows), "text_embeds"))

    def _feeds(self, rows: Sequence[list[int]]) -> dict[str, Array]:
        width = max(map(len, rows))
        end = self._tokenizer.end
        ids = np.array([row + [end] * (width - len(row)) for row in rows], np.int64)
        mask = np.array([[1] * len(r) + [0] * (width - len(r)) for r in rows], np.int64)
        feeds = {"input_ids": ids, "attention_mask": mask}
        return {name: feeds[name] for name in self._text.inputs}


def _counted(phrase: str) -> str:
    """Return a phrase with the article that CLIP was taught with."""
    if phrase.endswith("s") and not phrase.endswith("ss"):
        return phrase
    return f"an {phrase}" if phrase[:1] in "aeiou" else f"a {phrase}"


def _output(session: Session, feeds: dict[str, Array], name: str) -> Array:
    outputs = session.run(feeds, last=True)
    values: Array = outputs[session.outputs.index(name)].astype(np.float64)
    return values


def _unit(vectors: Array) -> Array:
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    if not np.isfinite(lengths).all() or not lengths.all():
        raise ModelBrokenError("a CLIP graph answered with no direction")
    unit: Array = vectors / lengths
    return unit


def _check(session: Session, known: tuple[str, ...], output: str) -> None:
    odd = sorted(set(session.inputs) - set(known))
    if odd or known[0] not in session.inputs or output not in session.outputs:
        raise ModelBrokenError(
            f"no CLIP graph with {known[0]} and {output}: "
            f"inputs {', '.join(session.inputs)}, outputs {', '.join(session.outputs)}"
        )
