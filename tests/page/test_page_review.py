"""The review queue: a person decides, with keys or clicks, and can take it back."""

import pytest

from edge_runtime.store import NewSuggestion, SuggestionFilter, SuggestionState


def pending(served) -> list:
    async def ask(service):
        wanted = SuggestionFilter(state=SuggestionState.PENDING)
        return (await service.store.suggestions.page(wanted)).items

    return list(served.run(ask))


def caption_of(served, photo_id: str):
    return served.run(lambda service: service.store.captions.get(photo_id, "en"))


@pytest.fixture
def review(served, visit):
    page = visit(f"{served.url}#/review")
    page.locator(".review-text").wait_for()
    return page


def said(page, words: str) -> None:
    page.locator(".toast", has_text=words).first.wait_for()


def test_a_suggestion_is_accepted_with_a_key_and_taken_back(served, review):
    first, second, *_ = pending(served)
    assert review.locator(".review-text").get_by_text(first.text[:8]).is_visible()
    review.keyboard.press("a")
    said(review, "Accepted")
    assert caption_of(served, first.photo_id).text == first.text
    assert review.locator(".review-photo").get_attribute("alt") == second.text
    review.keyboard.press("u")
    said(review, "Taken back")
    assert caption_of(served, first.photo_id) is None
    assert review.locator(".review-photo").get_attribute("alt") == first.text
    assert len(pending(served)) == 4


def test_a_suggestion_is_changed_before_it_is_accepted(served, review):
    first = pending(served)[0]
    review.keyboard.press("e")
    field = review.get_by_label("Caption")
    assert field.input_value() == first.text
    field.fill("Gran by the sea #holiday")
    field.press("Control+Enter")
    said(review, "Saved in your words")
    caption = caption_of(served, first.photo_id)
    assert (caption.text, caption.origin) == ("Gran by the sea #holiday", "person")
    state = served.run(lambda service: service.store.suggestions.get(first.id)).state
    assert state is SuggestionState.EDITED


def test_rejecting_and_skipping_leave_the_photo_alone(served, review):
    first, second, *_ = pending(served)
    review.get_by_role("button", name="Skip").click()
    assert review.locator(".review-photo").get_attribute("alt") == second.text
    review.get_by_role("button", name="Reject").click()
    said(review, "Rejected")
    assert caption_of(served, second.photo_id) is None
    assert pending(served)[0].id == first.id
    for _ in range(2):
        review.keyboard.press("n")
    review.get_by_text("That was the last one").wait_for()
    review.get_by_role("button", name="Start again").click()
    review.locator(".review-text").wait_for()
    assert review.locator(".review-photo").get_attribute("alt") == first.text


def test_what_the_check_doubts_is_said_in_words_and_marked(served, visit):
    page = visit(f"{served.url}#/review")
    unsure = next(one for one in pending(served) if one.verdict == "unsure")
    page.get_by_role("button", name="Please check", exact=True).click()
    page.locator(".review .verdict.unsure").wait_for()
    marked = page.locator(".review-text mark").first
    marked.wait_for()
    words = page.locator(".review-text mark").evaluate_all(
        "marks => marks.map((mark) => mark.firstChild.data)"
    )
    assert {word.lower() for word in words} <= {word.lower() for word in unsure.doubted}
    assert "really in the photo?" in page.locator(".review-words").inner_text()


def test_a_decision_made_elsewhere_moves_the_queue_on(served, review):
    first, second, *_ = pending(served)

    async def accept(service):
        await service.review.accept(first.id)

    served.run(accept)
    said(review, "decided somewhere else")
    assert review.locator(".review-photo").get_attribute("alt") == second.text


def test_a_newer_suggestion_takes_the_place_of_the_one_shown(served, review):
    first, *_ = pending(served)
    new = NewSuggestion(first.photo_id, "en", "Something quite different")

    async def add(service):
        suggestion = await service.store.suggestions.add(new)
        ids = {"id": suggestion.id, "photo_id": suggestion.photo_id}
        await service.events.emit("suggestion.added", ids)

    served.run(add)
    # the page hears of it a moment later
    review.locator(f'.review-photo:not([alt="{first.text}"])').wait_for()
    shown = []
    for _ in range(4):
        review.locator(".review-text").wait_for()
        shown.append(review.locator(".review-photo").get_attribute("alt"))
        review.keyboard.press("n")
        review.wait_for_timeout(100)
    assert "Something quite different" in shown
    assert first.text not in shown


def test_the_queue_ends_and_says_so(served, review):
    for count in range(4, 0, -1):
        review.locator(".review-actions button:enabled").first.wait_for()
        review.keyboard.press("a")
        said(review, "Accepted")
        review.wait_for_function(
            "count => document.querySelectorAll('.review-photo').length === 0"
            " || document.querySelector('.page-head .count').textContent"
            " === `1 of ${count - 1}`",
            arg=count,
        )
    review.get_by_role("heading", name="All done").wait_for()
    assert pending(served) == []
    review.wait_for_selector(".badge", state="hidden")


def test_words_typed_in_the_queue_outlive_a_reload(served, review):
    review.keyboard.press("e")
    review.get_by_label("Caption").fill("half a sent")
    review.reload()
    field = review.get_by_label("Caption")
    field.wait_for()
    assert field.input_value() == "half a sent"
    review.get_by_text("were not saved yet").wait_for()
    field.press("Escape")
    review.locator(".review-text").wait_for()
    assert len(pending(served)) == 4


def test_all_that_look_right_are_accepted_at_once_and_taken_back(served, review):
    sure = [one for one in pending(served) if one.verdict == "sure"]
    others = len(pending(served)) - len(sure)
    assert sure
    review.get_by_role("button", name="Accept all that look right").click()
    dialog = review.get_by_role("dialog")
    dialog.get_by_role("button", name="Accept all that look right").click()
    said = review.locator(".toast", has_text="accepted")
    said.wait_for()
    assert len(pending(served)) == others
    said.get_by_text("Undo").click()
    review.get_by_text(f"1 of {others + len(sure)}").wait_for()
    assert len(pending(served)) == others + len(sure)
