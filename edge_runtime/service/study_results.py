"""What a study says: means, how sure they are, how far people agree. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import fsum, sqrt
from typing import Final

from ..store import Study, StudyCaption, StudyRating
from .averages import fmean, stdev

_Z: Final = 1.959964
"""97.5 % of a normal distribution lie below."""
_T_OF_FEW: Final = {1: 12.706, 2: 4.303}
_STARS: Final = range(1, 6)

Caption = tuple[str, int]
"""A photo, and the variant's place."""


@dataclass(frozen=True, slots=True)
class VariantResult:
    """What one variant got."""

    variant: int
    ratings: int
    stars: tuple[int, ...]
    """How often it got 1, 2, 3, 4 and 5."""
    mean: float | None
    """Of the respondents' own means."""
    low: float | None
    high: float | None
    """Bounds of the 95 % confidence interval of the mean; None for one respondent."""
    image_text_score: float | None
    """Mean over its captions, on the scorer's scale."""
    seconds: float | None
    """Mean time of a caption on this machine."""


@dataclass(frozen=True, slots=True)
class PairResult:
    """How two variants did against each other: respondents by photos."""

    first: int
    second: int
    first_wins: int
    ties: int
    second_wins: int


@dataclass(frozen=True, slots=True)
class StudyResults:
    """What a study says so far."""

    photos: int
    respondents: int
    """Those who gave any stars."""
    ratings: int
    variants: tuple[VariantResult, ...]
    pairs: tuple[PairResult, ...]
    agreement: float | None
    """Krippendorff's alpha for ordered values: 1 is perfect, 0 is chance."""
    score_correlation: float | None
    """Spearman's, between a caption's image-text score and its mean stars."""


def results_of(
    study: Study, captions: Sequence[StudyCaption], ratings: Sequence[StudyRating]
) -> StudyResults:
    """Return the results of what was said so far."""
    numbers = range(len(study.variants))
    given: defaultdict[Caption, dict[int, int]] = defaultdict(dict)
    for rating in ratings:
        given[rating.photo_id, rating.variant][rating.respondent] = rating.stars
    distinct = _distinct(captions)
    return StudyResults(
        photos=len({caption.photo_id for caption in captions}),
        respondents=len({rating.respondent for rating in ratings}),
        ratings=len(ratings),
        variants=tuple(_variant(number, captions, ratings) for number in numbers),
        pairs=tuple(_pair(one, two, given) for one, two in combinations(numbers, 2)),
        agreement=krippendorff_alpha(
            [list(given[c.photo_id, c.variant].values()) for c in distinct]
        ),
        score_correlation=spearman(
            [
                (c.score, fmean(given[c.photo_id, c.variant].values()))
                for c in distinct
                if c.score is not None and given[c.photo_id, c.variant]
            ]
        ),
    )


def confidence_interval(means: Sequence[float]) -> tuple[float, float] | None:
    """Return where the true mean lies with 95 % confidence; None for fewer than two."""
    if len(means) < 2:  # noqa: PLR2004 - one value says nothing of its spread
        return None
    half = _t_quantile(len(means) - 1) * stdev(means) / sqrt(len(means))
    middle = fmean(means)
    return middle - half, middle + half


def krippendorff_alpha(units: Iterable[Sequence[int]]) -> float | None:
    """Return how far several raters agree on ordered values, 1 to 5.

    Each unit is what was rated, with the stars that it got; missing ones are fine.
    None: nothing was rated twice, or everybody said the same of everything.
    """
    pairs: defaultdict[tuple[int, int], float] = defaultdict(float)
    for unit in units:
        counts, weight = Counter(unit), len(unit) - 1
        if weight < 1:
            continue
        for one, n in counts.items():
            for other, m in counts.items():
                pairs[one, other] += n * (m - (one == other)) / weight
    totals = {s: sum(pairs[s, other] for other in _STARS) for s in _STARS}
    whole = sum(totals.values())
    distances = {(a, b): _ordinal(totals, a, b) for a in _STARS for b in _STARS}
    expected = sum(totals[a] * totals[b] * d for (a, b), d in distances.items())
    if expected == 0:
        return None
    observed = sum(pairs[key] * d for key, d in distances.items())
    return 1 - (whole - 1) * observed / expected


def spearman(pairs: Sequence[tuple[float, float]]) -> float | None:
    """Return the rank correlation of pairs; None where it has no meaning."""
    if len(pairs) < 3:  # noqa: PLR2004 - two always lie on a line
        return None
    xs = _ranks([x for x, _ in pairs])
    ys = _ranks([y for _, y in pairs])
    middle = fmean(xs)
    both = sum((x - middle) * (y - middle) for x, y in zip(xs, ys, strict=True))
    spread_x = sum((x - middle) ** 2 for x in xs)
    spread_y = sum((y - middle) ** 2 for y in ys)
    if spread_x == 0 or spread_y == 0:
        return None
    return both / sqrt(spread_x * spread_y)


def _variant(
    number: int, captions: Sequence[StudyCaption], ratings: Sequence[StudyRating]
) -> VariantResult:
    own = [rating for rating in ratings if rating.variant == number]
    by_respondent: defaultdict[int, list[int]] = defaultdict(list)
    for rating in own:
        by_respondent[rating.respondent].append(rating.stars)
    # a respondent's ratings hang together: people are the sample, not single stars
    means = [fmean(stars) for stars in by_respondent.values()]
    bounds = confidence_interval(means)
    counts = Counter(rating.stars for rating in own)
    texts = [caption for caption in captions if caption.variant == number]
    scores = [caption.score for caption in texts if caption.score is not None]
    return VariantResult(
        variant=number,
        ratings=len(own),
        stars=tuple(counts[stars] for stars in _STARS),
        mean=fmean(means) if means else None,
        low=None if bounds is None else bounds[0],
        high=None if bounds is None else bounds[1],
        image_text_score=fmean(scores) if scores else None,
        seconds=fmean(caption.seconds for caption in texts) if texts else None,
    )


def _pair(
    first: int, second: int, given: Mapping[Caption, Mapping[int, int]]
) -> PairResult:
    wins, ties, losses = 0, 0, 0
    for (photo_id, variant), stars in given.items():
        if variant != first:
            continue
        others = given.get((photo_id, second), {})
        for respondent in stars.keys() & others.keys():
            difference = stars[respondent] - others[respondent]
            wins += difference > 0
            ties += difference == 0
            losses += difference < 0
    return PairResult(first, second, wins, ties, losses)


def _distinct(captions: Sequence[StudyCaption]) -> list[StudyCaption]:
    """Return one caption of those that say the same of a photo."""
    found = {
        (caption.photo_id, caption.text): caption for caption in reversed(captions)
    }
    return list(found.values())


def _ordinal(totals: Mapping[int, float], one: int, other: int) -> float:
    """Return how far two values lie apart: how many ratings lie between them."""
    low, high = sorted((one, other))
    between = sum(totals[stars] for stars in range(low, high + 1))
    return (between - (totals[low] + totals[high]) / 2) ** 2


def _ranks(values: Sequence[float]) -> list[float]:
    """Return each value's rank; equal ones share the mean of theirs."""
    order = sorted(range(len(values)), key=values.__getitem__)
    places: defaultdict[float, list[int]] = defaultdict(list)
    for rank, index in enumerate(order, 1):
        places[values[index]].append(rank)
    return [fmean(places[value]) for value in values]


def _t_quantile(freedom: int) -> float:
    """Return 97.5 % of Student's t, by the first terms of its expansion."""
    if freedom in _T_OF_FEW:
        return _T_OF_FEW[freedom]
    z = _Z
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    fourth = (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160
    terms = (z, first, second, third, fourth)
    return fsum(term / float(freedom) ** n for n, term in enumerate(terms))
