"""A study from the first click to the chart, and what a respondent sees of it."""

from conftest import PHONE
import pytest
from test_page_connection import new_token, sign_in

LONG_MS = 25_000


def begin(page) -> None:
    """Fill in the form of a new study and wait until its captions are made."""
    page.locator(".pick").nth(3).wait_for()
    page.get_by_label("Name of the study").fill("Garden <b>party</b>")
    page.get_by_role("button", name="Make the captions").click()
    page.get_by_role("heading", name="Garden <b>party</b>").wait_for()
    page.get_by_role("button", name="Close the study").wait_for(timeout=LONG_MS)


def invited(page, *names: str) -> list[str]:
    """Make links for people and return their addresses."""
    page.get_by_role("button", name="Invite people").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Names, one a line").fill("\n".join(names))
    dialog.get_by_role("button", name="Make a link").click()
    fields = dialog.locator(".link-field")
    fields.nth(len(names) - 1).wait_for()
    links = [fields.nth(n).input_value() for n in range(len(names))]
    page.keyboard.press("Escape")
    return links


def rate_all(page, stars: int) -> None:
    """Give every caption of every photo the same stars."""
    page.locator(".rate-text").first.wait_for()
    while page.get_by_text("Thank you!").count() == 0:
        texts = page.locator(".rate-text")
        for number in range(texts.count()):
            star = texts.nth(number).get_by_role("radio", name=f"{stars} star")
            with page.expect_response("**/photos/*") as answer:
                star.evaluate("star => star.click()")
            assert answer.value.status == 204
        page.get_by_role("button", name="Next").click()


def test_a_study_from_the_form_to_the_chart(serve, visit):
    visit.expected += ["401"]
    served = serve(needs_token=True)
    page = visit(f"{served.url}#/studies")
    sign_in(page, new_token(served, "write")[1])
    page.get_by_text("No studies yet").wait_for()
    page.get_by_role("link", name="New study").click()
    page.get_by_text("4 photos chosen").wait_for()
    page.locator(".pick input").first.uncheck(force=True)
    page.get_by_text("3 photos chosen").wait_for()
    begin(page)
    anna, ben = invited(page, "Anna", "Ben")
    assert anna.startswith(f"{served.url}#/rate/ec_")
    assert anna != ben

    guest = visit(anna)  # another browser, without a token
    guest.get_by_text("Photo 1 of 3").wait_for()
    assert "tiny" not in guest.content().lower().partition("<body")[2]
    rate_all(guest, 4)
    guest.reload()
    guest.get_by_text("Thank you!").wait_for()

    page.get_by_text("rated 3 of 3 photos").wait_for()
    chart = page.locator(".chart").first
    chart.get_by_role("img", name="Tiny captioner: 4.00").wait_for()
    other = visit(ben)
    rate_all(other, 2)
    page.get_by_role("img", name="Tiny captioner, checked: 3.00 (").wait_for()
    page.get_by_text("All numbers").click()
    page.locator("table").first.wait_for()
    with page.expect_download() as download:
        page.get_by_role("link", name="Table (CSV)").click()
    assert download.value.suggested_filename == "Garden-b-party-b.csv"
    assert len(download.value.path().read_text().splitlines()) == 1 + 2 * 3 * 4

    page.get_by_role("button", name="Close the study").click()
    page.get_by_role("button", name="Open again").wait_for()
    guest.reload()
    guest.get_by_text("This study has ended").wait_for()


@pytest.fixture
def study(served, visit):
    """Return the page of a study, and the address of a link."""
    page = visit(f"{served.url}#/studies/new")
    begin(page)
    return page, invited(page, "Anna")[0]


def test_a_respondent_goes_on_where_they_stopped(served, study, visit):
    _, link = study
    visit.expected += ["ERR_"]
    guest = visit(link, **PHONE)
    guest.get_by_text("Photo 1 of 4").wait_for()
    assert guest.get_by_role("button", name="Next").is_disabled()
    first = guest.locator(".rate-photo").get_attribute("src")
    guest.get_by_role("radio", name="5 stars").first.evaluate("star => star.click()")
    guest.locator(".rate-text.is-rated").wait_for()
    served.stop()
    guest.get_by_role("radio", name="1 star").last.evaluate("star => star.click()")
    guest.get_by_text("does not answer").first.wait_for()
    served.start()
    guest.reload()
    guest.get_by_text("Photo 1 of 4").wait_for()
    assert guest.locator(".rate-photo").get_attribute("src") == first
    assert guest.locator(".rate-text.is-rated").count() == 1
    rate_all(guest, 3)


def test_an_ended_link_says_so(study, visit):
    page, link = study
    visit.expected += ["404"]
    page.get_by_role("button", name="End").click()
    page.get_by_role("dialog").get_by_role("button", name="End").click()
    page.get_by_text("rated 0 of 4").wait_for(state="detached")
    guest = visit(link)
    guest.get_by_text("This link has ended").wait_for()


def test_a_removed_study_is_gone(study):
    page, _ = study
    page.get_by_role("button", name="Remove").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    page.get_by_text("No studies yet").wait_for()
