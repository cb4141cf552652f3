"""`ShareService`: read-only links to a photo, a tag or an album."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ..errors import PhotoNotFoundError
from ..store import (
    Caption,
    Page,
    Photo,
    PhotoFilter,
    RecordNotFoundError,
    Share,
    ShareNotFoundError,
    ShareTarget,
    Store,
)
from ..store.hashtags import tag_name
from .events import EventHub
from .thumbnails import Thumbnails

_PAGE: Final = 200


@dataclass(frozen=True, slots=True)
class SharedPhoto:
    """What somebody with a link may know of a photo: no place, no file, no guesses."""

    photo: Photo
    captions: tuple[Caption, ...]


class ShareService:
    """Makes links, ends them, and opens them for whoever has one."""

    def __init__(self, store: Store, events: EventHub, thumbnails: Thumbnails) -> None:
        self._store = store
        self._events = events
        self._thumbnails = thumbnails

    async def create(
        self,
        target: ShareTarget,
        target_id: str,
        name: str,
        expires_at: int | None,
        *,
        captions: bool = True,
    ) -> tuple[Share, str]:
        """Return a new share and its secret; raise if there is nothing to share."""
        match target:
            case ShareTarget.PHOTO:
                await self._store.photos.get(target_id)
            case ShareTarget.TAG:
                target_id = (await self._store.tags.get(target_id)).name
            case ShareTarget.PLACE:
                await self._refuse_nowhere(target_id)
            case ShareTarget.ALBUM:
                await self._store.albums.get(target_id)
        share, secret = await self._store.shares.create(
            target, target_id, name=name, expires_at=expires_at, captions=captions
        )
        await self._events.emit("share.created", {"id": share.id})
        return share, secret

    async def all(self) -> Sequence[Share]:
        """Return every share, the newest first."""
        return await self._store.shares.list()

    async def revoke(self, share_id: str) -> Share:
        """End a share now."""
        share = await self._store.shares.revoke(share_id)
        await self._events.emit("share.revoked", {"id": share.id})
        return share

    async def show_captions(self, share_id: str, *, captions: bool) -> Share:
        """Show the captions to whoever has the link, or hide them."""
        share = await self._store.shares.show_captions(share_id, captions=captions)
        await self._events.emit("share.changed", {"id": share.id})
        return share

    async def open(self, secret: str) -> Share:
        """Return the share of a secret; the same error for all that opens nothing."""
        share = await self._store.shares.by_secret(secret)
        if share is None:
            raise ShareNotFoundError("this link has expired, or never was one")
        return share

    async def photos(
        self, share: Share, limit: int, cursor: str | None
    ) -> Page[SharedPhoto]:
        """Return a page of what a share shows."""
        if share.target is ShareTarget.PHOTO:
            found = Page((await self._store.photos.get(share.target_id),))
        else:
            found = await self._store.photos.page(
                _filter(share), limit=limit, cursor=cursor
            )
        shown = [
            SharedPhoto(photo, await self._captions(share, photo.id))
            for photo in found.items
        ]
        return Page(tuple(shown), found.next_cursor)

    async def thumbnail(self, share: Share, photo_id: str, size: int) -> Path:
        """Return a thumbnail of a photo that the share shows."""
        if not await self._shows(share, photo_id):
            raise PhotoNotFoundError("this link shows no such photo")
        return await self._thumbnails.get(photo_id, size)

    async def _captions(self, share: Share, photo_id: str) -> tuple[Caption, ...]:
        if not share.captions:
            return ()
        return tuple(await self._store.captions.of_photo(photo_id))

    async def _refuse_nowhere(self, place: str) -> None:
        if not (await self._store.photos.page(PhotoFilter(place=place), limit=1)).items:
            raise RecordNotFoundError(f"no photo was taken in '{place[:100]}'")

    async def _shows(self, share: Share, photo_id: str) -> bool:
        match share.target:
            case ShareTarget.PHOTO:
                return share.target_id == photo_id
            case ShareTarget.TAG:
                names = await self._store.tags.of_photo(photo_id)
                return share.target_id in map(tag_name, names)
            case ShareTarget.PLACE | ShareTarget.ALBUM:
                return await self._is_among(_filter(share), photo_id)

    async def _is_among(self, wanted: PhotoFilter, photo_id: str) -> bool:
        cursor = None
        while True:
            page = await self._store.photos.page(wanted, limit=_PAGE, cursor=cursor)
            if any(photo.id == photo_id for photo in page.items):
                return True
            cursor = page.next_cursor
            if cursor is None:
                return False


def _filter(share: Share) -> PhotoFilter:
    if share.target is ShareTarget.TAG:
        return PhotoFilter(tag=share.target_id)
    if share.target is ShareTarget.PLACE:
        return PhotoFilter(place=share.target_id)
    return PhotoFilter(album_id=share.target_id)
