"""A browser (Debian's Chromium) before a real service with described photos."""

from collections.abc import Callable, Iterator
from pathlib import Path
import shutil

from page_helpers import SAMPLES, Served, store_photos
import pytest

_HERE = Path(__file__).parent
_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
CHROMIUM = next((path for name in _NAMES if (path := shutil.which(name))), None)
DESKTOP = {"viewport": {"width": 1280, "height": 800}, "color_scheme": "light"}
PHONE = {
    "viewport": {"width": 390, "height": 780},
    "color_scheme": "dark",
    "has_touch": True,
    "is_mobile": True,
}


def pytest_collection_modifyitems(items) -> None:
    """A browser hangs up in the middle of pictures; aiohttp leaves their files to the
    garbage collector then."""
    leave = pytest.mark.filterwarnings("ignore:Exception ignored in.*FileIO")
    for item in items:
        if _HERE in item.path.parents:
            item.add_marker(leave)
            item.add_marker(pytest.mark.timeout(90))


@pytest.fixture(scope="module")
def browser():
    """The driver's event loop holds this thread while it lives, so it ends with the
    module: tests that are coroutines could not run after it."""
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="playwright is not installed"
    )
    if CHROMIUM is None:
        pytest.skip("no Chromium is installed: apt-get install chromium")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def described(tmp_path_factory) -> Path:
    """Return a home with photos that the embedded model has described."""
    home = tmp_path_factory.mktemp("described") / "home"
    served = Served(home).start()
    try:
        served.run(lambda _: store_photos(served.url, SAMPLES[:4]), timeout=60)
    finally:
        served.stop()
    return home


@pytest.fixture
def serve(described, tmp_path) -> Iterator[Callable[..., Served]]:
    """Return a function that starts a service on a copy of the described photos."""
    started = []

    def start(*, needs_token: bool = False, empty: bool = False, **changes) -> Served:
        home = tmp_path / f"home{len(started)}"
        if not empty:
            shutil.copytree(described, home)
        started.append(Served(home, needs_token, changes).start())
        return started[-1]

    yield start
    for served in started:
        if served.is_running:
            served.stop()


@pytest.fixture
def served(serve) -> Served:
    return serve()


@pytest.fixture
def visit(browser) -> Iterator[Callable]:
    """Return a function that opens an address; whatever the page complains of fails."""
    contexts, complaints = [], []

    def open_page(url: str, *, context=None, **options):
        if context is None:
            context = browser.new_context(
                **{**DESKTOP, "locale": "en-GB", "reduced_motion": "reduce", **options}
            )
            context.set_default_timeout(15_000)
            contexts.append(context)
        page = context.new_page()
        page.on("console", lambda said: note(said.type, said.text))
        page.on("pageerror", lambda error: complaints.append(f"{error}\n{error.stack}"))
        page.goto(url)
        return page

    def note(kind: str, text: str) -> None:
        expected = any(word in text for word in open_page.expected)
        if kind in {"error", "warning"} and not expected:
            complaints.append(text)

    open_page.expected = []
    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []
