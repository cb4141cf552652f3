"""A question about a photo, answered by a tiny real model."""

from importlib.util import find_spec
from pathlib import Path
import shutil
import subprocess
import sys

from conftest import PHONE
from page_helpers import Served
import pytest

LONG_S = 20_000
"""The model may have to be loaded first."""


@pytest.fixture
def seeing(described, tmp_path):
    """Return a service with a vision-language model of random weights."""
    if find_spec("llama_cpp") is None:
        pytest.skip("llama-cpp-python is not installed: run scripts/text_environment")
    maker = Path(__file__).parents[1] / "vision_home.py"
    subprocess.run([sys.executable, maker, tmp_path], check=True)
    home = tmp_path / "home"
    shutil.copytree(described, home, dirs_exist_ok=True)
    served = Served(home, changes={"manifest": tmp_path / "models.yaml"}).start()
    yield served
    served.stop()


def first_photo(served):
    """Return a photo with all that is known of it."""
    page = served.run(lambda service: service.store.photos.page(limit=1))
    return served.run(lambda s: s.store.photos.details(page.items[0].id))


def test_a_question_is_asked_where_a_model_answers(seeing, visit):
    before = first_photo(seeing)
    visit.expected = ["413"]
    page = visit(f"{seeing.url}#/photo/{before.photo.id}", **PHONE)
    field = page.get_by_role("textbox", name="Ask about this photo")
    field.fill("Is it a dog?")
    field.press("Enter")
    answer = page.locator(".ask-answer")
    answer.wait_for(timeout=LONG_S)
    assert answer.inner_text()
    below = page.locator(".ask-place .hint").inner_text()
    assert "tiny-vision" in below
    assert "Not checked" in below
    assert first_photo(seeing).suggestions == before.suggestions
    field.fill("x" * 4000)
    page.get_by_role("button", name="Ask", exact=True).click()
    page.locator(".ask-place .problem", has_text="tokens").wait_for(timeout=LONG_S)
    assert answer.count() == 0


def test_nothing_is_offered_where_no_model_answers(served, visit):
    page = visit(f"{served.url}#/library")
    with page.expect_response(lambda answer: answer.url.endswith("/models")):
        page.goto(f"{served.url}#/photo/{first_photo(served).photo.id}")
    page.locator(".photo-more .tags").wait_for()
    assert page.locator(".ask").is_hidden()
