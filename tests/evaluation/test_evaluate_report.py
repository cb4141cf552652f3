"""The page is whole in itself, and nothing that a data set says can run in it."""

import base64
from dataclasses import replace
import hashlib
from html.parser import HTMLParser
import json
from pathlib import Path
import re

from evaluations import HOSTILE, dataset, evaluation_of, failed, photo, said
import pytest

from edge_runtime.evaluation import check_embedding, report_html
from edge_runtime.evaluation.report import ReportTooLargeError, link_to


class Page(HTMLParser):
    """Collects what a browser would run, load and show."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.scripts: list[tuple[dict[str, str], str]] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.text = ""
        self._in: dict[str, str] | None = None
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag == "script":
            self._in = dict(attrs)

    def handle_endtag(self, tag):
        if tag == "script":
            self._in = None

    def handle_data(self, data):
        if self._in is not None:
            self.scripts.append((self._in, data))
        else:
            self.text += data

    @property
    def data(self):
        return json.loads(next(t for a, t in self.scripts if a.get("id") == "data"))


async def page_of(*photos, results, destination=Path("/r/report.html"), **options):
    found = await evaluation_of(dataset(*photos), **results)
    return report_html(found, destination, embed=options.get("embed", False))


async def test_hostile_captions_names_and_errors_stay_text():
    name = "<img src=x onerror=alert(1)>.jpg"
    broken = replace(failed(name), error={"code": "x", "message": HOSTILE})
    text = await page_of(
        photo(name, HOSTILE, "a dog"),
        results={
            "one": [said(name, HOSTILE, HOSTILE, doubted=(HOSTILE,))],
            "two<b>": [broken],
        },
    )
    page = Page(text)
    assert len(page.scripts) == 2
    assert "img" not in page.tags
    assert "b" not in page.tags
    assert not any(name.startswith("on") for name, _ in page.attributes)
    assert "two<b>" in page.text
    assert HOSTILE.rstrip("\u2028") in page.text
    (row,) = page.data["photos"]
    assert row["name"] == name
    assert row["references"] == [HOSTILE, "a dog"]
    assert row["answers"][0]["caption"] == HOSTILE
    assert row["answers"][0]["doubted"] == [HOSTILE]
    assert row["answers"][1]["error"] == HOSTILE
    assert page.data["models"] == ["one", "two<b>"]


async def test_the_policy_lets_only_the_pages_own_script_and_style_run():
    page = Page(await page_of(photo("a", "a dog"), results={"m": [said("a", "a dog")]}))
    policy = next(v for _, v in page.attributes if v and v.startswith("default-src"))
    script = next(text for a, text in page.scripts if not a)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


async def test_the_script_makes_no_html_out_of_texts_and_asks_no_server():
    page = Page(await page_of(photo("a", "a dog"), results={"m": [said("a", "a dog")]}))
    script = next(text for a, text in page.scripts if not a)
    forbidden = (
        r"innerHTML|outerHTML|insertAdjacent|document\.write|eval\(|fetch\(|http"
    )
    assert not re.search(forbidden, script)


async def test_the_scores_and_only_differing_own_words_are_shown():
    photos = (photo("a", "a dog runs"), photo("b", "two cats"))
    results = [
        said("a", "a dog runs", "A dog runs.", verdict="sure"),
        said("b", "two dogs", "Animals.", verdict="unsure", doubted=("dogs",)),
    ]
    page = Page(await page_of(*photos, results={"m": results}))
    first, second = (row["answers"][0] for row in page.data["photos"])
    assert first["raw"] == ""
    assert second["raw"] == "two dogs"
    assert second["doubted"] == ["dogs"]
    assert first["score"] > second["score"]
    assert "CIDEr-D" in page.text


@pytest.mark.parametrize(
    ("path", "destination", "link"),
    [
        ("/r/p/a b#1.jpg", "/r/x.html", "./p/a%20b%231.jpg"),
        ("/r/c:d.jpg", "/r/x.html", "./c%3Ad.jpg"),
        ("/p/ä.jpg", "/r/x.html", "file:///p/%C3%A4.jpg"),
        ("/r/../p/a.jpg", "/r/x.html", "file:///p/a.jpg"),
        ("/p/\udce9.jpg", "/r/x.html", "file:///p/%E9.jpg"),
    ],
)
def test_links_are_relative_below_the_page_and_absolute_elsewhere(
    path, destination, link
):
    assert link_to(Path(path), Path(destination)) == link


async def test_embedded_photos_are_their_own_bytes(tmp_path):
    (tmp_path / "a.png").write_bytes(b"\x89PNG picture")
    inside = photo("a.png", "a dog", folder=tmp_path)
    gone = photo("gone.jpg", "a cat", folder=tmp_path)
    results = {"m": [said("a.png", "a dog"), said("gone.jpg", "a cat")]}
    page = Page(await page_of(inside, gone, results=results, embed=True))
    head, _, body = page.data["photos"][0]["src"].partition(",")
    assert head == "data:image/png;base64"
    assert base64.b64decode(body) == b"\x89PNG picture"
    assert page.data["photos"][1]["src"] == ""
    assert str(tmp_path) not in json.dumps(page.data)


def test_a_page_that_no_browser_would_open_is_refused():
    photos = dataset(replace(photo("a", "a dog"), size=300_000_000))
    with pytest.raises(ReportTooLargeError, match=r"300 MB.*--limit"):
        check_embedding(photos)
