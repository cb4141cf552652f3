"""Jobs about a whole folder: accept what waits, write captions, take them out again."""

from collections.abc import Mapping
from typing import Any, Final

from ...errors import EdgeRuntimeError, PhotoError
from ...jobs import JobContext
from ...schemas import Verdict
from ...store import (
    CaptionKeptError,
    ConflictError,
    PhotoFilter,
    Source,
    Store,
    SuggestionFilter,
    SuggestionState,
)
from ..review import ReviewService
from .writing import MetadataWriter

ACCEPT_JOB: Final = "accept_folder"
WRITE_JOB: Final = "write_folder"
RESTORE_JOB: Final = "restore_folder"
_PAGE: Final = 100
_MAX_ERRORS: Final = 20


class FolderDecisions:
    """What a person decides about all photos of a folder at once."""

    def __init__(
        self, store: Store, review: ReviewService, writer: MetadataWriter
    ) -> None:
        self._store = store
        self._review = review
        self._writer = writer

    async def accept(self, source: Source, context: JobContext) -> Mapping[str, Any]:
        """Accept the suggestions that wait; where a caption is, it stays."""
        wanted = SuggestionFilter(
            state=SuggestionState.PENDING,
            source_id=source.id,
            verdict=_verdict(context.params.get("verdict")),
            language=context.params.get("language"),
        )
        accepted = kept = 0
        total = (await self._store.files.counts(source.id)).pending
        cursor = None
        while True:
            page = await self._store.suggestions.page(
                wanted, limit=_PAGE, cursor=cursor
            )
            for suggestion in page.items:
                await context.progress(accepted + kept, total, "accepting")
                try:
                    await self._review.accept(suggestion.id, by_policy=True)
                    accepted += 1
                except (CaptionKeptError, ConflictError):
                    kept += 1
            cursor = page.next_cursor
            if cursor is None:
                break
        await self._writer.when_idle()
        return {"accepted": accepted, "kept": kept}

    async def write(self, source: Source, context: JobContext) -> Mapping[str, Any]:
        """Write every caption whose photo's metadata don't have it yet."""
        await context.progress(0, stage="writing")
        await self._writer.write_unwritten(source)
        await self._writer.when_idle()
        left = await self._store.photos.page(
            PhotoFilter(source_id=source.id, unwritten=True, has_caption=True)
        )
        return {"unwritten": len(left.items)}

    async def restore(self, source: Source, context: JobContext) -> Mapping[str, Any]:
        """Take our words out of every photo of a folder, and out of its sidecars."""
        counts = {"restored": 0, "identical": 0, "untouched": 0, "failed": 0}
        errors: list[dict[str, str]] = []
        total = (await self._store.files.counts(source.id)).photos
        cursor, done = None, 0
        while True:
            page = await self._store.photos.page(
                PhotoFilter(source_id=source.id), limit=_PAGE, cursor=cursor
            )
            for photo in page.items:
                await context.progress(done, total, "restoring")
                done += 1
                try:
                    await self._restore(source, photo.id, counts)
                except (PhotoError, EdgeRuntimeError) as err:
                    counts["failed"] += 1
                    if len(errors) < _MAX_ERRORS:
                        errors.append({"photo_id": photo.id, **err.to_dict()})
            cursor = page.next_cursor
            if cursor is None:
                break
        return {**counts, "errors": errors}

    async def _restore(
        self, source: Source, photo_id: str, counts: dict[str, int]
    ) -> None:
        found = await self._writer.take_out(source, photo_id)
        ours = [one for one in found if one.identical is not None]
        if not ours:
            counts["untouched"] += 1
            return
        counts["restored"] += 1
        counts["identical"] += all(one.identical for one in ours)
        await self._store.photos.not_written(photo_id)


def _verdict(text: str | None) -> Verdict | None:
    return None if text is None else Verdict(text)
