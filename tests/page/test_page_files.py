"""The files of the page: whole, small, in two languages, and closed to the outside."""

import gzip
import json
from pathlib import Path
import re

from aiohttp.test_utils import TestClient, TestServer
import pytest

from edge_runtime.api.access import Access
from edge_runtime.api.app import build_app
from edge_runtime.api.page import FOLDER, load_site
from edge_runtime.errors import EdgeRuntimeError
from edge_runtime.runtime import EdgeRuntime
from edge_runtime.service import Service

SOURCES = {
    path.relative_to(FOLDER).as_posix(): path.read_text()
    for path in FOLDER.rglob("*")
    if path.suffix in {".js", ".css", ".html", ".svg"}
}
SCRIPTS = {name: text for name, text in SOURCES.items() if name.endswith(".js")}
FIRST_VIEW_BYTES = 110_000


@pytest.fixture
async def page_client(settings):
    async with EdgeRuntime(settings) as runtime:
        service = Service(settings, runtime)
        await service.open()
        app = build_app(service, Access(loopback_only=True, ingress=False))
        async with TestServer(app) as server, TestClient(server) as client:
            yield client
        await service.stop()


def words_of(language: str) -> dict[str, str | dict[str, str]]:
    """Return a language's table; its file is JSON but for comments and bare keys."""
    text = SOURCES[f"js/lang/{language}.js"].partition("export default ")[2]
    text = re.sub(r"^\s*//.*$", "", text, flags=re.MULTILINE).rstrip().rstrip(";")
    text = re.sub(r"([{,]\s*)(\w+):", r'\1"\2":', text)
    return json.loads(re.sub(r",(\s*})", r"\1", text))


def blanks(words: str | dict[str, str]) -> set[str]:
    texts = [words] if isinstance(words, str) else words.values()
    return set(re.findall(r"{(\w+)}", " ".join(texts)))


def test_both_languages_say_the_same_things():
    english, german = words_of("en"), words_of("de")
    errors = {key for key in german if key.startswith("error.")}
    assert set(german) - errors == set(english)
    for key, words in english.items():
        assert type(words) is type(german[key]), key
        assert blanks(words) == blanks(german[key]), key
    codes = {key.removeprefix("error.") for key in errors}
    assert codes <= set(EdgeRuntimeError.by_code)


def test_all_words_that_the_page_says_are_in_the_table_and_no_others():
    english, code = words_of("en"), "\n".join(SCRIPTS.values())
    said = set(re.findall(r'\bt\(\s*"([^"]+)"', code))
    said |= set(re.findall(r'[?:]\s*t\("([^"]+)"', code))
    said |= set(re.findall(r'words: "((?:key|filter)\.[^"]+)"', code))
    assert said - set(english) == set()
    patterns = {
        re.escape(whole).replace(r"\$\{\}", ".+")
        for whole in (
            re.sub(r"\${[^}]*}", "${}", text)
            for text in re.findall(r"\bt\(`([^`]+)`", code)
        )
    }
    literals = set(re.findall(r'"([a-z_]+(?:\.[\w.-]+)?)"', code))
    unused = {
        key
        for key in english
        if key not in said | literals
        and not any(re.fullmatch(pattern, key) for pattern in patterns)
    }
    assert unused == set()


@pytest.mark.parametrize("name", SCRIPTS)
def test_no_script_makes_markup_or_code_of_text(name):
    banned = (
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|Function\("
    )
    assert re.findall(banned, SCRIPTS[name]) == []


def test_nothing_comes_from_elsewhere():
    for name, text in SOURCES.items():
        found = set(re.findall(r"(?:https?:)?//[\w.-]+\.\w+[^\s\"')]*", text))
        assert found - {"http://www.w3.org/2000/svg"} == set(), name


def test_every_file_that_a_script_asks_for_is_there():
    for name, text in SCRIPTS.items():
        for wanted in re.findall(r"""(?:from|import)\s*\(?["'](\.[^"']+)["']""", text):
            path = (FOLDER / name).parent / wanted
            assert path.resolve().is_file(), (name, wanted)


def test_files_are_short_enough_to_be_read():
    long = {n: t.count("\n") for n, t in SCRIPTS.items() if "/lang/" not in n}
    assert {name: lines for name, lines in long.items() if lines > 350} == {}


def first_view() -> set[str]:
    """Return the files that a first visit fetches: styles, scripts, English words."""
    site = load_site()
    html = gzip.decompress(site.index.data).decode()
    named = set(re.findall(rf'"web/{site.version}/([^"]+)"', html))
    return {name for name in named if not name.endswith(".png")} | {"js/lang/en.js"}


def test_the_first_view_is_small():
    site, files = load_site(), first_view()
    assert {"js/views/library.js", "css/all.css"} <= files
    own = [name for name in files if name.startswith("css/")]
    assert own == ["css/all.css"], "each style sheet more keeps the first paint waiting"
    assert "js/views/studies.js" not in files, "it comes when somebody goes there"
    sent = len(site.index.data) + sum(len(site.assets[name].data) for name in files)
    assert sent < FIRST_VIEW_BYTES
    for asset in site.assets.values():
        if asset.is_gzip:
            assert gzip.decompress(asset.data)


def test_the_one_style_sheet_holds_all_of_them_in_order():
    data = gzip.decompress(load_site().assets["css/all.css"].data).decode()
    names = re.findall(r'href="{{base}}/(css/[^"]+)"', SOURCES["index.html"])
    assert set(names) == {name for name in SOURCES if name.endswith(".css")}
    assert data == "\n".join(SOURCES[name] for name in names)


def test_everything_that_a_script_imports_at_once_is_named_beforehand():
    files = first_view()
    for name in files - {"js/lang/en.js"}:
        for wanted in re.findall(
            r'^import .*?"(\.[^"]+)";', SOURCES.get(name, ""), re.MULTILINE
        ):
            path = (FOLDER / name).parent / wanted
            assert path.resolve().relative_to(FOLDER).as_posix() in files, (
                name,
                wanted,
            )


async def test_the_page_is_kept_by_browsers_until_it_changes(page_client):
    async with page_client.get("/") as response:
        assert response.status == 200
        assert response.content_type == "text/html"
        assert response.headers["Cache-Control"] == "no-cache"
        assert "unsafe" not in response.headers["Content-Security-Policy"]
        etag, html = response.headers["ETag"], await response.text()
    async with page_client.get("/", headers={"If-None-Match": etag}) as response:
        assert (response.status, await response.read()) == (304, b"")
    addresses = re.findall(r'(?:href|src)="([^"]+)"', html)
    assert len(addresses) > 40
    for address in addresses:
        assert not address.startswith(("/", "http")), address
        async with page_client.get(f"/{address}") as response:
            assert response.status == 200, address
            assert "immutable" in response.headers["Cache-Control"]


async def test_files_are_sent_compressed_only_where_that_is_understood(page_client):
    address = f"/web/{load_site().version}/js/app.js"
    plain = {"Accept-Encoding": "identity"}
    async with page_client.get(address, headers=plain) as response:
        assert "Content-Encoding" not in response.headers
        assert await response.text() == SOURCES["js/app.js"]
    async with page_client.get(address) as response:
        assert response.headers["Content-Encoding"] == "gzip"
        assert response.content_type == "text/javascript"
        assert await response.text() == SOURCES["js/app.js"]


@pytest.mark.parametrize(
    "path", ["web/{v}/../page.py", "web/{v}/js/no.js", "web/0000/js/app.js", "web/x"]
)
async def test_nothing_else_is_served(page_client, path):
    url = f"/{path.format(v=load_site().version)}"
    async with page_client.get(url) as response:
        assert response.status == 404


def test_an_icon_is_what_the_manifest_says():
    manifest = json.loads((FOLDER / "page.webmanifest").read_text())
    for icon in manifest["icons"]:
        data = Path(FOLDER / icon["src"]).read_bytes()
        if icon["type"] == "image/png":
            width = int.from_bytes(data[16:20])
            assert f"{width}x{width}" == icon["sizes"]
