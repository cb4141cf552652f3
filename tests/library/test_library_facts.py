"""A folder's photos are named by their place, and told as the folder wants it."""

from library_helpers import by_path, done, exiftool, photos, put_photo, scan

LISBON = (
    "-GPSLatitude=38.7139", "-GPSLatitudeRef=N",
    "-GPSLongitude=9.1394", "-GPSLongitudeRef=W",
)  # fmt: skip


async def test_places_are_searchable_and_albums_are_folders_not_the_root(
    service, folder
):
    root = folder / "Family photos"
    exiftool(*LISBON, put_photo(root / "Winter trip" / "a.jpg"))
    put_photo(root / "b.jpg", "koala")
    settings = {"automatic": False, "watch": False, "style": "detailed"}
    source = await service.library.add(str(root), settings)
    service.library._watches[source.id].settling.settle_s = 0.05
    await scan(service, source.id)
    found = by_path(await photos(service))
    trip = found["Winter trip/a.jpg"].photo
    assert trip.place == {"city": "Lisbon", "country": "Portugal"}
    assert found["b.jpg"].photo.place is None
    hits = (await service.store.search.photos("portugal")).items
    assert [(hit.photo.id, hit.field) for hit in hits] == [(trip.id, "place")]

    assert (await done(service, "caption_folder", source.id))["captioned"] == 2
    found = by_path(await photos(service))
    (made,) = found["Winter trip/a.jpg"].suggestions
    assert " in Lisbon, Portugal" in made.text
    assert "From the album “Winter trip”." in made.text
    sources = {fact["kind"]: fact["source"] for fact in made.provenance["facts"]}
    assert sources == {"place": "gps", "album": "folder"}
    (other,) = found["b.jpg"].suggestions
    assert "Family photos" not in other.text
    assert other.provenance["facts"] == []


async def test_a_photo_that_learns_where_it_was_taken_gets_its_place(service, folder):
    photo = put_photo(folder / "a.jpg")
    settings = {"automatic": False, "watch": False}
    source = await service.library.add(str(folder), settings)
    service.library._watches[source.id].settling.settle_s = 0.05
    await scan(service, source.id)
    exiftool(*LISBON, photo)
    await scan(service, source.id)
    (found,) = await photos(service)
    assert found.photo.place == {"city": "Lisbon", "country": "Portugal"}
