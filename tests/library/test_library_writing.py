"""Accepted captions in metadata, and out again; nobody else's words are touched."""

import hashlib
import shutil

from library_helpers import (
    by_path,
    done,
    exiftool,
    photos,
    put_photo,
    result_of,
    scan,
    until,
)
import pytest
from serving import serving

from edge_runtime.metadata import read_metadata
from edge_runtime.picture_hash import picture_hash

pytestmark = pytest.mark.timeout(120)  # a busy machine starts things slowly
QUIET = {"automatic": False, "watch": False}


def digest(path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


async def watched(service, folder, **settings):
    added = await service.library.add(str(folder), {**QUIET, **settings})
    service.library._watches[added.id].settling.settle_s = 0.05
    await scan(service, added.id)
    return added


async def write(service, text, language="en", path=None):
    found = by_path(await photos(service))
    one = found[path or next(iter(found))]
    await service.review.write_caption(one.photo.id, language, text)
    await service.library.writer.when_idle()
    return one.photo.id


async def test_nothing_is_written_where_nobody_asked_for_it(service, folder):
    photo = put_photo(folder / "a.jpg")
    before = digest(photo)
    await watched(service, folder)
    await write(service, "My words")
    assert digest(photo) == before
    assert [path.name for path in folder.iterdir()] == ["a.jpg"]


@pytest.mark.parametrize("mode", ["sidecar", "embed"])
async def test_a_caption_is_written_changed_and_taken_out(service, folder, mode):
    photo = put_photo(folder / "a.jpg")
    before, picture = digest(photo), picture_hash(photo)
    await watched(service, folder, write_metadata=mode)
    photo_id = await write(service, "Ein Schloß am See #Urlaub", "de")
    assert read_metadata(photo).caption("de").text == "Ein Schloß am See #Urlaub"
    assert "Urlaub" in read_metadata(photo).keywords
    await write(service, "湖畔の城 🏰", "ja")
    found = read_metadata(photo)
    assert found.caption("ja").text == "湖畔の城 🏰"
    assert found.caption("de").text == "Ein Schloß am See #Urlaub"
    assert picture_hash(photo) == picture
    for language in ("de", "ja"):
        await service.review.remove_caption(photo_id, language)
    await service.library.writer.when_idle()
    assert digest(photo) == before
    assert [path.name for path in folder.iterdir()] == ["a.jpg"]


async def test_our_own_words_are_not_taken_for_somebody_elses(service, folder):
    put_photo(folder / "a.jpg")
    source = await watched(service, folder, write_metadata="embed")
    photo_id = await write(service, "My words #sea")
    result = await scan(service, source.id)
    assert (result["changed"], result["captions"]) == (1, 0)
    await service.review.write_caption(photo_id, "en", "Better words")
    await service.library.writer.when_idle()
    await scan(service, source.id)
    (one,) = await photos(service)
    assert [c.text for c in one.captions] == ["Better words"]
    assert one.captions[0].origin == "person"


async def test_words_of_others_in_the_file_stay(service, folder):
    photo = put_photo(folder / "a.jpg")
    exiftool("-xmp-dc:description=Theirs", "-iptc:caption-abstract=Theirs", photo)
    before = digest(photo)
    await watched(service, folder, write_metadata="embed")
    await write(service, "Mine")
    assert [c.text for c in read_metadata(photo).captions] == ["Theirs"] * 2
    assert digest(photo) == before


async def test_a_new_store_finds_our_words_in_the_files(service, settings, folder):
    put_photo(folder / "a.jpg")
    source = await watched(service, folder, write_metadata="sidecar")
    await write(service, "My words")
    await service.library.remove(source.id, forget_captions=True)
    await watched(service, folder)
    (one,) = await photos(service)
    assert [c.text for c in one.captions] == ["My words"]


async def test_restore_leaves_the_files_as_they_were(service, folder):
    names = {"a.jpg": "castle", "b.png": "koala", "c.webp": "fig"}
    for name, photo in names.items():
        put_photo(folder / name, photo)
    exiftool("-xmp-dc:subject=Theirs", folder / "a.jpg")
    shutil.copy("tests/fixtures/images/with-preview.heic", folder / "d.heic")
    before = {path.name: digest(path) for path in folder.iterdir()}
    source = await watched(service, folder, write_metadata="embed")
    for name in before:
        await write(service, f"Words for {name} #tag", path=name)
    assert (folder / "d.heic.xmp").exists()
    after = {path.name: digest(path) for path in folder.iterdir()}
    assert all(after[name] != before[name] for name in names)
    assert after["d.heic"] == before["d.heic"]
    job = await service.library.restore(source.id, "test")
    result = result_of(await service.jobs.wait(job.id))
    assert (result["restored"], result["identical"], result["failed"]) == (4, 4, 0)
    assert {path.name: digest(path) for path in folder.iterdir()} == before
    facts = await service.library.facts(source.id)
    assert facts.settings.write_metadata == "off"
    assert all(one.captions for one in await photos(service))


async def test_a_caption_that_could_not_be_written_is_written_later(
    service, settings, folder
):
    photo = put_photo(folder / "a.jpg")
    source = await watched(service, folder)
    await write(service, "Written before anybody asked")
    assert read_metadata(photo).captions == ()
    await service.library.change(source.id, {"write_metadata": "sidecar"})
    await service.library.writer.when_idle()
    assert read_metadata(photo).caption().text == "Written before anybody asked"
    (folder / "a.jpg.xmp").unlink()
    (folder / "a.jpg").rename(folder.parent / "away.jpg")
    (one,) = await photos(service)
    await service.review.write_caption(one.photo.id, "en", "While it was away")
    await service.library.writer.when_idle()
    assert service.library._watches[source.id].status.write_problems
    (folder.parent / "away.jpg").rename(folder / "a.jpg")
    await service.stop()
    async with serving(settings) as again:
        await until(lambda: read_metadata(photo).captions)
        assert read_metadata(photo).caption().text == "While it was away"
        del again


async def test_the_policy_writes_what_it_accepts(service, folder):
    for name in ("castle", "koala", "fig", "cat-face", "coffee"):
        put_photo(folder / f"{name}.jpg", name)
    source = await watched(
        service, folder, policy="accept_sure", write_metadata="sidecar"
    )
    result = await done(service, "caption_folder", source.id)
    await service.library.writer.when_idle()
    sidecars = list(folder.glob("*.xmp"))
    assert len(sidecars) == result["accepted"]
    for one in await photos(service):
        for caption in one.captions:
            path = folder / one.files[0].path
            found = read_metadata(path)
            assert found.caption().text == caption.text
            assert found.provenance.model == "tiny-captioner"
