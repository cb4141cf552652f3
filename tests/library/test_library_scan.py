"""A folder becomes a library: found, moved, edited, removed, out of reach."""

import asyncio
import os
import shutil
import sys
import time

from library_helpers import (
    by_path,
    exiftool,
    photos,
    put_photo,
    scan,
    size_of,
    until,
)
import pytest
from serving import serving

from edge_runtime.inference.index_messages import FileFacts
from edge_runtime.service import (
    FolderNotFoundError,
    FolderWatchedError,
    PathNotAllowedError,
    SourceHasCaptionsError,
)
from edge_runtime.store import CaptionOrigin, PhotoFilter
from edge_runtime.watcher import Walk

pytestmark = pytest.mark.timeout(120)  # a busy machine starts things slowly
QUIET = {"automatic": False, "watch": False}


@pytest.fixture
async def source(service, folder):
    """Return a watched folder that only looks when it is asked to."""
    added = await service.library.add(str(folder), QUIET)
    service.library._watches[added.id].settling.settle_s = 0.05
    return added


async def test_photos_of_many_kinds_are_found(service, source, folder):
    for name in ("a.jpg", "b.png", "c.webp", "d.tiff", "e.gif", "f.avif", "g/h.bmp"):
        put_photo(folder / name)
    shutil.copy("tests/fixtures/images/with-preview.heic", folder / "i.heic")
    (folder / "no-photo.jpg").write_text("these are words")
    (folder / "film.mov").write_bytes(b"x")
    result = await scan(service, source.id)
    assert (result["added"], result["unread"]) == (8, 1)
    facts = await service.library.facts(source.id)
    assert (facts.counts.photos, facts.counts.unread) == (8, 1)
    (unread,) = (await service.store.files.unread(source.id)).items
    assert (unread.path, unread.code) == ("no-photo.jpg", "photo_format_unsupported")
    found = by_path(await photos(service))
    for name in ("a.jpg", "d.tiff", "g/h.bmp"):
        photo = found[name].photo
        assert (photo.width, photo.height) == size_of(folder / name)


async def test_a_second_scan_has_nothing_to_do(service, source, folder):
    put_photo(folder / "a.jpg")
    (folder / "bad.jpg").write_bytes(b"\xff\xd8 cut")
    await scan(service, source.id)
    again = await scan(service, source.id)
    assert {k: v for k, v in again.items() if v} == {"unchanged": 2}


async def test_a_moved_photo_keeps_its_words(service, source, folder):
    put_photo(folder / "a.jpg")
    await scan(service, source.id)
    (one,) = await photos(service)
    await service.review.write_caption(one.photo.id, "en", "My words")
    (folder / "album").mkdir()
    (folder / "a.jpg").rename(folder / "album" / "renamed.jpg")
    await scan(service, source.id)
    (after,) = await photos(service)
    assert after.photo.id == one.photo.id
    assert after.captions[0].text == "My words"
    assert list(by_path([after])) == ["album/renamed.jpg"]


async def test_a_camera_that_counts_from_one_again_loses_no_words(
    service, source, folder
):
    put_photo(folder / "IMG_1.jpg", "castle")
    await scan(service, source.id)
    (one,) = await photos(service)
    await service.review.write_caption(one.photo.id, "en", "The castle")
    (folder / "IMG_1.jpg").rename(folder / "old.jpg")
    put_photo(folder / "IMG_1.jpg", "koala")
    await scan(service, source.id)
    found = by_path(await photos(service))
    assert found["old.jpg"].photo.id == one.photo.id
    assert found["IMG_1.jpg"].captions == ()


async def test_an_edited_photo_stays_the_same_photo(service, source, folder):
    put_photo(folder / "a.jpg", "castle", quality=90)
    await scan(service, source.id)
    (one,) = await photos(service)
    await service.review.write_caption(one.photo.id, "en", "My words")
    put_photo(folder / "a.jpg", "castle", quality=30)
    await scan(service, source.id)
    (after,) = await photos(service)
    assert after.photo.id == one.photo.id
    assert after.photo.picture_hash != one.photo.picture_hash
    assert after.captions[0].text == "My words"


async def test_two_files_of_one_picture_are_one_photo(service, source, folder):
    put_photo(folder / "a.jpg")
    shutil.copy(folder / "a.jpg", folder / "b.jpg")
    result = await scan(service, source.id)
    assert (result["added"], result["changed"]) == (1, 1)
    (one,) = await photos(service)
    assert len(one.files) == 2
    (folder / "a.jpg").unlink()
    await scan(service, source.id)
    assert len(await photos(service)) == 1


async def test_a_deleted_photo_goes_to_the_bin_and_comes_back(service, source, folder):
    put_photo(folder / "a.jpg")
    put_photo(folder / "b.jpg", "koala")
    await scan(service, source.id)
    one = by_path(await photos(service))["a.jpg"]
    await service.review.write_caption(one.photo.id, "en", "My words")
    (folder / "a.jpg").rename(folder.parent / "kept.jpg")
    assert (await scan(service, source.id))["removed"] == 1
    assert list(by_path(await photos(service))) == ["b.jpg"]
    (binned,) = (await service.store.photos.page(PhotoFilter(deleted=True))).items
    assert binned.id == one.photo.id
    (folder.parent / "kept.jpg").rename(folder / "back.jpg")
    await scan(service, source.id)
    back = by_path(await photos(service))["back.jpg"]
    assert (back.photo.id, back.captions[0].text) == (one.photo.id, "My words")


async def test_an_unplugged_disk_is_no_deletion(service, source, folder):
    put_photo(folder / "a.jpg")
    await scan(service, source.id)
    folder.rename(folder.parent / "elsewhere")
    folder.mkdir()  # the empty mount point
    job = await service.library.enqueue("scan_folder", source.id, {}, "test")
    ended = await service.jobs.wait(job.id)
    assert ended.error["code"] == "folder_offline"
    facts = await service.library.facts(source.id)
    assert (facts.counts.photos, facts.counts.offline) == (1, 1)
    assert facts.status.is_online is False
    folder.rmdir()
    (folder.parent / "elsewhere").rename(folder)
    await scan(service, source.id)
    facts = await service.library.facts(source.id)
    assert (facts.counts.photos, facts.counts.offline) == (1, 0)


async def test_words_of_other_programs_are_a_persons(service, source, folder):
    photo = put_photo(folder / "a.jpg")
    exiftool("-codedcharacterset=utf8",
         "-xmp-dc:description-de=Ein Schloß am See", "-xmp-dc:subject=Urlaub",
         "-xmp-dc:subject=Schloß", "-XMP-mwg-rs:RegionName=Ada",
         "-XMP-mwg-rs:RegionType=Face", "-exif:datetimeoriginal=2023:12:24 18:00:00",
         "-gpslatitude=38.7", "-gpslatituderef=N", "-gpslongitude=9.1",
         "-gpslongituderef=W", "-make=ACME", "-model=ACME One", photo)  # fmt: skip
    assert (await scan(service, source.id))["captions"] >= 1
    one = by_path(await photos(service))["a.jpg"]
    (caption,) = one.captions
    assert (caption.language, caption.text) == ("de", "Ein Schloß am See")
    assert caption.origin is CaptionOrigin.IMPORTED
    assert set(one.tags) == {"Urlaub", "Schloß"}
    assert one.photo.people == ("Ada",)
    assert one.photo.camera == "ACME One"
    assert (round(one.photo.latitude, 1), round(one.photo.longitude, 1)) == (38.7, -9.1)


async def test_words_changed_elsewhere_are_taken_over_and_the_old_ones_kept(
    service, source, folder
):
    put_photo(folder / "a.jpg")
    exiftool("-xmp-dc:description=First", folder / "a.jpg")
    await scan(service, source.id)
    (one,) = await photos(service)
    await service.review.write_caption(one.photo.id, "en", "Mine, here")
    exiftool("-rating=4", folder / "a.jpg")
    await scan(service, source.id)  # the file still says what it said
    (same,) = await photos(service)
    assert [c.text for c in same.captions] == ["Mine, here"]
    exiftool("-xmp-dc:description=Third", folder / "a.jpg")
    await scan(service, source.id)
    (after,) = await photos(service)
    assert [c.text for c in after.captions] == ["Third"]
    history = await service.store.captions.history(one.photo.id, "en")
    before = [change.caption and change.caption.text for change in history]
    assert before == ["Mine, here", "First", None]


async def test_a_sidecar_that_comes_later_is_read(service, source, folder):
    put_photo(folder / "a.jpg")
    await scan(service, source.id)
    exiftool("-xmp-dc:description=Beside it", folder / "a.jpg.xmp")
    await scan(service, source.id)
    (one,) = await photos(service)
    assert one.captions[0].text == "Beside it"
    assert one.photo.has_caption


async def test_odd_names_are_photos_like_others(service, source, folder):
    names = ["two\nlines.jpg", "🧀 käse.jpg", os.fsdecode(b"caf\xe9\xff.jpg")]
    for number, name in enumerate(names):
        put_photo(folder / name, ("castle", "koala", "fig")[number])
    assert (await scan(service, source.id))["added"] == 3
    assert set(by_path(await photos(service))) == set(names)


async def test_files_that_drop_in_are_found_without_being_asked(service, folder):
    added = await service.library.add(
        str(folder), {"automatic": False, "poll_s": 5}, name="drop"
    )
    service.library._watches[added.id].settling.settle_s = 0.3
    await until(lambda: service.library._watches[added.id].status.looked_at)
    put_photo(folder / "sub" / "a.jpg")
    partial = folder / "sub" / ".syncthing.b.jpg.tmp"
    put_photo(folder.parent / "b.jpg", "koala")
    partial.write_bytes((folder.parent / "b.jpg").read_bytes()[:2000])
    found = await until(lambda: photos(service))
    assert list(by_path(found)) == ["sub/a.jpg"]
    partial.write_bytes((folder.parent / "b.jpg").read_bytes())
    partial.rename(folder / "sub" / "b.jpg")

    async def both():
        return len(await photos(service)) == 2

    await until(both)


async def test_a_file_that_grows_is_read_when_it_is_whole(service, folder, tmp_path):
    whole = put_photo(tmp_path / "whole.jpg").read_bytes()
    added = await service.library.add(str(folder), {"automatic": False, "poll_s": 5})
    service.library._watches[added.id].settling.settle_s = 1.0
    with (folder / "a.jpg").open("wb", buffering=0) as file:
        for start in range(0, len(whole), len(whole) // 4):
            file.write(whole[start : start + len(whole) // 4])
            await asyncio.sleep(0.4)
            assert not await photos(service)
            assert not (await service.store.files.unread(added.id)).items
    await until(lambda: photos(service))
    assert not (await service.store.files.unread(added.id)).items


async def test_only_folders_that_are_allowed_and_not_watched_yet(
    service, source, folder, tmp_path
):
    (folder / "inner").mkdir()
    (tmp_path / "link").symlink_to(folder)
    for path in (folder, folder / "inner", tmp_path, tmp_path / "link"):
        with pytest.raises(FolderWatchedError):
            await service.library.add(str(path), {})
    with pytest.raises(PathNotAllowedError):
        await service.library.add("/usr/share", {})
    for path in (tmp_path / "none", "relative"):
        with pytest.raises(FolderNotFoundError):
            await service.library.add(str(path), {})


async def test_to_remove_a_source_asks_for_the_captions(service, source, folder):
    put_photo(folder / "a.jpg")
    await scan(service, source.id)
    (one,) = await photos(service)
    await service.review.write_caption(one.photo.id, "en", "My words")
    with pytest.raises(SourceHasCaptionsError):
        await service.library.remove(source.id, forget_captions=False)
    await service.library.remove(source.id, forget_captions=True)
    assert await photos(service) == []
    assert (folder / "a.jpg").exists()


async def test_what_a_stop_interrupts_goes_on(settings, folder):
    for number in range(60):
        put_photo(folder / f"{number}.jpg", quality=40 + number % 50)
    async with serving(settings) as service:
        added = await service.library.add(str(folder), QUIET)
        service.library._watches[added.id].settling.settle_s = 0.05
        await service.library.enqueue("scan_folder", added.id, {}, "test")
        await until(lambda: photos(service))
    async with serving(settings) as service:
        service.library._watches[added.id].settling.settle_s = 0.05

        async def all_there():
            counts = await service.store.files.counts(added.id)
            return counts.photos == 50  # ten pairs of the same quality

        await until(all_there)


async def test_what_can_not_be_read_now_is_read_later(settings, folder):
    """No permission is no property of the file: the next run tries again."""
    put_photo(folder / "a.jpg")
    facts = FileFacts(code="photo_unreadable", message="no permission to read it")
    async with serving(settings) as service:
        added = await service.library.add(str(folder), QUIET)
        service.library._watches[added.id].settling.settle_s = 0.05

        async def refused(paths):
            return [facts for _ in paths]

        service.library._scanner._imaging.index = refused
        assert (await scan(service, added.id))["unread"] == 1
        assert (await scan(service, added.id))["unread"] == 0
    code = (
        "import asyncio, json, sys; from pathlib import Path;"
        "from edge_runtime.store import Store\n"
        "async def main():\n"
        "    async with await Store.open(Path(sys.argv[1])) as store:\n"
        "        known = await store.files.known(sys.argv[2])\n"
        "        print(len(known.paths))\n"
        "asyncio.run(main())"
    )
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", code, str(settings.home), added.id),
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await process.communicate()
    assert out == b"0\n"


async def test_files_that_vanish_while_they_are_read_leave_no_trace(
    service, source, folder
):
    for name in ("castle", "koala", "fig"):
        put_photo(folder / f"{name}.jpg", name)
    imaging = service.library._scanner._imaging
    read = imaging.index

    async def vanishing(paths):
        (folder / "koala.jpg").unlink(missing_ok=True)
        return await read(paths)

    imaging.index = vanishing
    result = await scan(service, source.id)
    assert (result["added"], result["unread"]) == (2, 0)
    assert (await scan(service, source.id))["unchanged"] == 2


async def test_a_stop_does_not_wait_for_a_long_look(settings, folder, monkeypatch):
    for number in range(20):
        put_photo(folder / f"{number}" / "a.jpg", quality=40 + number)
    read = Walk._listing

    def slowly(walk, place):
        time.sleep(0.2)
        return read(walk, place)

    monkeypatch.setattr(Walk, "_listing", slowly)
    async with serving(settings) as service:
        added = await service.library.add(str(folder), QUIET)
        job = await service.library.enqueue("scan_folder", added.id, {}, "test")
        await until(lambda: service.jobs.running)
        started = time.monotonic()
    assert time.monotonic() - started < 3
    monkeypatch.undo()
    async with serving(settings) as service:
        service.library._watches[added.id].settling.settle_s = 0.05
        ended = await service.jobs.wait(job.id)
        assert (ended.state, (ended.result or {})["added"]) == ("done", 20)
