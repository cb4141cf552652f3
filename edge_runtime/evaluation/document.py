"""Everything an evaluation found, as one JSON document."""

from dataclasses import asdict
from typing import Any, Final

from .. import __version__
from .evaluation import Evaluation
from .scores import ModelEvaluation, PhotoScores, SetScores, Spread

SCHEMA_VERSION: Final = 1


def to_document(evaluation: Evaluation) -> dict[str, Any]:
    """Return data set, scores, timings and every photo of every model."""
    dataset = evaluation.dataset
    return {
        "schema_version": SCHEMA_VERSION,
        "program": __version__,
        "dataset": {
            "title": dataset.title,
            "annotations": str(dataset.source),
            "images": str(dataset.images),
            "fingerprint": dataset.fingerprint,
            "photos": len(dataset.photos),
            "skipped": list(dataset.skipped),
        },
        "left_out": dict(evaluation.left_out),
        "models": [_model(model) for model in evaluation.models],
        "photos": [
            {
                "name": photo.name,
                "references": list(photo.references),
                "results": {
                    model.model_id: _photo(model, index) for model in evaluation.models
                },
            }
            for index, photo in enumerate(dataset.photos)
        ],
    }


def _model(model: ModelEvaluation) -> dict[str, Any]:
    return {
        "model": model.model_id,
        "photos": len(model.results),
        "failed": len(model.failed),
        "raw_caption": _scores(model.raw),
        "caption": _scores(model.checked),
        "verdicts": dict(model.verdicts),
        "image_text_score": model.image_text_score,
        "seconds": _spread(model.seconds),
        "stages": {name: _spread(value) for name, value in model.stages.items()},
        "worker_peak_bytes": model.worker_peak_bytes,
    }


def _scores(scores: SetScores) -> dict[str, Any]:
    bleu = scores.corpus.bleu
    return {
        **{f"bleu{order}": value for order, value in enumerate(bleu, 1)},
        "rouge_l": scores.corpus.rouge_l,
        "cider_d": scores.corpus.cider_d,
        "meteor": scores.meteor,
        "mean_words": scores.mean_words,
        "distinct": scores.distinct,
    }


def _photo(model: ModelEvaluation, index: int) -> dict[str, Any]:
    result = model.results[index].to_dict()
    del result["name"], result["worker_peak_bytes"]
    raw, checked = model.raw.photos[index], model.checked.photos[index]
    return {**result, "scores": {"raw_caption": _row(raw), "caption": _row(checked)}}


def _row(scores: PhotoScores) -> dict[str, Any]:
    return asdict(scores)


def _spread(value: Spread | None) -> dict[str, float] | None:
    return None if value is None else asdict(value)
