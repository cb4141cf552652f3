"""`ReviewService`: what a person decides about captions, tags and photos."""

from collections.abc import Callable
from enum import Enum
from typing import Final, Literal, TypeAlias

from ..store import Caption, Decision, Rating, Store, Suggestion, Tag
from .answers import AnswerCache
from .errors import CaptionChangedError
from .events import EventHub
from .flights import Flights
from .keeping import Keeper


class _Any(Enum):
    ANY = "any"


Seen: TypeAlias = int | Literal[_Any.ANY] | None
ANY: Final = _Any.ANY
"""Whatever caption is there now."""


class ReviewService:
    """Changes what is kept of photos; answers in memory follow, clients hear."""

    def __init__(
        self, store: Store, events: EventHub, cache: AnswerCache, keeper: Keeper
    ) -> None:
        self._store = store
        self._events = events
        self._cache = cache
        self._keeper = keeper
        self._flights = Flights()
        self.when_captioned: Callable[[str], None] = _nothing
        """Called with a photo's id after its caption may have changed."""

    async def accept(
        self, suggestion_id: str, text: str | None = None, *, by_policy: bool = False
    ) -> Decision:
        """Make a suggestion the caption, as it is or as a person changed it.

        A policy only fills an empty place: else CaptionKeptError is raised.
        """
        decision = await self._store.suggestions.accept(
            suggestion_id, text, by_policy=by_policy
        )
        await self._decided(decision.suggestion)
        return decision

    async def reject(self, suggestion_id: str) -> Suggestion:
        """Put a suggestion away."""
        suggestion = await self._store.suggestions.reject(suggestion_id)
        await self._decided(suggestion)
        return suggestion

    async def undo(self, suggestion_id: str) -> Decision:
        """Take a decision about a suggestion back."""
        decision = await self._store.suggestions.undo(suggestion_id)
        await self._decided(decision.suggestion)
        return decision

    async def write_caption(
        self, photo_id: str, language: str, text: str, *, seen: Seen = ANY
    ) -> Caption:
        """Make a person's own words the caption.

        `seen` is when the caption that the person saw was made (None: there was none);
        if another one is there now, CaptionChangedError is raised.
        """
        async with self._flights.alone(photo_id):
            if seen is not ANY:
                await self._refuse_changed(photo_id, language, seen)
            caption = await self._store.captions.put(photo_id, language, text)
        await self._captioned(photo_id, language)
        return caption

    async def remove_caption(self, photo_id: str, language: str) -> None:
        """Remove a caption; undo brings it back."""
        await self._store.captions.remove(photo_id, language)
        await self._captioned(photo_id, language)

    async def undo_caption(self, photo_id: str, language: str) -> Caption | None:
        """Take the last change of a caption back; return the one that is there now."""
        caption = await self._store.captions.undo(photo_id, language)
        await self._captioned(photo_id, language)
        return caption

    async def rate(
        self, photo_id: str, stars: int, rater: str, suggestion_id: str | None
    ) -> Rating:
        """Keep how good a person finds a caption."""
        rating = await self._store.ratings.rate(
            photo_id, stars, rater=rater, suggestion_id=suggestion_id
        )
        await self._events.emit("photo.changed", {"id": photo_id})
        return rating

    async def add_tag(self, photo_id: str, name: str) -> Tag:
        """Give a photo a tag."""
        tag = await self._store.tags.add(photo_id, name)
        await self._events.emit("tag.changed", {"name": tag.name, "photo_id": photo_id})
        return tag

    async def remove_tag(self, photo_id: str, name: str) -> None:
        """Take a tag off a photo."""
        await self._store.tags.remove(photo_id, name)
        await self._events.emit("tag.changed", {"name": name, "photo_id": photo_id})

    async def forget(self, photo_id: str) -> None:
        """Remove a photo, its thumbnails and every word about it; no file of yours."""
        photo = await self._store.photos.get(photo_id)
        gone = await self._store.photos.forget(photo_id)
        self._cache.drop_photo(photo_id)
        self._cache.drop_picture(photo.picture_hash)
        await self._keeper.forget_files(gone.files)
        await self._events.emit("photo.forgotten", {"id": photo_id})

    async def _refuse_changed(self, photo_id: str, language: str, seen: Seen) -> None:
        now = await self._store.captions.get(photo_id, language)
        if (None if now is None else now.created_at) != seen:
            raise CaptionChangedError(
                "the caption was changed meanwhile: look at it before you replace it"
            )

    async def _decided(self, suggestion: Suggestion) -> None:
        self._cache.drop_photo(suggestion.photo_id)
        self.when_captioned(suggestion.photo_id)
        await self._events.emit(
            "suggestion.changed",
            {
                "id": suggestion.id,
                "photo_id": suggestion.photo_id,
                "state": suggestion.state.value,
            },
        )

    async def _captioned(self, photo_id: str, language: str) -> None:
        self._cache.drop_photo(photo_id)
        self.when_captioned(photo_id)
        await self._events.emit(
            "caption.changed", {"photo_id": photo_id, "language": language}
        )


def _nothing(photo_id: str) -> None:
    del photo_id
