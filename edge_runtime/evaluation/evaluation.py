"""Put the captions of all models together and score them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from .dataset import Dataset
from .meteor import MeteorError, meteor_of
from .records import PhotoResult
from .scores import MeteorScores, ModelEvaluation, SetScorer

NO_SPICE: Final = "it needs Java 8 and a large download: docs/evaluation.md"

Results = Mapping[str, Sequence[PhotoResult]]
"""Model id -> what it said about each photo, in the data set's order."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Several models on the same photos."""

    dataset: Dataset
    models: tuple[ModelEvaluation, ...]
    left_out: Mapping[str, str]
    """Score -> why it was not computed."""


async def score_models(
    dataset: Dataset, results: Results, *, no_meteor: str | None
) -> Evaluation:
    """Return all scores; `no_meteor` says why METEOR is not wanted or can't run."""
    scorer = SetScorer(photo.references for photo in dataset.photos)
    left_out = {"SPICE": NO_SPICE}
    sets = {
        kind: tuple(texts)
        for model_id, rows in results.items()
        for kind, texts in (
            ((model_id, "raw"), [row.raw_caption for row in rows]),
            ((model_id, "checked"), [row.caption for row in rows]),
        )
    }
    meteor: dict[tuple[str, ...], MeteorScores] = {}
    if no_meteor is None:
        different = list(dict.fromkeys(sets.values()))
        try:
            found = await meteor_of(different, scorer.references)
        except MeteorError as err:
            no_meteor = err.message
        else:
            meteor = dict(zip(different, found, strict=True))
    if no_meteor is not None:
        left_out = {"METEOR": no_meteor, **left_out}
    scores = {
        kind: scorer.score(texts, meteor.get(texts)) for kind, texts in sets.items()
    }
    models = tuple(
        ModelEvaluation(
            model_id=model_id,
            results=tuple(rows),
            raw=scores[model_id, "raw"],
            checked=scores[model_id, "checked"],
        )
        for model_id, rows in results.items()
    )
    return Evaluation(dataset, models, left_out)
