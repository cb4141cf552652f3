"""One photo: the wand, the person's own words, drafts, tags and what others change."""

import pytest

from edge_runtime.store import SIZES, NewSuggestion, SuggestionState

LONG_S = 20_000
"""The model may have to be loaded first."""
SLOW_AFTER_A_TOAST = """() => {
    const real = window.fetch;
    window.fetch = async (...given) => {
        const late = document.querySelector(".toast");
        if (late) await new Promise((done) => setTimeout(done, 700));
        return real(...given);
    };
}"""
"""What the page asks once a toast is seen comes late."""


@pytest.fixture
def photo_id(served) -> str:
    page = served.run(lambda service: service.store.photos.page(limit=1))
    return page.items[0].id


@pytest.fixture
def photo(served, visit, photo_id):
    page = visit(f"{served.url}#/photo/{photo_id}")
    page.locator(".caption-panel .caption-text").wait_for()
    return page


def caption_of(served, photo_id: str, language: str = "en"):
    return served.run(lambda s: s.store.captions.get(photo_id, language))


def write(served, photo_id: str, text: str) -> None:
    """Write a caption as somebody else would."""
    served.run(lambda s: s.review.write_caption(photo_id, "en", text))


def suggestions_of(served, photo_id: str):
    return served.run(lambda s: s.store.photos.details(photo_id)).suggestions


def said(page, words: str) -> None:
    page.locator(".toast", has_text=words).first.wait_for()


def test_the_wand_suggests_beside_the_persons_words_and_never_over_them(
    served, visit, photo_id
):
    write(served, photo_id, "Mine")
    page = visit(f"{served.url}#/photo/{photo_id}")
    page.get_by_text("Mine").wait_for()
    before = {one.id for one in suggestions_of(served, photo_id)}
    page.get_by_role("button", name="Suggest a caption").click()
    page.locator(".suggestion.is-working").wait_for()
    page.locator(".suggestion-text").wait_for(timeout=LONG_S)
    new = next(o for o in suggestions_of(served, photo_id) if o.id not in before)
    assert caption_of(served, photo_id).text == "Mine"
    page.get_by_role("button", name="Use these words").click()
    field = page.get_by_label("Caption", exact=True)
    assert field.input_value() == new.text
    field.press("Control+z")  # the field's own undo still knows the words before
    assert field.input_value() == "Mine"
    field.press("Control+Shift+z")
    assert caption_of(served, photo_id).text == "Mine"
    page.get_by_role("button", name="Save", exact=True).click()
    said(page, "Caption saved")
    assert caption_of(served, photo_id).text == new.text
    assert caption_of(served, photo_id).origin == "accepted"
    said(page, "Undo")
    page.locator(".toast-action").first.click()
    page.get_by_text("Your words").wait_for()
    assert caption_of(served, photo_id).text == "Mine"


def test_changed_words_of_a_suggestion_are_the_persons(served, photo, photo_id):
    suggestion = suggestions_of(served, photo_id)[0]
    photo.keyboard.press("t")
    field = photo.get_by_label("Caption", exact=True)
    field.press("End")
    field.press_sequentially(" in May")
    field.press("Control+Enter")
    said(photo, "Caption saved")
    assert caption_of(served, photo_id).text == f"{suggestion.text} in May"
    assert caption_of(served, photo_id).origin == "person"
    assert suggestions_of(served, photo_id)[0].state is SuggestionState.EDITED


def test_a_draft_outlives_a_reload_and_a_save_ends_it(served, photo, photo_id):
    photo.keyboard.press("e")
    photo.get_by_label("Caption", exact=True).fill("Not done ye")
    photo.reload()
    photo.get_by_text("These words were not saved yet").wait_for()
    field = photo.get_by_label("Caption", exact=True)
    assert field.input_value() == "Not done ye"
    field.press("End")
    field.press_sequentially("t")
    field.press("Control+Enter")
    said(photo, "Caption saved")
    photo.reload()
    photo.get_by_text("Not done yet").wait_for()
    assert photo.locator("textarea").count() == 0
    assert caption_of(served, photo_id).text == "Not done yet"


def test_a_change_by_somebody_else_is_shown_before_anything_is_lost(
    served, photo, photo_id
):
    photo.keyboard.press("e")
    field = photo.get_by_label("Caption", exact=True)
    field.fill("My words")
    write(served, photo_id, "Their words")
    photo.get_by_text("changed somewhere else").wait_for()
    assert field.input_value() == "My words"
    field.press("Control+Enter")  # a plain save asks first
    photo.wait_for_timeout(300)
    assert caption_of(served, photo_id).text == "Their words"
    photo.get_by_role("button", name="Save mine").click()
    said(photo, "Caption saved")
    assert caption_of(served, photo_id).text == "My words"


def test_keeping_the_other_text_drops_nothing_for_good(served, photo, photo_id):
    photo.keyboard.press("e")
    photo.get_by_label("Caption", exact=True).fill("My words")
    write(served, photo_id, "Their words")
    photo.get_by_role("button", name="Keep that one").click()
    photo.locator(".caption-text", has_text="Their words").wait_for()
    photo.locator(".toast", has_text="Changes dropped").get_by_text("Undo").click()
    assert photo.get_by_label("Caption", exact=True).input_value() == "My words"


def test_earlier_versions_are_there_and_can_be_used_again(served, visit, photo_id):
    for text in ("The first", "The second", "The third"):
        write(served, photo_id, text)
    page = visit(f"{served.url}#/photo/{photo_id}")
    page.get_by_text("Earlier versions").click()
    versions = page.locator(".version-text")
    versions.nth(1).wait_for()
    assert versions.all_inner_texts() == ["The second", "The first"]
    page.get_by_role("button", name="Use again").nth(1).click()
    field = page.get_by_label("Caption", exact=True)
    assert field.input_value() == "The first"
    field.press("Control+Enter")
    said(page, "Caption saved")
    assert caption_of(served, photo_id).text == "The first"


def test_a_hash_offers_the_tags_that_there_are(served, photo, photo_id):
    for name in ("Garden", "gardenparty", "Gate"):
        served.run(lambda s, name=name: s.review.add_tag(photo_id, name))
    photo.keyboard.press("e")
    field = photo.get_by_label("Caption", exact=True)
    field.press_sequentially("Tea in the #gar")
    offers = photo.locator(".offers").get_by_role("option")
    offers.first.wait_for()
    assert [one.split("\n")[0] for one in offers.all_inner_texts()] == [
        "#Garden",
        "#gardenparty",
    ]
    field.press("ArrowDown")
    assert field.get_attribute("aria-activedescendant") == offers.first.get_attribute(
        "id"
    )
    field.press("Enter")
    assert field.input_value() == "Tea in the #Garden "
    field.press_sequentially("#ga")
    offers.first.wait_for()
    field.press("Escape")  # ends the offers, not the writing
    assert field.is_visible()
    assert offers.count() == 0


def test_tags_stars_and_a_way_back_to_the_list(served, photo, photo_id):
    photo.get_by_label("Add a tag").fill("#Sea side")
    photo.get_by_label("Add a tag").press("Enter")
    photo.get_by_role("link", name="#Sea side").wait_for()
    photo.get_by_role("radio", name="4 stars").check(force=True)
    photo.wait_for_function(
        "() => document.querySelectorAll('.stars .is-lit').length === 4"
    )
    ratings = served.run(lambda s: s.store.ratings.of_photo(photo_id))
    assert [rating.stars for rating in ratings] == [4]
    photo.get_by_role("button", name="Remove tag Sea side").click()
    photo.get_by_role("link", name="#Sea side").wait_for(state="detached")
    photo.keyboard.press("Escape")
    photo.get_by_role("heading", name="Library").wait_for()
    photo.locator(".tile").first.click()
    photo.locator(".stage-photo").wait_for()
    photo.keyboard.press("ArrowRight")
    photo.locator(".stage-previous").wait_for()
    photo.get_by_role("button", name="Back").click()
    photo.get_by_role("heading", name="Library").wait_for()


def test_a_forgotten_photo_is_gone_for_good_and_asks_first(served, photo, photo_id):
    photo.get_by_role("button", name="Forget this photo").click()
    dialog = photo.get_by_role("dialog")
    dialog.get_by_role("button", name="Cancel").click()
    dialog.wait_for(state="detached")
    photo.get_by_role("button", name="Forget this photo").click()
    dialog.get_by_role("button", name="Forget this photo").click()
    photo.wait_for_function("() => document.querySelectorAll('.tile').length === 3")
    left = served.run(lambda s: s.store.photos.page()).items
    assert photo_id not in {one.id for one in left}


def test_hostile_captions_stay_text(served, visit, photo_id):
    evil = (
        '<img src=x onerror="document.title=1"><script>document.title=2</script>'
        " \u202etxet desrever #ok"
    )
    write(served, photo_id, evil)
    page = visit(f"{served.url}#/photo/{photo_id}")
    caption = page.locator(".caption-panel .caption-text")
    caption.wait_for()
    assert caption.evaluate("node => node.textContent") == evil
    assert caption.locator("img, script").count() == 0
    assert caption.evaluate("node => getComputedStyle(node).unicodeBidi") == "isolate"
    assert page.title() not in {"1", "2"}
    page.goto(f"{served.url}#/library?q=desrever")
    page.locator(".result mark").wait_for()
    assert page.locator(".result mark").inner_text() == "desrever"


def turn_to_german(page) -> None:
    page.get_by_label("Another language").focus()  # its list is made then
    page.get_by_label("Another language").select_option(label="German")


def test_a_caption_in_another_language_stands_beside_the_first(served, visit, photo_id):
    write(served, photo_id, "Boats at the harbour")
    page = visit(f"{served.url}#/photo/{photo_id}")
    page.get_by_text("Boats at the harbour").wait_for()
    turn_to_german(page)
    page.get_by_text("No caption yet").wait_for()
    page.keyboard.press("e")
    page.get_by_label("Caption", exact=True).fill("Boote am Hafen")
    page.get_by_role("button", name="English").click()  # in the middle of typing
    page.locator(".caption-panel").get_by_text("Boats at the harbour").wait_for()
    turn_to_german(page)
    page.get_by_text("These words were not saved yet").wait_for()
    page.get_by_label("Caption", exact=True).press("Control+Enter")
    said(page, "Caption saved")
    assert caption_of(served, photo_id, "de").text == "Boote am Hafen"
    assert caption_of(served, photo_id, "en").text == "Boats at the harbour"
    page.reload()
    other = page.locator(".photo-more [lang=de]")
    other.wait_for()
    assert other.inner_text() == "Boote am Hafen"
    page.get_by_role("button", name="German").click()
    page.locator(".caption-panel").get_by_text("Boote am Hafen").wait_for()


def test_each_fact_says_where_it_comes_from(served, visit, photo_id):
    facts = [
        {
            "kind": "place",
            "value": "Lisbon <b>",
            "source": "gps",
            "within": ["Portugal"],
        },
        {"kind": "album", "value": "Easter", "source": "folder"},
        {"kind": "moon", "value": "full", "source": "tea leaves"},
    ]
    new = NewSuggestion(photo_id, "en", "A tram.", provenance={"facts": facts})
    served.run(lambda s: s.store.suggestions.add(new))
    page = visit(f"{served.url}#/photo/{photo_id}")
    known = page.locator(".photo-more section", has_text="What the caption was told")
    known.get_by_text("Lisbon <b>, Portugal").wait_for()
    assert known.locator("dd").all_inner_texts() == [
        "Lisbon <b>, Portugal from the photo's position",
        "Easter from the folder's name",
        "full tea leaves",
    ]


def test_a_very_long_caption_is_kept_whole_and_a_longer_one_refused(
    served, photo, photo_id
):
    words = ("wörter 🌻 " * 2300)[:19_999] + "."
    photo.keyboard.press("e")
    field = photo.get_by_label("Caption", exact=True)
    field.fill(words)
    field.press("Control+Enter")
    said(photo, "Caption saved")
    assert caption_of(served, photo_id).text == words
    photo.keyboard.press("e")
    field.fill(f"{words} too long")
    photo.get_by_text("9 characters too many").wait_for()
    assert photo.get_by_role("button", name="Save", exact=True).is_disabled()
    field.press("Control+Enter")
    photo.reload()  # even so it is kept
    photo.get_by_text("9 characters too many").wait_for()
    assert field.input_value() == f"{words} too long"
    assert caption_of(served, photo_id).text == words
    assert photo.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_editing_again_at_once_begins_at_what_was_saved(served, photo, photo_id):
    write(served, photo_id, "Old words")
    photo.get_by_text("Old words").first.wait_for()
    photo.evaluate(SLOW_AFTER_A_TOAST)
    photo.keyboard.press("e")
    field = photo.get_by_label("Caption", exact=True)
    field.fill("First words")
    field.press("Control+Enter")
    said(photo, "Caption saved")
    photo.keyboard.press("e")
    assert field.input_value() == "First words"
    field.fill("Second words")
    field.press("Control+Enter")
    field.wait_for(state="detached")
    assert caption_of(served, photo_id).text == "Second words"


def test_a_photo_that_vanished_says_so(served, visit, photo_id):
    visit.expected += ["404"]
    page = visit(f"{served.url}#/photo/{photo_id}")
    page.locator(".caption-panel .caption-text").wait_for()
    served.run(lambda s: s.review.forget(photo_id))
    page.locator(".tile").first.wait_for()  # its view closes by itself
    page.goto(f"{served.url}#/photo/{photo_id}")
    page.get_by_text("That did not work").wait_for()


def test_a_picture_whose_file_is_away_says_what_to_do(served, visit, photo_id):
    visit.expected += ["409", "404"]

    async def lose(service):
        for size in SIZES:
            service.store.thumbnails.path(photo_id, size).unlink()

    served.run(lose)
    page = visit(f"{served.url}#/photo/{photo_id}")
    page.get_by_text("connect its disk or network folder").wait_for()
    page.locator(".caption-panel .caption-text").wait_for()  # the words are still there


def test_hostile_tags_and_names_stay_text(served, visit, photo_id):
    evil = "<script>x\u202ey</script>"
    served.run(lambda s: s.review.add_tag(photo_id, "<b>bold</b>"))

    async def name(service):
        await service.store.photos.update(photo_id, camera=evil, place={"city": evil})

    served.run(name)
    page = visit(f"{served.url}#/photo/{photo_id}")
    page.get_by_role("link", name="#<b>bold</b>").wait_for()
    facts = page.locator(".facts").inner_text()
    assert facts.count(evil) == 2
    assert page.locator(".facts script").count() == 0
    page.get_by_role("link", name="#<b>bold</b>").click()
    page.get_by_role("heading", name="#<b>bold</b>").wait_for()
    page.locator(".tile").wait_for()
