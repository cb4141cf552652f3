"""Thumbnails of photos, made when somebody first wants to see one."""

import asyncio
from pathlib import Path

from ..store import Store
from .flights import Flights
from .keeping import Keeper
from .photo_files import PhotoFiles


class Thumbnails:
    """Finds a thumbnail or makes it from the photo's file."""

    def __init__(self, store: Store, files: PhotoFiles, keeper: Keeper) -> None:
        self._store = store
        self._files = files
        self._keeper = keeper
        self._flights = Flights()

    async def get(self, photo_id: str, size: int) -> Path:
        """Return a thumbnail's path; raise PhotoNotFoundError or why there is none."""
        await self._store.photos.get(photo_id)
        path = self._store.thumbnails.path(photo_id, size)
        if await asyncio.to_thread(path.is_file):
            return path
        async with self._flights.alone(photo_id):
            if not await asyncio.to_thread(path.is_file):
                picture = await self._files.of_photo(photo_id)
                found = await self._keeper.make_thumbnails(photo_id, picture.path)
                await self._store.photos.update(
                    photo_id, stored_bytes=found.thumbnail_bytes
                )
        return path
