"""Sources, tags, albums, facts, and the store's own names for things."""

import pytest

from edge_runtime.store import (
    AlbumKind,
    AlbumNotFoundError,
    ConflictError,
    InvalidValueError,
    PhotoFilter,
    SourceKind,
    SourceUnknownError,
    Store,
    TagNotFoundError,
    TagOrigin,
    ThumbnailFolder,
    from_rfc3339,
    is_id,
    new_id,
    to_rfc3339,
)


async def test_a_source_is_known_by_kind_and_name(store):
    folder = await store.sources.ensure(SourceKind.LIBRARY, "Photos", "/photos")
    assert await store.sources.ensure(SourceKind.LIBRARY, "Photos") == folder
    camera = await store.sources.add("camera", "Photos", settings={"days": 3})
    assert await store.sources.get(camera.id) == camera
    assert await store.sources.find(SourceKind.CAMERA, "Photos") == camera
    assert await store.sources.find(SourceKind.CAMERA, "Porch") is None
    assert await store.sources.list() == [folder, camera]
    with pytest.raises(ConflictError, match="camera source 'Photos' already"):
        await store.sources.add(SourceKind.CAMERA, "Photos")
    changed = await store.sources.update(camera.id, name="Porch", settings={})
    assert (changed.name, changed.settings) == ("Porch", {})
    assert (await store.sources.update(camera.id, name="Porch")).name == "Porch"
    other = await store.sources.add(SourceKind.CAMERA, "Yard")
    with pytest.raises(ConflictError):
        await store.sources.update(other.id, name="Porch")
    with pytest.raises(SourceUnknownError):
        await store.sources.get(new_id())


async def test_a_removed_source_takes_its_photos_along(store, gallery):
    frame = await gallery.photo("frame", source_id=gallery.camera)
    kept = await gallery.photo("kept")
    gone = await store.sources.remove(gallery.camera)
    assert gone.photo_ids == (frame.id,)
    assert [path.name for path in gone.files] == [
        f"{frame.id}-320.webp",
        f"{frame.id}-1280.webp",
    ]
    assert [one.id for one in (await store.photos.page()).items] == [kept.id]
    with pytest.raises(SourceUnknownError):
        await store.sources.remove(gallery.camera)


async def test_a_tag_stays_while_there_is_one_reason_for_it(store, gallery):
    photo = await gallery.photo()
    await gallery.caption(photo, "#Sun")
    await store.tags.add(photo.id, "SUN")
    await store.tags.add(photo.id, "New York", TagOrigin.IMPORTED)
    await gallery.caption(photo, "no tag")
    assert await store.tags.of_photo(photo.id) == ["New York", "Sun"]
    await gallery.caption(photo, "#sun")
    await store.tags.remove(photo.id, "sun")
    assert await store.tags.of_photo(photo.id) == ["New York", "Sun"]
    await store.captions.remove(photo.id, "en")
    await store.tags.remove(photo.id, "new  york")
    assert await store.tags.of_photo(photo.id) == []
    with pytest.raises(TagNotFoundError):
        await store.tags.get("sun")


async def test_tags_come_in_pages(store, gallery):
    photo = await gallery.photo()
    long = "z" * 100
    for tag in ("b", "a:1", "a", "Ä", "京都", long):
        await store.tags.add(photo.id, tag)
    names, cursor = [], None
    while True:
        page = await store.tags.page(limit=1, cursor=cursor)
        names += [tag.name for tag in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert names == ["a", "a:1", "b", long, "ä", "京都"]
    assert [tag.name for tag in (await store.tags.page("A")).items] == ["a", "a:1"]
    assert (await store.tags.page("%")).items == ()


async def test_albums_hold_photos_in_order(store, gallery):
    photos = await gallery.photos(3)
    album = await store.albums.create("Best of")
    assert (album.kind, album.photos) == (AlbumKind.USER, 0)
    filled = await store.albums.add(album.id, [photos[2], photos[0], photos[0]])
    assert filled.photos == 2
    page = await store.photos.page(PhotoFilter(album_id=album.id))
    assert [one.id for one in page.items] == [photos[2], photos[0]]
    assert (await store.albums.remove(album.id, [photos[2]])).photos == 1
    assert (await store.albums.rename(album.id, "Best")).name == "Best"
    place = await store.albums.create("Best", AlbumKind.PLACE)
    with pytest.raises(ConflictError, match="album 'Best' already"):
        await store.albums.create("Best")
    assert {one.id for one in await store.albums.list()} == {album.id, place.id}
    await store.albums.delete(album.id)
    with pytest.raises(AlbumNotFoundError):
        await store.albums.get(album.id)
    assert (await store.counts())["photos"] == 3
    with pytest.raises(InvalidValueError, match="comes with its tag"):
        await store.albums.create("sun", AlbumKind.TAG)


async def test_facts_and_the_store_s_id_outlive_a_restart(home):
    async with await Store.open(home) as store:
        store_id = store.id
        await store.meta.set("pin", "tiny-captioner")
        await store.meta.set("gone", "x")
        await store.meta.set("gone", None)
    async with await Store.open(home) as store:
        assert store.id == store_id
        assert is_id(store.id)
        assert await store.meta.get("pin") == "tiny-captioner"
        assert await store.meta.get("gone") is None


def test_ids_sort_by_time():
    ids = [new_id(at) for at in (0, 1, 1_600_000_000_000, 2**48 - 1)]
    assert ids == sorted(ids)
    assert all(map(is_id, ids))
    assert ids[0].startswith("0000000000")
    assert ids[-1].startswith("7ZZZZZZZZZ")
    assert len({new_id(5) for _ in range(1000)}) == 1000


@pytest.mark.parametrize(
    "text", ["", "x" * 26, "8" * 26, "0" * 25, "../" * 9, "0" * 27]
)
def test_other_texts_are_no_ids(text):
    assert not is_id(text)


def test_times_are_read_as_they_are_written():
    assert to_rfc3339(1_795_000_000_123) == "2026-11-18T11:06:40.123Z"
    for ms in (0, -1, 1_795_000_000_123, -62_135_596_800_000, 253_402_300_799_999):
        assert from_rfc3339(to_rfc3339(ms)) == ms
    assert from_rfc3339("2026-11-18T12:06:40+01:00") == 1_795_000_000_000
    assert from_rfc3339("2026-11-18T11:06:40") == 1_795_000_000_000
    with pytest.raises(InvalidValueError, match="write it like"):
        from_rfc3339("yesterday")


def test_thumbnails_have_one_place(home):
    folder = ThumbnailFolder(home)
    photo_id = new_id()
    path = folder.path(photo_id, 320)
    assert path == home / "thumbnails" / photo_id[-2:] / f"{photo_id}-320.webp"
    path.parent.mkdir(parents=True)
    path.touch()
    (path.parent / "other.webp").touch()
    assert list(folder.present()) == [(photo_id, path)]
    with pytest.raises(ValueError, match="is no id"):
        folder.path("../../etc/passwd", 320)
