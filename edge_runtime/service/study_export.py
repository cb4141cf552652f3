"""A study as a data set of preferences: texts and stars, no photos, no names. Pure."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
import csv
from io import StringIO
from itertools import combinations
import json
from typing import Any, Final

from ..store import Study, StudyCaption, StudyRating, to_rfc3339
from .averages import fmean

COLUMNS: Final = (
    "picture_sha256",
    "respondent",
    "variant",
    "model",
    "check",
    "options",
    "caption",
    "verdict",
    "image_text_score",
    "stars",
    "rated_at",
)
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""How a spreadsheet's formula begins."""


def to_csv(
    study: Study,
    captions: Sequence[StudyCaption],
    ratings: Sequence[StudyRating],
    hashes: Mapping[str, str],
) -> str:
    """Return one line for each rating; a photo is named by its picture's hash."""
    by_caption = {(c.photo_id, c.variant): c for c in captions}
    out = StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for rating in ratings:
        variant = study.variants[rating.variant]
        caption = by_caption[rating.photo_id, rating.variant]
        writer.writerow(
            [
                hashes[rating.photo_id],
                rating.respondent,
                _inert(variant.name),
                variant.model,
                str(variant.check).lower(),
                json.dumps(dict(variant.options), ensure_ascii=False),
                _inert(caption.text),
                caption.verdict.value,
                "" if caption.score is None else round(caption.score, 6),
                rating.stars,
                to_rfc3339(rating.rated_at),
            ]
        )
    return out.getvalue()


def to_jsonl(
    study: Study,
    captions: Sequence[StudyCaption],
    ratings: Sequence[StudyRating],
    hashes: Mapping[str, str],
) -> str:
    """Return one line for each photo: its captions, their stars, who won how often."""
    given: defaultdict[str, defaultdict[int, dict[int, int]]] = defaultdict(
        lambda: defaultdict(dict)
    )
    for rating in ratings:
        given[rating.photo_id][rating.variant][rating.respondent] = rating.stars
    by_photo: defaultdict[str, list[StudyCaption]] = defaultdict(list)
    for caption in captions:
        by_photo[caption.photo_id].append(caption)
    lines = (
        {
            "picture_sha256": hashes[photo_id],
            "study": study.name,
            "language": study.language,
            "scorer": study.scorer,
            "captions": [_caption(study, c, given[photo_id][c.variant]) for c in said],
            "preferences": list(_preferences(study, said, given[photo_id])),
        }
        for photo_id, said in by_photo.items()
    )
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)


def _caption(
    study: Study, caption: StudyCaption, stars: Mapping[int, int]
) -> dict[str, Any]:
    variant = study.variants[caption.variant]
    return {
        "variant": variant.name,
        "model": variant.model,
        "check": variant.check,
        "options": dict(variant.options),
        "text": caption.text,
        "verdict": caption.verdict.value,
        "image_text_score": caption.score,
        "mean_stars": fmean(stars.values()) if stars else None,
        "stars": [{"respondent": who, "stars": n} for who, n in stars.items()],
    }


def _preferences(
    study: Study,
    captions: Sequence[StudyCaption],
    given: Mapping[int, Mapping[int, int]],
) -> Iterator[dict[str, Any]]:
    """Yield each pair of different texts with the one that people liked more first."""
    for one, other in combinations(captions, 2):
        ours, theirs = given[one.variant], given[other.variant]
        if one.text == other.text or not ours.keys() & theirs.keys():
            continue
        wins = sum(ours[who] > theirs[who] for who in ours.keys() & theirs.keys())
        losses = sum(ours[who] < theirs[who] for who in ours.keys() & theirs.keys())
        chosen, rejected = (one, other) if wins >= losses else (other, one)
        yield {
            "chosen": study.variants[chosen.variant].name,
            "rejected": study.variants[rejected.variant].name,
            "votes": max(wins, losses),
            "votes_against": min(wins, losses),
            "ties": len(ours.keys() & theirs.keys()) - wins - losses,
        }


def _inert(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text
