"""Other programs read what the library wrote, and what they do costs nobody a word."""

from collections import Counter
import json
from pathlib import Path
import shutil
import subprocess

from library_helpers import by_path, exiftool, photos, put_photo, result_of, scan
from PIL import Image
import pytest

from edge_runtime.picture_hash import picture_hash

pytestmark = pytest.mark.timeout(120)  # a busy machine starts things slowly
GERMAN = "Ein Schloß am großen See #Urlaub"
JAPANESE = "湖畔の城 #城"
EMOJI = "A castle 🏰 by the lake 🏞️ #🏰castle"
WORDS = {"de": GERMAN, "ja": JAPANESE, "en": EMOJI}
KINDS = ("photo.jpg", "photo.png", "photo.webp", "photo.heic")
QUIET = {"automatic": False, "watch": False}


@pytest.fixture
async def written(service, folder) -> Path:
    """Return a folder in which every kind of photo has captions in three languages."""
    for name, photo in zip(KINDS[:3], ("castle", "koala", "fig"), strict=True):
        put_photo(folder / name, photo)
    shutil.copy("tests/fixtures/images/with-preview.heic", folder / KINDS[3])
    source = await service.library.add(
        str(folder), {**QUIET, "write_metadata": "embed", "language": "de"}
    )
    service.library._watches[source.id].settling.settle_s = 0.05
    await scan(service, source.id)
    for one in await photos(service):
        for language, text in WORDS.items():
            await service.review.write_caption(one.photo.id, language, text)
    await service.library.writer.when_idle()
    return folder


def where(folder: Path, name: str) -> Path:
    """Return the file that the words of a photo stand in."""
    return folder / (f"{name}.xmp" if name.endswith(".heic") else name)


def found_by_exiftool(path: Path) -> dict:
    return json.loads(exiftool("-json", "-a", "-G1", path))[0]


@pytest.mark.parametrize("name", KINDS)
async def test_exiftool_reads_all_that_was_written(written, name):
    found = found_by_exiftool(where(written, name))
    assert found["XMP-dc:Description"] == GERMAN
    assert found["XMP-dc:Description-ja"] == JAPANESE
    assert found["XMP-dc:Description-en"] == EMOJI
    assert set(found["XMP-dc:Subject"]) == {"Urlaub", "城"}
    assert set(found["XMP-digiKam:TagsList"]) == {"Urlaub", "城"}


@pytest.mark.parametrize("name", KINDS)
async def test_exiv2_reads_all_that_was_written(written, name):
    program = shutil.which("exiv2")
    if program is None:
        pytest.skip("exiv2 is not installed")

    def value(key: str) -> str:
        command = [program, "-q", "-K", key, "-Pv", where(written, name)]
        return subprocess.run(
            command, capture_output=True, text=True, check=True
        ).stdout

    words = value("Xmp.dc.description")
    assert all(text in words for text in WORDS.values())
    assert all(word in value("Xmp.dc.subject") for word in ("Urlaub", "城"))


@pytest.mark.parametrize("name", KINDS[:3])
async def test_pillow_reads_all_that_was_written(written, name):
    with Image.open(written / name) as image:
        image.load()
        packet = image.info.get("xmp") or image.info["XML:com.adobe.xmp"].encode()
        assert all(text.encode() in packet for text in WORDS.values())
        # Pillow takes what stands in EXIF for Latin-1; the bytes are UTF-8
        assert image.getexif()[0x010E].encode("latin-1").decode() == GERMAN


async def test_a_photos_journey_through_other_hands(service, written, folder):
    """Tagged, rotated, moved, renamed and copied: one photo, and all of its words."""
    before = {n: picture_hash(written / n) for n in KINDS}
    (source,) = await service.store.sources.list()
    exiftool("-xmp-dc:subject+=Theirs", "-rating=5", folder / "photo.jpg")
    exiftool("-orientation#=6", folder / "photo.jpg")
    (folder / "album").mkdir()
    (folder / "photo.jpg").rename(folder / "album" / "Best one 🏆.jpg")
    for name in ("photo.heic", "photo.heic.xmp"):
        (folder / name).rename(folder / "album" / name)
    shutil.copy2(folder / "photo.png", folder / "album" / "copy.png")
    exiftool("-xmp-dc:description-fr=Château, écrit ailleurs", folder / "photo.webp")
    result = await scan(service, source.id)
    assert (result["added"], result["unread"]) == (0, 0)
    found = by_path(await photos(service))
    assert len(await photos(service)) == len(KINDS)
    places = {
        "album/Best one 🏆.jpg": "photo.jpg",
        "album/photo.heic": "photo.heic",
        "photo.png": "photo.png",
        "album/copy.png": "photo.png",
        "photo.webp": "photo.webp",
    }
    assert set(found) == set(places)
    for path, name in places.items():
        texts = {c.language: c.text for c in found[path].captions}
        assert WORDS.items() <= texts.items(), path
        assert picture_hash(folder / path) == before[name]
    french = {c.language: c.text for c in found["photo.webp"].captions}["fr"]
    assert french == "Château, écrit ailleurs"
    assert "Theirs" in found["album/Best one 🏆.jpg"].tags
    one = found["album/Best one 🏆.jpg"].photo
    with Image.open(folder / "album" / "Best one 🏆.jpg") as image:
        assert (one.height, one.width) == image.size  # it is seen upright
    job = await service.library.restore(source.id, "test")
    assert result_of(await service.jobs.wait(job.id))["failed"] == 0
    left = found_by_exiftool(folder / "photo.webp")
    assert left["XMP-dc:Description-fr"] == "Château, écrit ailleurs"
    subjects = found_by_exiftool(folder / "album" / "Best one 🏆.jpg")["XMP-dc:Subject"]
    assert Counter(subjects if isinstance(subjects, list) else [subjects]) == {
        "Theirs": 1
    }
