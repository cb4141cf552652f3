"""Photos and suggestions for tests."""

from dataclasses import dataclass
import hashlib

from edge_runtime.store import (
    Caption,
    NewFile,
    NewPhoto,
    NewSuggestion,
    Photo,
    SourceKind,
    Store,
    Suggestion,
)


def picture(name: object) -> str:
    """Return the picture hash that stands for a name."""
    return hashlib.sha256(str(name).encode()).hexdigest()


def new_photo(source_id: str, name: object, **values) -> NewPhoto:
    values = {"width": 640, "height": 480, "picture_hash": picture(name)} | values
    return NewPhoto(source_id=source_id, **values)


@dataclass
class Gallery:
    """A store with one library and one camera."""

    store: Store
    library: str
    camera: str

    @classmethod
    async def of(cls, store: Store) -> "Gallery":
        library = await store.sources.add(SourceKind.LIBRARY, "Photos", "/photos")
        camera = await store.sources.add(SourceKind.CAMERA, "Porch")
        return cls(store, library.id, camera.id)

    def new(self, name: object, **values) -> NewPhoto:
        return new_photo(self.library, name, **values)

    async def photo(self, name: object = "one", **values) -> Photo:
        new = new_photo(values.pop("source_id", self.library), name, **values)
        return (await self.store.photos.add(new))[0]

    async def photos(self, count: int, **values) -> list[str]:
        new = [
            new_photo(self.library, number, taken_at=number * 1000, **values)
            for number in range(count)
        ]
        return [one for one, _ in await self.store.photos.add_many(new)]

    async def suggest(self, photo: Photo | str, text: str, **values) -> Suggestion:
        photo_id = photo if isinstance(photo, str) else photo.id
        new = NewSuggestion(photo_id, values.pop("language", "en"), text, **values)
        return await self.store.suggestions.add(new)

    async def caption(self, photo: Photo | str, text: str) -> Caption:
        photo_id = photo if isinstance(photo, str) else photo.id
        return await self.store.captions.put(photo_id, "en", text)


def at(path: str, **values) -> NewFile:
    return NewFile(path, **({"size": 10, "mtime_ns": 1} | values))
