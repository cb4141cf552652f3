"""A browser in which the owner is signed in, and pictures of what it shows."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
import json
import os
from pathlib import Path
import shutil
import time

from owner import Owner
from PIL import Image
import pytest

_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
CHROMIUM = next((path for name in _NAMES if (path := shutil.which(name))), None)
_WIDTH = 1100


class Browser:
    """One page, and the folder that its pictures go to."""

    def __init__(self, page, url: str, folder: Path) -> None:
        self.page = page
        self._url = url
        self._folder = Path(os.environ.get("PICTURES") or folder)

    async def open(self, path: str, *texts: str) -> None:
        """Go to an address and wait until the texts are to be seen there."""
        await self.page.goto(f"{self._url}{path}")
        for text in texts:
            await self.see(text)

    async def see(self, text: str) -> None:
        await self.page.get_by_text(text).first.wait_for()

    async def picture(self, name: str) -> None:
        """Take a picture, small enough for the documentation."""
        await self.page.wait_for_timeout(800)  # animations, pictures that come in
        png = self._folder / f"{name}.png"
        await self.page.screenshot(path=png)
        with Image.open(png) as image:
            height = round(image.height * _WIDTH / image.width)
            small = image.convert("RGB").resize((_WIDTH, height))
            small.save(png.with_suffix(".webp"), quality=80, method=6)
        png.unlink()


@asynccontextmanager
async def signed_in(owner: Owner, folder: Path) -> AsyncIterator[Browser]:
    """Give a page of the owner's; whatever it throws fails."""
    playwright = pytest.importorskip("playwright.async_api")
    if CHROMIUM is None:
        pytest.skip("no Chromium is installed: apt-get install chromium")
    tokens, errors = owner.tokens, []
    stored = {
        **{key: tokens[key] for key in ("access_token", "refresh_token", "expires_in")},
        "token_type": "Bearer",
        "hassUrl": owner.url,
        "clientId": f"{owner.url}/",
        "expires": int((time.time() + tokens["expires_in"] - 60) * 1000),
    }
    value = json.dumps(json.dumps(stored))

    def note(error) -> None:
        # without a stack it is a refused command: the page asks for the recorder, too
        if error.stack:
            errors.append(f"{error}\n{error.stack}")

    async with playwright.async_playwright() as driver:
        browser = await driver.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        context = await browser.new_context(
            viewport={"width": 1280, "height": 800},
            locale="en-GB",
            reduced_motion="reduce",
        )
        await context.add_init_script(f"localStorage.setItem('hassTokens', {value})")
        context.set_default_timeout(40_000)
        page = await context.new_page()
        page.on("pageerror", note)
        try:
            yield Browser(page, owner.url, folder)
        except BaseException:
            await page.screenshot(path=folder / "failed.png")
            raise
        finally:
            await browser.close()
    assert not errors, errors
