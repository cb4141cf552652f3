"""Captions and suggestions: a person decides, and can take it back."""

import pytest

from edge_runtime.errors import PhotoNotFoundError
from edge_runtime.schemas import Verdict
from edge_runtime.store import (
    CaptionKeptError,
    CaptionOrigin,
    InvalidValueError,
    NewSuggestion,
    NothingToUndoError,
    PhotoFilter,
    SuggestionDecidedError,
    SuggestionFilter,
    SuggestionNotFoundError,
    SuggestionReplacedError,
    SuggestionState,
    new_id,
)


async def text(store, photo, language="en"):
    caption = await store.captions.get(photo.id, language)
    return None if caption is None else caption.text


async def test_a_suggestion_is_kept_whole(store, gallery):
    photo = await gallery.photo()
    added = await gallery.suggest(
        photo,
        "A dog.",
        raw_text="a dog",
        verdict=Verdict.UNSURE,
        doubted=("dog",),
        score=-0.5,
        provenance={"model": "tiny", "timings": {"encode": 0.1}},
    )
    assert await store.suggestions.get(added.id) == added
    assert (added.state, added.stale) == (SuggestionState.PENDING, False)
    assert added.provenance["timings"] == {"encode": 0.1}
    assert (added.doubted, added.score, added.raw_text) == (("dog",), -0.5, "a dog")
    assert await text(store, photo) is None
    shown = await store.photos.get(photo.id)
    assert (shown.is_pending, shown.verdict) == (True, Verdict.UNSURE)


async def test_an_accepted_suggestion_becomes_the_caption_and_can_be_undone(
    store, gallery
):
    photo = await gallery.photo()
    suggestion = await gallery.suggest(photo, "A dog.")
    decision = await store.suggestions.accept(suggestion.id)
    assert decision.suggestion.state is SuggestionState.ACCEPTED
    assert decision.caption.text == "A dog."
    assert decision.caption.origin is CaptionOrigin.ACCEPTED
    assert decision.caption.suggestion_id == suggestion.id
    shown = await store.photos.get(photo.id)
    assert (shown.has_caption, shown.is_pending) == (True, False)
    undone = await store.suggestions.undo(suggestion.id)
    assert undone.suggestion.state is SuggestionState.PENDING
    assert undone.suggestion.decided_at is None
    assert undone.caption is None
    shown = await store.photos.get(photo.id)
    assert (shown.has_caption, shown.is_pending) == (False, True)


async def test_an_edited_suggestion_is_the_person_s_own_words(store, gallery):
    photo = await gallery.photo()
    suggestion = await gallery.suggest(photo, "A dog.")
    decision = await store.suggestions.accept(suggestion.id, "  Rex at the lake ")
    assert decision.suggestion.state is SuggestionState.EDITED
    assert decision.suggestion.text == "A dog."
    assert decision.caption.text == "Rex at the lake"
    assert decision.caption.origin is CaptionOrigin.PERSON


async def test_the_same_words_are_no_edit(store, gallery):
    suggestion = await gallery.suggest(await gallery.photo(), "A dog.")
    decision = await store.suggestions.accept(suggestion.id, "A dog. ")
    assert decision.suggestion.state is SuggestionState.ACCEPTED


async def test_a_rejected_suggestion_is_put_away_and_can_come_back(store, gallery):
    photo = await gallery.photo()
    suggestion = await gallery.suggest(photo, "A dog.")
    rejected = await store.suggestions.reject(suggestion.id)
    assert rejected.state is SuggestionState.REJECTED
    assert not (await store.photos.get(photo.id)).is_pending
    assert await store.suggestions.latest(photo.id, "en") is None
    await store.suggestions.undo(suggestion.id)
    assert (await store.suggestions.latest(photo.id, "en")).id == suggestion.id


@pytest.mark.parametrize("own", ["Our dog", "A dog."])
async def test_nothing_but_a_person_replaces_a_caption(store, gallery, own):
    photo = await gallery.photo()
    await gallery.caption(photo, own)
    suggestion = await gallery.suggest(photo, "A dog.")
    with pytest.raises(CaptionKeptError, match="only a person"):
        await store.suggestions.accept(suggestion.id, by_policy=True)
    assert await store.captions.import_(photo.id, "en", "Imported") is None
    assert await text(store, photo) == own
    assert (await store.suggestions.get(suggestion.id)).state == "pending"
    await store.suggestions.accept(suggestion.id)
    assert await text(store, photo) == "A dog."
    await store.suggestions.undo(suggestion.id)
    assert await text(store, photo) == own
    assert (await store.captions.get(photo.id, "en")).origin is CaptionOrigin.PERSON


async def test_a_policy_fills_an_empty_place(store, gallery):
    suggestion = await gallery.suggest(await gallery.photo(), "A dog.")
    decision = await store.suggestions.accept(suggestion.id, by_policy=True)
    assert decision.caption.text == "A dog."


async def test_a_new_suggestion_takes_the_place_of_the_one_that_waits(store, gallery):
    photo = await gallery.photo()
    first = await gallery.suggest(photo, "A dog.")
    other = await gallery.suggest(photo, "Ein Hund.", language="de")
    second = await gallery.suggest(photo, "Two dogs.")
    with pytest.raises(SuggestionNotFoundError):
        await store.suggestions.get(first.id)
    waiting = await store.suggestions.page(SuggestionFilter(photo_id=photo.id))
    assert {one.id for one in waiting.items} == {other.id, second.id}


async def test_an_enriched_text_comes_under_the_same_id(store, gallery):
    photo = await gallery.photo()
    first = await gallery.suggest(photo, "A dog.")
    better = NewSuggestion(photo.id, "en", "A dog in Gent.", verdict=Verdict.SURE)
    changed = await store.suggestions.update(first.id, better)
    assert (changed.id, changed.text) == (first.id, "A dog in Gent.")
    assert (await store.photos.get(photo.id)).verdict is Verdict.SURE
    await store.suggestions.accept(first.id)
    with pytest.raises(SuggestionDecidedError, match="was accepted before"):
        await store.suggestions.update(first.id, better)


async def test_languages_do_not_touch_each_other(store, gallery):
    photo = await gallery.photo()
    await gallery.caption(photo, "Our dog")
    german = await gallery.suggest(photo, "Ein Hund.", language="de")
    await store.suggestions.accept(german.id)
    await store.captions.put(photo.id, "fr", "Notre chien")
    captions = await store.captions.of_photo(photo.id)
    assert {one.language: one.text for one in captions} == {
        "en": "Our dog",
        "de": "Ein Hund.",
        "fr": "Notre chien",
    }
    await store.captions.undo(photo.id, "de")
    assert await text(store, photo, "de") is None
    assert await text(store, photo) == "Our dog"


async def test_a_decision_is_made_once(store, gallery):
    suggestion = await gallery.suggest(await gallery.photo(), "A dog.")
    await store.suggestions.accept(suggestion.id)
    for decide in (store.suggestions.accept, store.suggestions.reject):
        with pytest.raises(SuggestionDecidedError):
            await decide(suggestion.id)


async def test_every_change_of_a_caption_can_be_undone(store, gallery):
    photo = await gallery.photo()
    suggestion = await gallery.suggest(photo, "A dog.")
    await store.suggestions.accept(suggestion.id)
    await gallery.caption(photo, "Rex")
    await gallery.caption(photo, "Rex")  # no change
    await store.captions.remove(photo.id, "en")
    history = await store.captions.history(photo.id, "en")
    assert [one.caption and one.caption.text for one in history] == [
        "Rex",
        "A dog.",
        None,
    ]
    assert (await store.captions.undo(photo.id, "en")).text == "Rex"
    assert (await store.captions.undo(photo.id, "en")).origin == "accepted"
    assert (await store.suggestions.get(suggestion.id)).state == "accepted"
    assert await store.captions.undo(photo.id, "en") is None
    assert (await store.suggestions.get(suggestion.id)).state == "pending"
    with pytest.raises(NothingToUndoError, match="never changed"):
        await store.captions.undo(photo.id, "en")


async def test_a_decision_can_not_be_undone_past_later_words(store, gallery):
    photo = await gallery.photo()
    suggestion = await gallery.suggest(photo, "A dog.")
    await store.suggestions.accept(suggestion.id)
    await gallery.caption(photo, "Rex")
    with pytest.raises(SuggestionReplacedError, match="undo that first"):
        await store.suggestions.undo(suggestion.id)
    assert await text(store, photo) == "Rex"


async def test_a_decision_can_not_be_undone_past_a_newer_suggestion(store, gallery):
    photo = await gallery.photo()
    first = await gallery.suggest(photo, "A dog.")
    await store.suggestions.reject(first.id)
    await gallery.suggest(photo, "Two dogs.")
    with pytest.raises(SuggestionReplacedError, match="newer suggestion waits"):
        await store.suggestions.undo(first.id)


async def test_undoing_a_caption_past_a_newer_suggestion_keeps_the_newer(
    store, gallery
):
    photo = await gallery.photo()
    first = await gallery.suggest(photo, "A dog.")
    await store.suggestions.accept(first.id)
    second = await gallery.suggest(photo, "Two dogs.")
    assert await store.captions.undo(photo.id, "en") is None
    with pytest.raises(SuggestionNotFoundError):
        await store.suggestions.get(first.id)
    assert (await store.suggestions.latest(photo.id, "en")).id == second.id


async def test_suggestions_come_in_pages_with_filters(store, gallery):
    photos = [await gallery.photo(number) for number in range(4)]
    made = [await gallery.suggest(photo, f"A dog {photo.id}") for photo in photos]
    frame = await gallery.photo("frame", source_id=gallery.camera)
    seen = await gallery.suggest(frame, "A car.", language="de", verdict=Verdict.SURE)
    await store.suggestions.reject(made[0].id)

    async def found(**wanted):
        page = await store.suggestions.page(SuggestionFilter(**wanted))
        return {one.id for one in page.items}

    everything = {one.id for one in made} | {seen.id}
    assert await found(with_cameras=True) == everything
    assert await found() == everything - {seen.id}
    assert await found(state=SuggestionState.REJECTED) == {made[0].id}
    assert await found(language="de", with_cameras=True) == {seen.id}
    assert await found(verdict=Verdict.SURE, with_cameras=True) == {seen.id}
    assert await found(source_id=gallery.camera, with_cameras=True) == {seen.id}
    await store.photos.set_deleted(photos[1].id, deleted=True)
    first = await store.suggestions.page(limit=2)
    rest = await store.suggestions.page(limit=2, cursor=first.next_cursor)
    listed = [one.id for one in (*first.items, *rest.items)]
    assert listed == sorted((made[0].id, made[2].id, made[3].id), reverse=True)


async def test_camera_frames_are_never_in_the_review_queue(store, gallery):
    frame = await gallery.photo("frame", source_id=gallery.camera)
    await gallery.suggest(frame, "A car.")
    assert (await store.photos.page(PhotoFilter(pending=True))).items == ()
    assert not (await store.photos.get(frame.id)).is_pending


async def test_an_imported_caption_fills_an_empty_place_only(store, gallery):
    photo = await gallery.photo()
    imported = await store.captions.import_(photo.id, "en", "From the camera")
    assert imported.origin is CaptionOrigin.IMPORTED
    await gallery.caption(photo, "Mine")
    assert await store.captions.import_(photo.id, "en", "Again") is None
    assert await text(store, photo) == "Mine"


async def test_hashtags_of_captions_are_tags_as_long_as_they_are_there(store, gallery):
    photo, other = await gallery.photo("one"), await gallery.photo("two")
    await gallery.caption(photo, "Rex #Sun #Lake")
    await gallery.caption(other, "Anna #sun")
    assert await store.tags.of_photo(photo.id) == ["Lake", "Sun"]
    tag = await store.tags.get("SUN")
    assert (tag.name, tag.display, tag.photos) == ("sun", "Sun", 2)
    await store.captions.put(photo.id, "de", "Rex #See")
    await gallery.caption(photo, "Rex #Lake")
    assert await store.tags.of_photo(photo.id) == ["Lake", "See"]
    await store.captions.undo(photo.id, "en")
    assert await store.tags.of_photo(photo.id) == ["Lake", "See", "Sun"]
    await store.captions.remove(photo.id, "en")
    await store.captions.remove(photo.id, "de")
    albums = await store.tags.albums()
    assert [(one.name, one.photos) for one in albums.items] == [("Sun", 1)]


async def test_hashtags_of_a_suggestion_count_when_it_is_accepted(store, gallery):
    photo = await gallery.photo()
    suggestion = await gallery.suggest(photo, "A dog #draft")
    assert await store.tags.of_photo(photo.id) == []
    await store.suggestions.accept(suggestion.id, "A dog #final")
    assert await store.tags.of_photo(photo.id) == ["final"]
    await store.suggestions.undo(suggestion.id)
    assert await store.tags.of_photo(photo.id) == []


@pytest.mark.parametrize("words", ["", " \n", "a" * 20_001, "lone \ud800"])
async def test_what_can_be_no_caption_is_refused(store, gallery, words):
    photo = await gallery.photo()
    suggestion = await gallery.suggest(photo, "A dog.")
    with pytest.raises(InvalidValueError):
        await store.captions.put(photo.id, "en", words)
    with pytest.raises(InvalidValueError):
        await store.suggestions.accept(suggestion.id, words)
    assert await text(store, photo) is None
    assert (await store.suggestions.get(suggestion.id)).state == "pending"


async def test_unknown_photos_are_told(store):
    unknown = new_id()
    works = [
        store.captions.get(unknown, "en"),
        store.captions.put(unknown, "en", "x"),
        store.captions.remove(unknown, "en"),
        store.captions.undo(unknown, "en"),
        store.captions.history(unknown, "en"),
        store.suggestions.add(NewSuggestion(unknown, "en", "x")),
        store.ratings.rate(unknown, 3),
        store.tags.add(unknown, "sun"),
    ]
    for work in works:
        with pytest.raises(PhotoNotFoundError, match=unknown):
            await work


async def test_a_person_rates_a_caption_once(store, gallery):
    photo, other = await gallery.photo("one"), await gallery.photo("two")
    suggestion = await gallery.suggest(photo, "A dog.")
    await store.ratings.rate(photo.id, 2, rater="Anna")
    await store.ratings.rate(photo.id, 5, rater="Anna")
    await store.ratings.rate(photo.id, 1, rater="Jo")
    await store.ratings.rate(photo.id, 3, rater="Anna", suggestion_id=suggestion.id)
    ratings = await store.ratings.of_photo(photo.id)
    found = {(one.rater, one.suggestion_id is not None, one.stars) for one in ratings}
    assert found == {("Anna", False, 5), ("Jo", False, 1), ("Anna", True, 3)}
    for stars in (0, 6):
        with pytest.raises(InvalidValueError, match="1 to 5 stars"):
            await store.ratings.rate(photo.id, stars)
    with pytest.raises(InvalidValueError, match="another photo"):
        await store.ratings.rate(other.id, 3, suggestion_id=suggestion.id)
