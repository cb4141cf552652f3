"""Take the pictures of `docs/page.md` anew: `python tests/page/screenshots.py FOLDER`.

They show the bundled sample photos, whose licences allow it.
"""

from pathlib import Path
import random
import shutil
import sys
import tempfile
from typing import Any

from page_helpers import SAMPLES, Served, store_photos
from PIL import Image
from playwright.sync_api import sync_playwright

CAPTIONS = {
    1: "The cat next door, who thinks this is his sofa #neighbours",
    2: "First espresso in the new flat #home",
}
PLACES = ["Lisbon", "Porto", "Sintra"]
DAY_MS = 86_400_000
SUMMER = 1_782_900_000_000  # the first of July 2026
DESKTOP = {"viewport": {"width": 1200, "height": 760}, "device_scale_factor": 1}
PHONE = {"viewport": {"width": 390, "height": 800}, "device_scale_factor": 1.5}
SHOTS: list[tuple[str, str, str, dict[str, Any]]] = [
    ("page-review", "review", ".review-photo.is-loaded", DESKTOP),
    ("page-library", "library", ".tile img.is-loaded", DESKTOP),
    ("page-photo", "photo/{photo}", ".stage-photo.is-loaded", DESKTOP),
    ("page-study", "studies/{study}", ".chart .mean", DESKTOP),
    ("page-phone", "review", ".review-photo.is-loaded", PHONE),
]
DARK = {"page-photo", "page-phone"}


def main(folder: Path) -> None:
    with tempfile.TemporaryDirectory() as home:
        served = Served(Path(home)).start()
        try:
            ids = served.run(lambda _: store_photos(served.url, SAMPLES), timeout=60)
            served.run(lambda service: _arrange(service, ids))
            study = served.run(_rated, timeout=60)
            _take(served.url, {"photo": ids[1], "study": study}, folder)
        finally:
            served.stop()


async def _arrange(service: Any, ids: list[str]) -> None:
    """Give the photos dates, and some of them captions."""
    for number, photo_id in enumerate(ids):
        taken = SUMMER - number * 9 * DAY_MS
        place = {"city": PLACES[number % len(PLACES)], "country": "Portugal"}
        await service.store.photos.update(photo_id, taken_at=taken, place=place)
    for number, text in CAPTIONS.items():
        await service.review.write_caption(ids[number], "en", text)


async def _rated(service: Any) -> str:
    """Let a few people rate who like short captions; return the study."""
    found = await service.studies.choices()
    study = await service.studies.create(
        "Which captions are better?", "en", found.photo_ids, found.variants
    )
    await service.jobs.wait(study.job_id)
    study = await service.store.studies.get(study.id)
    chance = random.Random(7)  # noqa: S311 - a picture
    names = ["Anna", "Ben", "Carla", "Deniz", "Emil"]
    for respondent, _ in await service.store.respondents.add(study.id, names):
        for sheet in await service.studies.sheets(respondent):
            stars = [
                min(max(round(4.6 - len(text) / 25 + chance.gauss(0, 0.8)), 1), 5)
                for text in sheet.texts
            ]
            await service.studies.rate(respondent, study, sheet.photo_id, stars)
    return str(study.id)


def _take(url: str, names: dict[str, str], folder: Path) -> None:
    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        for name, view, sign, window in SHOTS:
            scheme = "dark" if name in DARK else "light"
            context = browser.new_context(
                **window, color_scheme=scheme, locale="en-GB", reduced_motion="reduce"
            )
            page = context.new_page()
            page.goto(f"{url}#/{view.format(**names)}")
            page.locator(sign).first.wait_for()
            page.wait_for_timeout(800)
            path = folder / f"{name}.webp"
            page.screenshot(path=folder / f"{name}.png")
            with Image.open(folder / f"{name}.png") as picture:
                picture.save(path, quality=72, method=6)
            (folder / f"{name}.png").unlink()
            context.close()
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
