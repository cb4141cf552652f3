"""Answers that are there already: a person's words, an earlier caption."""

from ..store import PhotoDetails, Store, Suggestion, SuggestionState, new_id
from .answers import Answer, AnswerCache
from .photo_files import Picture
from .questions import CaptionOptions


class KnownAnswers:
    """Looks an answer up: the person's caption first, then what was made before."""

    def __init__(self, store: Store, cache: AnswerCache) -> None:
        self._store = store
        self._cache = cache

    async def find(self, options: CaptionOptions, picture: Picture) -> Answer | None:
        """Return the answer to a question about a picture, or None."""
        details = None
        if picture.photo is not None and options.is_plain and not options.look_for:
            details = await self._store.photos.details(picture.photo.id)
            if answer := self._of_person(details, options):
                return answer
        if answer := self._cache.find(options.key(picture.picture_hash)):
            return answer
        return None if details is None else _of_suggestion(details, options)

    def _of_person(
        self, details: PhotoDetails, options: CaptionOptions
    ) -> Answer | None:
        """Return the photo's own caption, unless a certain model is asked."""
        if options.model is not None:
            return None
        for caption in details.captions:
            if caption.language == options.language:
                answer = Answer.of_caption(
                    caption, new_id(), details.photo.picture_hash
                )
                self._cache.put(answer)
                return answer
        return None


def _of_suggestion(details: PhotoDetails, options: CaptionOptions) -> Answer | None:
    for suggestion in details.suggestions:
        if _serves(suggestion, options):
            return Answer.of_suggestion(suggestion, details.photo.picture_hash)
    return None


def _serves(suggestion: Suggestion, options: CaptionOptions) -> bool:
    made = suggestion.provenance
    if suggestion.stale or suggestion.state is SuggestionState.REJECTED:
        return False
    if not made.get("plain", True):
        return False
    if options.model not in {None, made.get("model")}:
        return False
    return options.language in {suggestion.language, made.get("asked")}
