"""Photos: recognised, listed in order, filtered, changed."""

from dataclasses import fields
import json
import random

import pytest

from edge_runtime.errors import PhotoNotFoundError
from edge_runtime.schemas import Verdict
from edge_runtime.store import (
    CursorInvalidError,
    FileState,
    InvalidValueError,
    PhotoFilter,
    SourceUnknownError,
    TagOrigin,
    new_id,
)
from edge_runtime.store.filters import photo_query
from edge_runtime.store.listing import JsonPage, PageCache
from tests.store.photos import at, new_photo, picture

SPRING_2020 = 1_584_700_000_000
SUMMER_2021 = 1_625_000_000_000


async def ids(store, wanted=None, limit=50) -> list[str]:
    """Return the ids of every page of a list."""
    found, cursor = [], None
    while True:
        page = await store.photos.page(
            wanted or PhotoFilter(), limit=limit, cursor=cursor
        )
        found += [photo.id for photo in page.items]
        cursor = page.next_cursor
        if cursor is None:
            return found


async def test_a_photo_keeps_what_is_known_about_it(store, gallery):
    values = {
        "perceptual_hash": 2**64 - 1,
        "taken_at": SPRING_2020,
        "camera": "Pixel 8",
        "latitude": 47.5,
        "longitude": -8.25,
        "place": {"city": "Z\u00fcrich"},
        "people": ("Zo\u00eb", "J\u00f6rg"),
        "stored_bytes": 1234,
    }
    added = await gallery.photo("one", **values)
    photo = await store.photos.get(added.id)
    assert photo == added
    assert {name: getattr(photo, name) for name in values} == values
    assert photo.picture_hash == picture("one")
    assert (photo.has_caption, photo.is_pending, photo.verdict) == (False, False, None)


async def test_one_picture_at_several_paths_is_one_photo(store, gallery):
    other = await store.sources.add("library", "Old photos")
    first, was_new = await store.photos.add(
        new_photo(gallery.library, "one", file=at("a.jpg"))
    )
    again, is_new = await store.photos.add(
        new_photo(other.id, "one", file=at("copy/a.jpg"))
    )
    assert (was_new, is_new, again.id) == (True, False, first.id)
    details = await store.photos.details(first.id)
    assert [file.path for file in details.files] == ["a.jpg", "copy/a.jpg"]


async def test_a_camera_frame_is_no_copy_of_a_library_photo(gallery):
    first = await gallery.photo("one")
    frame = await gallery.photo("one", source_id=gallery.camera)
    same_frame = await gallery.photo("one", source_id=gallery.camera)
    assert first.id != frame.id == same_frame.id


async def test_an_edited_file_stays_its_photo_and_makes_the_suggestion_stale(
    store, gallery
):
    photo = await gallery.photo("before", file=at("a.jpg"))
    suggestion = await gallery.suggest(photo, "a dog")
    await gallery.caption(photo, "Our dog")
    edited, is_new = await store.photos.add(
        new_photo(gallery.library, "after", width=100, file=at("a.jpg", size=11))
    )
    assert (edited.id, is_new, edited.width) == (photo.id, False, 100)
    assert edited.picture_hash == picture("after")
    assert (await store.suggestions.get(suggestion.id)).stale
    assert (await store.captions.get(photo.id, "en")).text == "Our dog"


async def test_an_edited_copy_leaves_its_photo(store, gallery):
    photo = await gallery.photo("one", file=at("a.jpg"))
    await gallery.photo("one", file=at("b.jpg"))
    other, is_new = await store.photos.add(
        new_photo(gallery.library, "edited", file=at("b.jpg"))
    )
    assert is_new
    assert [one.path for one in (await store.photos.details(photo.id)).files] == [
        "a.jpg"
    ]
    assert [one.path for one in (await store.photos.details(other.id)).files] == [
        "b.jpg"
    ]


async def test_files_go_missing_and_come_back(store, gallery):
    photo = await gallery.photo("one", file=at("a.jpg", file_hash=picture("file")))
    assert (
        await store.files.set_state(gallery.library, ["a.jpg", "b.jpg"], "missing") == 1
    )
    file = await store.files.by_path(gallery.library, "a.jpg")
    assert (file.state, file.file_hash) == (FileState.MISSING, picture("file"))
    back = await store.files.add(photo.id, gallery.library, at("a.jpg", size=12))
    assert (back.state, back.size, back.photo_id) == (FileState.PRESENT, 12, photo.id)
    assert await store.files.by_path(gallery.library, "b.jpg") is None


async def test_file_names_need_not_be_text(store, gallery):
    odd = "IMG_\udcff\udcfe.jpg"
    photo = await gallery.photo("one", file=at(odd))
    assert (await store.files.by_path(gallery.library, odd)).photo_id == photo.id
    page = await store.files.of_source(gallery.library)
    assert [file.path for file in page.items] == [odd]


async def test_files_of_a_source_come_in_pages(store, gallery):
    for number in range(5):
        await gallery.photo(number, file=at(f"{number}.jpg"))
    first = await store.files.of_source(gallery.library, limit=3)
    second = await store.files.of_source(
        gallery.library, limit=3, cursor=first.next_cursor
    )
    paths = [file.path for file in (*first.items, *second.items)]
    assert paths == [f"{number}.jpg" for number in range(5)]
    assert second.next_cursor is None


async def test_the_newest_photo_comes_first_whenever_it_was_added(store, gallery):
    times = [SPRING_2020, None, -5_000_000_000, SUMMER_2021, SPRING_2020]
    added = [await gallery.photo(n, taken_at=at_) for n, at_ in enumerate(times)]
    order = [added[index].id for index in (1, 3, 4, 0, 2)]
    assert await ids(store) == order
    assert await ids(store, limit=2) == order


async def test_pages_stay_in_place_while_photos_come_and_go(store, gallery):
    known = await gallery.photos(6)
    first = await store.photos.page(limit=2)
    await gallery.photo("newer", taken_at=9_000_000)
    await gallery.photo("between", taken_at=4500)
    await store.photos.forget(known[4])
    rest, cursor = [], first.next_cursor
    while cursor is not None:
        page = await store.photos.page(limit=2, cursor=cursor)
        rest, cursor = rest + [one.id for one in page.items], page.next_cursor
    assert [one.id for one in first.items] + rest == known[::-1]


async def test_more_photos_of_one_moment_than_fit_are_kept_apart(store, gallery):
    new = [new_photo(gallery.library, n, taken_at=1000) for n in range(40)]
    added = [one for one, _ in await store.photos.add_many(new)]
    assert await ids(store) == added[::-1]


async def test_many_additions_answer_in_the_order_of_the_questions(store, gallery):
    known = await gallery.photo(7)
    numbers = list(range(10))
    random.Random(3).shuffle(numbers)  # noqa: S311
    new = [new_photo(gallery.library, n, taken_at=n * 1000) for n in numbers]
    added = await store.photos.add_many(new)
    assert [created for _, created in added] == [n != 7 for n in numbers]
    assert added[numbers.index(7)][0] == known.id
    for number, (photo_id, _) in zip(numbers, added, strict=True):
        assert (await store.photos.get(photo_id)).picture_hash == picture(number)


async def test_filters_show_what_they_say(store, gallery):
    plain = await gallery.photo("plain", taken_at=SPRING_2020)
    waiting = await gallery.photo("waiting", taken_at=SUMMER_2021)
    await gallery.suggest(waiting, "a cat", verdict=Verdict.UNSURE)
    named = await gallery.photo("named", taken_at=SUMMER_2021 + 1)
    await gallery.caption(named, "Our dog #Sun")
    frame = await gallery.photo("frame", source_id=gallery.camera)
    await gallery.suggest(frame, "a car", verdict=Verdict.SURE)
    album = await store.albums.create("Best of")
    await store.albums.add(album.id, [plain.id, named.id])
    expected = {
        PhotoFilter(): [frame, named, waiting, plain],
        PhotoFilter(has_caption=True): [named],
        PhotoFilter(has_caption=False): [frame, waiting, plain],
        PhotoFilter(pending=True): [waiting],
        PhotoFilter(verdict=Verdict.SURE): [frame],
        PhotoFilter(tag="#SUN"): [named],
        PhotoFilter(tag="moon"): [],
        PhotoFilter(source_id=gallery.camera): [frame],
        PhotoFilter(year=2021): [named, waiting],
        PhotoFilter(year=2021, pending=True): [waiting],
        PhotoFilter(album_id=album.id): [named, plain],
        PhotoFilter(album_id=album.id, tag="sun"): [named],
        PhotoFilter(album_id=album.id, year=2020): [plain],
        PhotoFilter(deleted=True): [],
    }
    for wanted, photos in expected.items():
        assert await ids(store, wanted) == [photo.id for photo in photos], wanted


async def json_ids(store, wanted=None, limit=50) -> list[str]:
    """Return the ids of every page of a list that SQLite makes as JSON."""
    found, cursor = [], None
    while True:
        page = await store.photos.json_page(
            wanted or PhotoFilter(), limit=limit, cursor=cursor
        )
        found += [photo["id"] for photo in json.loads(page.items)]
        cursor = page.next_cursor
        if cursor is None:
            return found


async def test_a_page_as_json_is_the_page(store, gallery):
    photos = await gallery.photos(7)
    await store.tags.add(photos[2], "sun", TagOrigin.PERSON)
    await store.tags.add(photos[5], "sun", TagOrigin.PERSON)
    for wanted in (PhotoFilter(), PhotoFilter(tag="sun"), PhotoFilter(deleted=True)):
        for limit in (1, 2, 7, 50):
            assert await json_ids(store, wanted, limit) == await ids(
                store, wanted, limit
            )


async def test_a_page_as_json_is_never_older_than_the_last_write(store, gallery):
    assert await json_ids(store) == []
    seen = []
    for number in range(20):
        photo = await gallery.photo(number, taken_at=number * 1000)
        seen.insert(0, photo.id)
        assert await json_ids(store) == await json_ids(store) == seen
    await store.photos.forget(seen.pop())
    assert await json_ids(store) == seen


async def test_pages_that_are_kept_have_a_bound():
    cache, page = PageCache(), JsonPage(b"x" * 400_000, None)
    for number in range(10):
        cache.put(1, number, page)
        assert cache.get(1, number) is page
    assert [n for n in range(10) if cache.get(1, n)] == [8, 9]
    cache.put(2, 0, page)
    cache.put(1, 1, page)  # was on its way when something was written
    assert cache.get(2, 0) is page
    assert (cache.get(1, 1), cache.get(2, 1), cache.get(2, 9)) == (None, None, None)


async def test_a_photo_without_a_date_is_of_no_year(store, gallery):
    photo = await gallery.photo("undated")
    year = 1970 + photo.added_at // 31_556_952_000
    assert await ids(store, PhotoFilter(year=year)) == []


@pytest.mark.parametrize(
    "wanted",
    [
        PhotoFilter(),
        PhotoFilter(has_caption=False),
        PhotoFilter(pending=True),
        PhotoFilter(verdict=Verdict.SURE),
        PhotoFilter(tag="sun"),
        PhotoFilter(album_id="x"),
        PhotoFilter(source_id="x"),
        PhotoFilter(year=2021),
        PhotoFilter(deleted=True),
    ],
    ids=lambda one: str([f.name for f in fields(one) if getattr(one, f.name)]),
)
async def test_no_list_needs_a_sort(store, wanted):
    query = photo_query(wanted)

    def plan(connection):
        rows = connection.execute(
            f"EXPLAIN QUERY PLAN SELECT photos.* FROM {query.tables}"  # noqa: S608
            f" WHERE {query.where()} AND {query.order} < 1"
            f" ORDER BY {query.order} DESC LIMIT 51",
            query.parameters,
        )
        return [row["detail"] for row in rows]

    steps = await store._database.read(plan)
    # the bin is small: it alone may be sorted
    assert wanted.deleted or not [step for step in steps if "TEMP B-TREE" in step]
    assert wanted == PhotoFilter() or not [one for one in steps if one == "SCAN photos"]


async def test_a_bin_can_be_emptied_by_hand(store, gallery):
    photo = await gallery.photo("one")
    await store.photos.set_deleted(photo.id, deleted=True)
    assert await ids(store) == []
    assert await ids(store, PhotoFilter(deleted=True)) == [photo.id]
    await store.photos.set_deleted(photo.id, deleted=False)
    assert await ids(store) == [photo.id]


async def test_a_new_date_moves_a_photo_with_its_tags_and_albums(store, gallery):
    first = await gallery.photo("one", taken_at=1000)
    second = await gallery.photo("two", taken_at=2000)
    album = await store.albums.create("Best of")
    await store.albums.add(album.id, [first.id, second.id])
    for photo in (first, second):
        await store.tags.add(photo.id, "sun", TagOrigin.IMPORTED)
    await gallery.caption(first, "Our dog")
    await store.photos.update(first.id, taken_at=3000)
    for wanted in (
        PhotoFilter(),
        PhotoFilter(tag="sun"),
        PhotoFilter(album_id=album.id),
    ):
        assert await ids(store, wanted) == [first.id, second.id]
    found = await store.search.photos("dog")
    assert [hit.photo.id for hit in found.items] == [first.id]
    assert await store.check() == []


async def test_changes_are_kept_and_the_rest_stays(store, gallery):
    photo = await gallery.photo("one", camera="Pixel 8", people=("Anna",))
    changed = await store.photos.update(
        photo.id, people=(), place={"city": "Gent"}, perceptual_hash=5
    )
    assert (changed.people, changed.camera) == ((), "Pixel 8")
    assert (changed.place, changed.perceptual_hash) == ({"city": "Gent"}, 5)
    assert await store.photos.get(photo.id) == changed


async def test_the_same_picture_again_makes_nothing_stale(store, gallery):
    photo = await gallery.photo("one")
    suggestion = await gallery.suggest(photo, "a dog")
    await store.photos.update(photo.id, picture_hash=picture("one"), camera="X")
    assert not (await store.suggestions.get(suggestion.id)).stale


async def test_the_most_similar_frame_of_a_camera_is_found(store, gallery):
    async def frame(name, bits):
        return await gallery.photo(name, source_id=gallery.camera, perceptual_hash=bits)

    await gallery.photo("library", perceptual_hash=0b1111)
    far = await frame("far", 0b11110000 | 1 << 63)
    near = await frame("near", 0b0111)
    found = await store.photos.similar(gallery.camera, 0b1111, since=0)
    assert (found.photo_id, found.distance) == (near.id, 1)
    assert await store.photos.similar(gallery.camera, 2**64 - 1, since=0) is None
    later = await store.photos.similar(
        gallery.camera, 0b1111, since=near.added_at + 60_000
    )
    assert later is None
    exact = await store.photos.similar(
        gallery.camera, far.perceptual_hash, since=0, max_distance=0
    )
    assert exact.photo_id == far.id


async def test_a_photo_is_found_by_its_picture(store, gallery):
    photo = await gallery.photo("one")
    assert (await store.photos.by_picture_hash(picture("one"))).id == photo.id
    assert await store.photos.by_picture_hash(picture("two")) is None
    elsewhere = await store.photos.by_picture_hash(picture("one"), gallery.camera)
    assert elsewhere is None


async def test_unknown_ids_are_told_apart(store, gallery):
    photo, unknown = await gallery.photo("one"), new_id()
    assert await store.photos.unknown([photo.id, unknown]) == {unknown}


async def test_what_can_not_be_is_refused(store, gallery):
    unknown = new_id()
    with pytest.raises(PhotoNotFoundError, match=unknown):
        await store.photos.get(unknown)
    with pytest.raises(PhotoNotFoundError):
        await store.photos.update(unknown, width=3)
    with pytest.raises(PhotoNotFoundError):
        await store.photos.set_deleted(unknown, deleted=True)
    with pytest.raises(SourceUnknownError, match=unknown):
        await gallery.photo("one", source_id=unknown)
    with pytest.raises(InvalidValueError, match="no sha256"):
        await gallery.photo("one", picture_hash="abc")
    with pytest.raises(InvalidValueError, match="64 bits"):
        await gallery.photo("one", perceptual_hash=2**64)
    with pytest.raises(InvalidValueError, match="too large"):
        await gallery.photo("one", width=2**70)
    with pytest.raises(InvalidValueError, match="limit must be 1 to 500"):
        await store.photos.page(limit=0)
    with pytest.raises(InvalidValueError, match="no year"):
        await store.photos.page(PhotoFilter(year=0))
    assert await ids(store) == []


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "\u00e9",
        "a" * 5000,
        "cGhvdG9zOng",
        "cGhvdG9zOjk5OTk5OTk5OTk5OTk5OTk5OTk5",
    ],
)
async def test_a_foreign_cursor_is_refused(store, cursor):
    with pytest.raises(CursorInvalidError, match="start again without it"):
        await store.photos.page(cursor=cursor)


async def test_a_cursor_of_another_list_is_refused(store, gallery):
    await gallery.photos(3)
    page = await store.photos.page(limit=1)
    with pytest.raises(CursorInvalidError):
        await store.jobs.page(cursor=page.next_cursor)
