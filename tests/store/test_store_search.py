"""Full-text search in a real index."""

import pytest

from edge_runtime.schemas import Verdict
from edge_runtime.store import CursorInvalidError, InvalidValueError, PhotoFilter
from tests.store.photos import at, new_photo


async def found(store, query, wanted=None, limit=50) -> list[str]:
    """Return the ids of every page of a search."""
    ids, cursor = [], None
    while True:
        page = await store.search.photos(
            query, wanted or PhotoFilter(), limit=limit, cursor=cursor
        )
        ids += [hit.photo.id for hit in page.items]
        cursor = page.next_cursor
        if cursor is None:
            return ids


async def hit(store, query):
    (only,) = (await store.search.photos(query)).items
    return only


def marked(one) -> str:
    return " ".join(one.text[start:end] for start, end in one.highlights)


async def test_words_are_found_wherever_they_are(store, gallery):
    photo = await gallery.photo(
        place={"city": "Zürich", "more": ["Seefeld", {"x": "Utoquai"}]},
        people=("Jörg Müller",),
        file=at("2019 Italy/IMG_0042.jpg"),
    )
    await gallery.caption(photo, "Our old dog #Sunny")
    await store.captions.put(photo.id, "de", "Unser alter Hund")
    await gallery.suggest(photo, "A brown dog sits on grass.")
    expected = {
        "old dog": ("caption", "old dog"),
        "hund": ("caption", "Hund"),
        "#sunny": ("caption", "Sunny"),
        "joerg": None,
        "jorg mul": ("people", "Jörg Müller"),
        "brown": ("suggestion", "brown"),
        "zurich": ("place", "Zürich"),
        "utoquai": ("place", "Utoquai"),
        "italy": ("file", "Italy"),
        "img_0042": ("file", "IMG_0042"),
        "dog zurich": ("caption", "dog"),
        "cat": None,
        "dog cat": None,
    }
    for query, result in expected.items():
        if result is None:
            assert await found(store, query) == [], query
        else:
            one = await hit(store, query)
            assert (one.field, marked(one)) == result, query


async def test_the_last_word_may_be_unfinished(store, gallery):
    photo = await gallery.photo()
    await gallery.caption(photo, "Sunset behind mountains")
    assert await found(store, "sun") == [photo.id]
    assert await found(store, "mountains sun") == [photo.id]
    assert await found(store, "sun ") == []
    assert await found(store, "sun mountains") == []
    assert await found(store, '"sunset behind"') == [photo.id]
    assert await found(store, '"behind sunset"') == []


async def test_scripts_without_spaces_are_found_by_any_part(store, gallery):
    photo = await gallery.photo()
    await store.captions.put(photo.id, "ja", "公園で遊ぶ犬")
    assert await found(store, "犬") == [photo.id]
    assert await found(store, "遊ぶ") == [photo.id]
    assert await found(store, "園公") == []
    assert marked(await hit(store, "公園")) == "公園"


async def test_a_person_s_words_come_before_generated_ones(store, gallery):
    photos = [await gallery.photo(n, taken_at=n * 1000) for n in range(5)]
    await gallery.caption(photos[0], "dog")
    await gallery.suggest(photos[1], "dog")
    await store.tags.add(photos[2].id, "dog")
    await store.photos.update(photos[3].id, people=("Dog Walker",))
    await store.photos.update(photos[4].id, place={"city": "Dog Island"})
    order = [photos[n].id for n in (3, 2, 0, 4, 1)]
    assert await found(store, "dog") == order
    assert await found(store, "dog", limit=1) == order
    assert await found(store, "dog", limit=2) == order


async def test_pages_stay_in_place_while_photos_come(store, gallery):
    photos = await gallery.photos(6)
    for number, photo_id in enumerate(photos):
        describe = gallery.caption if number % 2 else gallery.suggest
        await describe(photo_id, "dog")
    order = [photos[n] for n in (5, 3, 1, 4, 2, 0)]
    for size in (1, 2, 3, 4):
        first = await store.search.photos("dog", limit=size)
        late = await gallery.photo(f"late {size}", taken_at=99_000_000)
        await gallery.caption(late, "dog dog dog")
        second = await store.search.photos("dog", limit=50, cursor=first.next_cursor)
        shown = [one.photo.id for one in (*first.items, *second.items)]
        assert shown == order
        await store.photos.forget(late.id)


async def test_filters_narrow_a_search(store, gallery):
    summer = await gallery.photo("a", taken_at=1_625_000_000_000)
    winter = await gallery.photo("b", taken_at=1_580_000_000_000)
    await gallery.caption(summer, "dog #sun")
    await gallery.suggest(winter, "dog", verdict=Verdict.SURE)
    expected = {
        PhotoFilter(): [summer, winter],
        PhotoFilter(year=2021): [summer],
        PhotoFilter(year=2020): [winter],
        PhotoFilter(tag="sun"): [summer],
        PhotoFilter(has_caption=False): [winter],
        PhotoFilter(pending=True): [winter],
        PhotoFilter(verdict=Verdict.SURE): [winter],
        PhotoFilter(source_id=gallery.camera): [],
        PhotoFilter(tag="sun", year=2020): [],
    }
    for wanted, photos in expected.items():
        assert await found(store, "dog", wanted) == [one.id for one in photos], wanted
    await store.photos.set_deleted(winter.id, deleted=True)
    assert await found(store, "dog") == [summer.id]
    assert await found(store, "dog", PhotoFilter(deleted=True)) == [winter.id]


async def test_the_index_follows_every_change(store, gallery):
    photo = await gallery.photo(file=at("a.jpg"))
    suggestion = await gallery.suggest(photo, "an animal")
    assert await found(store, "animal") == [photo.id]
    await store.suggestions.reject(suggestion.id)
    assert await found(store, "animal") == []
    await store.suggestions.undo(suggestion.id)
    assert await found(store, "animal") == [photo.id]
    await store.suggestions.accept(suggestion.id, "a dog #rex")
    assert await found(store, "animal") == []
    assert await found(store, "rex") == [photo.id]
    await gallery.caption(photo, "a cat")
    assert await found(store, "rex") == []
    await store.captions.undo(photo.id, "en")
    assert await found(store, "dog") == [photo.id]
    await gallery.photo("other", file=at("b.jpg"))
    await store.files.add(photo.id, gallery.library, at("b.jpg"))
    assert await found(store, "b.jpg") == [photo.id]
    await store.photos.forget(photo.id)
    for query in ("dog", "cat", "animal", "rex", "jpg"):
        assert await found(store, query) == [], query


HOSTILE = [
    '"',
    '"dog',
    "dog OR cat",
    "NOT dog",
    "dog*",
    "caption:dog",
    "{caption} : dog",
    "NEAR(dog cat, 2)",
    "dog AND (",
    "^dog",
    "-dog",
    "dog + cat",
    "'; DROP TABLE photos; --",
    "\x00dog",
    "dog\ud800",
    "💥",
    "%_\\",
    "()" * 5000,
    "a " * 5000,
    "京" * 5000,
]


@pytest.mark.parametrize("query", HOSTILE, ids=range(len(HOSTILE)))
async def test_hostile_queries_are_words(store, gallery, query):
    photo = await gallery.photo()
    await gallery.caption(photo, "a dog")
    await store.search.photos(query)
    assert await store.check() == []
    assert await found(store, "dog") == [photo.id]


async def test_operators_are_words_like_others(store, gallery):
    photo = await gallery.photo()
    await gallery.caption(photo, "dog or cat")
    assert await found(store, "dog OR cat") == [photo.id]
    assert await found(store, "dog OR bird") == []
    assert await found(store, "dog NOT cat") == []


@pytest.mark.parametrize("query", ["", "  ", "!?", "💥"])
async def test_a_query_without_a_word_finds_nothing(store, gallery, query):
    await gallery.caption(await gallery.photo(), "a dog 💥")
    assert await found(store, query) == []


async def test_wrong_pages_are_refused(store):
    with pytest.raises(CursorInvalidError):
        await store.search.photos("dog", cursor="c2VhcmNoOng6eQ")
    with pytest.raises(InvalidValueError):
        await store.search.photos("dog", limit=501)


async def test_the_index_can_be_made_anew(store, gallery):
    photo = await gallery.photo(people=("Anna",), file=at("a.jpg"))
    await gallery.caption(photo, "a dog #sun")
    await gallery.suggest(photo, "an animal")
    bare = new_photo(gallery.library, "bare", place={"city": "Gent"}, file=at("b.jpg"))
    await store.photos.add(bare)

    def rows(connection):
        return [tuple(row) for row in connection.execute("SELECT rowid, * FROM search")]

    before = await store._database.read(rows)
    await store._database.write(lambda one: one.execute("DELETE FROM search").rowcount)
    assert await found(store, "dog") == []
    await store.search.rebuild()
    assert await store._database.read(rows) == before
