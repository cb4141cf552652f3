"""Everybody can use every view: axe finds nothing, keys reach everything."""

from pathlib import Path
import re

from conftest import DESKTOP, PHONE
import pytest

from edge_runtime.service import CaptionOptions

ROOT = Path(__file__).parents[2]
SHOTS = ROOT / ".cache" / "test" / "page"
"""Pictures of every view, for whoever wants to look."""
AXE = Path(__file__).parent / "vendor" / "axe-core" / "axe.min.js"
VIEWS = {
    "library": ".tile img.is-loaded",
    "library?q=a": ".result",
    "library?q=nothing-has-this-word": ".empty",
    "review": ".review-text",
    "tags": ".album",
    "tag/harbour": ".tile",
    "jobs": ".job",
    "models": ".model",
    "settings": ".panel .rows",
    "welcome": ".guide-step",
    "tags?by=place": ".empty",
    "studies": ".card",
    "studies/new": ".pick",
    "studies/{study}": ".chart",
    "rate/{respondent}": ".rate-text",
    "shared/{share}": "figure",
    "photo/{photo}": ".suggestion-text",
}
MODES = {"a desktop in light": DESKTOP, "a phone in dark": PHONE}


def check(page, name: str) -> None:
    if not page.evaluate("typeof axe !== 'undefined'"):
        page.evaluate(AXE.read_text())
    found = page.evaluate(
        "async () => (await axe.run(document, {resultTypes: ['violations']}))"
        ".violations.map(({id, nodes}) => [id, nodes.map((node) => [node.html,"
        " node.any.concat(node.all).map((one) => one.message)])])"
    )
    assert found == [], name


def keep_picture(page, name: str) -> None:
    SHOTS.mkdir(parents=True, exist_ok=True)
    words = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    page.screenshot(path=SHOTS / f"{words}.png")


def prepare(served) -> dict[str, str]:
    """Give the views something to show; return what their addresses name."""

    async def fill(service):
        options = CaptionOptions()
        page = await service.store.photos.page()
        first, second, *_ = (photo.id for photo in page.items)
        await service.review.write_caption(second, "en", "Boats at the #harbour")
        await service.review.write_caption(second, "de", "Boote am Hafen")
        await service.caption_jobs.enqueue_photos([second], options, "a test")
        _, share = await service.shares.create("photo", second, "For Gran", None)
        await service.store.tokens.create("Phone", "write")
        await service.store.pairings.open("Home Assistant")
        choices = await service.studies.choices()
        photos, variants = choices.photo_ids, choices.variants
        study = await service.studies.create("Which?", "en", photos, variants)
        ((_, secret),) = await service.store.respondents.add(study.id, ["Anna"])
        await service.jobs.wait(study.job_id)
        return {"photo": first, "study": study.id, "respondent": secret, "share": share}

    return served.run(fill, timeout=60)


@pytest.mark.parametrize("mode", MODES)
def test_every_view_is_accessible(serve, visit, mode):
    served = serve()
    names = prepare(served)
    page = visit(f"{served.url}#/library", **MODES[mode])
    for view, sign in VIEWS.items():
        page.goto(f"{served.url}#/{view.format(**names)}")
        page.locator(sign).first.wait_for()
        check(page, view)
        keep_picture(page, f"{view} on {mode}")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (
            f"{view} is wider than the window"
        )
    page.goto(f"{served.url}#/photo/{names['photo']}")
    page.locator(".suggestion-text").wait_for()
    page.keyboard.press("e")
    page.locator("textarea").wait_for()
    check(page, "editor")


def test_german_fits_a_phone_too(serve, visit):
    served = serve()
    names = prepare(served)
    page = visit(f"{served.url}#/library", **PHONE, locale="de-DE")
    page.get_by_role("heading", name="Fotos").wait_for()
    for view, sign in VIEWS.items():
        page.goto(f"{served.url}#/{view.format(**names)}")
        page.locator(sign).first.wait_for()
        wide = page.evaluate(
            """() => [...document.querySelectorAll("main *")].filter((node) =>
                node.getBoundingClientRect().right > innerWidth + 1
                && !node.closest(".chips, .filters, .table-box, pre, .unseen")
            ).map((node) => node.className || node.tagName)"""
        )
        assert wide == [], view


@pytest.mark.parametrize("mode", MODES)
def test_dialogs_and_the_sign_in_are_accessible(serve, visit, mode):
    visit.expected += ["401"]
    page = visit(serve(needs_token=True).url, **MODES[mode])
    page.get_by_role("heading", name="Sign in").wait_for()
    check(page, "sign-in")
    page = visit(f"{serve().url}#/review", **MODES[mode])
    page.locator(".review-text").wait_for()
    page.keyboard.press("?")
    page.get_by_role("dialog", name="Keys").wait_for()
    check(page, "keys")


def test_the_main_paths_work_without_a_mouse(served, visit):
    page = visit(served.url)
    page.locator(".tile img.is-loaded").first.wait_for()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.tagName") == "H1"
    page.locator(".tile").first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    assert page.evaluate("document.activeElement.dataset.index") == "1"
    second = page.evaluate("document.activeElement.hash")
    page.keyboard.press("Enter")
    page.locator(".stage-photo").wait_for()
    assert page.evaluate("location.hash") == second
    assert page.evaluate("document.querySelector('.frame').inert")
    page.keyboard.press("Escape")
    page.wait_for_function("() => document.activeElement.dataset.index === '1'")
    page.keyboard.press("2")
    page.get_by_role("heading", name="Review").wait_for()


def test_single_keys_can_be_switched_off(served, visit):
    page = visit(f"{served.url}#/settings")
    page.get_by_label("Single keys do something").uncheck()
    page.keyboard.press("2")
    page.wait_for_timeout(200)
    assert page.evaluate("location.hash") == "#/settings"
    page.get_by_label("Single keys do something").check()
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("2")
    page.get_by_role("heading", name="Review").wait_for()


def test_every_image_has_its_caption_as_words(served, visit):
    async def texts(service):
        photos = (await service.store.photos.page()).items
        found = [await service.store.photos.details(photo.id) for photo in photos]
        return {details.suggestions[0].text for details in found}

    page = visit(served.url)
    page.locator(".tile").first.wait_for()
    wanted = served.run(texts)
    page.wait_for_function(
        "wanted => [...document.querySelectorAll('.tile img')]"
        ".every((image) => wanted.includes(image.alt))",
        arg=sorted(wanted),
    )
