"""A RAW photo beside its JPEG, a live photo beside its clip: described once."""

from library_helpers import by_path, done, exiftool, photos, put_photo, scan
from raw_photo import make_raw


async def watched(service, folder):
    settings = {"automatic": False, "watch": False}
    source = await service.library.add(str(folder), settings)
    service.library._watches[source.id].settling.settle_s = 0.05
    await scan(service, source.id)
    return source


async def test_a_raw_photo_shares_the_words_of_its_jpeg(service, folder):
    photo = put_photo(folder / "IMG_1.jpg")
    (folder / "IMG_1.dng").write_bytes(make_raw(photo.read_bytes()))
    when = "-exif:datetimeoriginal=2024:05:01 10:00:00"
    exiftool(when, "-exif:make=ACME Works", "-exif:model=Camera One", photo)
    source = await watched(service, folder)
    found = by_path(await photos(service))
    assert found.keys() == {"IMG_1.jpg", "IMG_1.dng"}
    result = await done(service, "caption_folder", source.id)
    assert (result["captioned"], result["shared"]) == (1, 1)
    found = by_path(await photos(service))
    words = {one.suggestions[0].text for one in found.values()}
    assert len(words) == 1


async def test_a_live_photos_clip_is_no_photo(service, folder):
    put_photo(folder / "IMG_2.jpg")
    (folder / "IMG_2.MOV").write_bytes(b"\x00\x00\x00\x14ftypqt  \x00\x00\x00\x00qt  ")
    motion = put_photo(folder / "PXL_3.MP.jpg", "koala")
    motion.write_bytes(motion.read_bytes() + b"\x00\x00\x00\x18ftypmp42" + bytes(5000))
    source = await watched(service, folder)
    assert by_path(await photos(service)).keys() == {"IMG_2.jpg", "PXL_3.MP.jpg"}
    result = await done(service, "caption_folder", source.id)
    assert (result["captioned"], result["failed"]) == (2, 0)
