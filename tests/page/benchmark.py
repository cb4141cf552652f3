"""Time the web page in Chromium: the first view, and scrolling through 100,000 photos.

    python tests/page/benchmark.py [--photos 100000]

It needs what the tests of the page need: Debian's Chromium and playwright.
"""

import argparse
from pathlib import Path
import shutil
import sys
import tempfile
import time

from page_helpers import SAMPLES, Served, fill_library, store_photos
from playwright.sync_api import Browser, Page, sync_playwright
from test_page_library import SCROLL, longest_task_ms

WINDOW = {"width": 1280, "height": 800}
FIRST_VIEW = """() => {
    const files = performance.getEntriesByType("resource");
    const own = files.filter(({name}) => name.includes("/web/"));
    const [page] = performance.getEntriesByType("navigation");
    const paint = performance.getEntriesByName("first-contentful-paint")[0];
    return {
        bytes: own.reduce((sum, one) => sum + one.transferSize, page.transferSize),
        paint: paint.startTime,
    };
}"""


def main() -> None:
    """Print the numbers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=int, default=100_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        served = Served(Path(home)).start()
        try:
            served.run(lambda _: store_photos(served.url, SAMPLES), timeout=120)
            with sync_playwright() as driver:
                browser = driver.chromium.launch(
                    executable_path=shutil.which("chromium"), args=["--no-sandbox"]
                )
                for name in ("cold", "with its files kept"):
                    if name == "cold":
                        context = browser.new_context(viewport=WINDOW)
                    measure_first_view(context.new_page(), served.url, name)
                started = time.monotonic()
                served.run(lambda s: fill_library(s, options.photos, 1500), timeout=300)
                seconds = time.monotonic() - started
                tell(f"{options.photos} photos added in {seconds:.1f} s")
                measure_scrolling(browser, context.new_page(), served.url)
                browser.close()
        finally:
            served.stop()


def tell(words: str) -> None:
    sys.stdout.write(f"{words}\n")


def measure_first_view(page: Page, url: str, name: str) -> None:
    """Print what the first view transfers, and when its photos stand there."""
    started = time.monotonic()
    page.goto(url)
    page.locator(".tile img.is-loaded").first.wait_for()
    seconds = time.monotonic() - started
    found = page.evaluate(FIRST_VIEW)
    tell(
        f"first view, {name}: {found['bytes'] / 1000:.0f} kB of the page's own, "
        f"first paint after {found['paint']:.0f} ms, first photo after {seconds:.2f} s"
    )
    page.close()


def measure_scrolling(browser: Browser, page: Page, url: str) -> None:
    """Print how smoothly a long library scrolls."""
    page.goto(url)
    page.locator(".tile").first.wait_for()
    browser.start_tracing(page=page, categories=["toplevel"])
    started = time.monotonic()
    most = page.evaluate(SCROLL)
    seconds = time.monotonic() - started
    longest = longest_task_ms(browser.stop_tracing())
    tell(
        f"40,000 px scrolled in {seconds:.1f} s: at most {most} tiles, the longest "
        f"task of the page took {longest:.0f} ms of processor time"
    )
    page.close()


if __name__ == "__main__":
    main()
