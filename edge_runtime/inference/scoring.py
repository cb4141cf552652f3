"""The worker's scorer: what it keeps of the last photos, and its answers on them."""

from collections import OrderedDict
import secrets
from typing import Any, Final

from ..families.base import ImageTextScorer, Question, Seen
from .messages import ScoreAnswer, ScoreJob

_KEPT_PHOTOS: Final = 4
"""Photos that may be captioned between a caption and its check; 250 kB each."""


class PhotoScorer:
    """Holds texts against the photos that were seen last."""

    def __init__(self, scorer: ImageTextScorer) -> None:
        self.scorer = scorer
        self._kept: OrderedDict[int, Any] = OrderedDict()
        # A worker that was started anew must not take its photo 1 for an older one's.
        self._number = secrets.randbits(40)

    def keep(self, picture: Any) -> int:
        """Remember a picture (or its features) and return its number."""
        self._number += 1
        self._kept[self._number] = picture
        while len(self._kept) > _KEPT_PHOTOS:
            self._kept.popitem(last=False)
        return self._number

    def knows(self, number: int | None) -> bool:
        """Return whether a photo is still remembered."""
        return number in self._kept

    def answer(self, number: int, job: ScoreJob, peak_rss_bytes: int) -> ScoreAnswer:
        """Return the scores for a photo that is remembered."""
        picture = self._kept[number]
        if not isinstance(picture, Seen):
            picture = self._kept[number] = self.scorer.see(picture)
        found = self.scorer.score(
            picture, Question(job.captions, job.phrases, job.nouns)
        )
        return ScoreAnswer(
            captions=found.captions,
            phrases=found.phrases,
            unknown=found.unknown,
            labels=found.labels,
            nouns=dict(found.nouns or {}),
            photo=number,
            peak_rss_bytes=peak_rss_bytes,
        )
