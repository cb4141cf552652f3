"""The web page: static files under an address that changes whenever one of them does.

Nothing in them is secret, so everybody gets them; what a person may see and do is
decided by the API alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
import gzip
import hashlib
from pathlib import Path
import posixpath
import re
from typing import Final

from aiohttp import web

from .access import COOKIE
from .callers import CallerKind
from .errors import NotFoundError, UnauthorizedError
from .fields import Text
from .routing import API, Call, Reply, RouteTable
from .scopes import Scope

ROUTES: Final = RouteTable("page")
FOLDER: Final = Path(__file__).parent.parent / "web"
YEAR_S: Final = 365 * 24 * 3600
_INDEX: Final = "index.html"
_START: Final = "js/app.js"
_STYLES: Final = "css/all.css"
_STYLE: Final = re.compile(rb'<link rel="stylesheet" href="{{base}}/([^"]+)">\n?')
_IMPORT: Final = re.compile(r'^import [^;]*?from "(\.[^"]+)";', re.MULTILINE)
_FOR_EVER: Final = f"public, max-age={YEAR_S}, immutable"
_TYPES: Final[Mapping[str, str]] = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
}
_BINARY: Final = frozenset({".png"})


@dataclass(frozen=True, slots=True)
class Asset:
    """One file of the page as it is sent."""

    media_type: str
    data: bytes
    """Compressed, unless the file's type is so already."""
    is_gzip: bool


@dataclass(frozen=True, slots=True)
class Site:
    """Every file of the page."""

    version: str
    """Changes with any file: it is a part of each file's address."""
    assets: Mapping[str, Asset]
    index: Asset


@ROUTES.get(
    "/",
    summary="Show the web page",
    scope=Scope.PUBLIC,
    media_type="text/html",
)
async def show_page(call: Call) -> Reply:
    """Return the page; a browser that has it gets 304."""
    site = load_site()
    etag = f'"{site.version}"'
    headers = {"ETag": etag, "Cache-Control": "no-cache"}
    if etag in call.request.headers.get("If-None-Match", ""):
        return web.Response(status=304, headers=headers)
    return _sent(call, site.index, headers)


@ROUTES.get(
    "/web/{version}/{file:.+}",
    summary="Return a file of the web page",
    scope=Scope.PUBLIC,
    path_fields={
        "version": Text(min_length=1, max_length=64),
        "file": Text(min_length=1, max_length=200),
    },
    media_type="*/*",
    errors=(NotFoundError,),
)
async def get_page_file(call: Call) -> Reply:
    """Return a script, a style sheet or an icon; it never changes at this address."""
    site = load_site()
    asset = site.assets.get(call.path["file"])
    if asset is None or call.path["version"] != site.version:
        raise NotFoundError("the page has no such file (any more): load it again")
    return _sent(call, asset, {"Cache-Control": _FOR_EVER})


@ROUTES.post(
    f"{API}/sign-in",
    summary="Sign in this browser with the token of the request's header",
    scope=Scope.PUBLIC,
    errors=(UnauthorizedError,),
)
async def sign_in_with_token(call: Call) -> Reply:
    """Keep the token as a cookie, which pictures and the event stream need."""
    if call.caller.kind is not CallerKind.TOKEN:
        raise UnauthorizedError("send the token as `Authorization: Bearer TOKEN`")
    secret = call.request.headers["Authorization"].partition(" ")[2].strip()
    response = web.Response(status=204)
    response.set_cookie(
        COOKIE,
        secret,
        max_age=YEAR_S,
        httponly=True,
        samesite="Strict",
        secure=call.request.secure,
    )
    return response


@cache
def load_site(folder: Path = FOLDER) -> Site:
    """Read and compress the page's files, once: they are a part of the program."""
    found = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.suffix in _TYPES and path.is_file()
    }
    index, found[_STYLES] = _with_one_style(found.pop(_INDEX), found)
    digest = hashlib.sha256(index)
    for name, data in found.items():
        digest.update(f"{name} {len(data)} ".encode() + data)
    version = digest.hexdigest()[:16]
    assets = {name: _asset(Path(name).suffix, data) for name, data in found.items()}
    return Site(version, assets, _asset(".html", _filled(index, version, found)))


def _with_one_style(index: bytes, files: Mapping[str, bytes]) -> tuple[bytes, bytes]:
    """Return the first file with one style sheet, and that: all of its own, in order.

    Nothing is painted before every style sheet has come.
    """
    names = [name.decode() for name in _STYLE.findall(index)]
    link = f'<link rel="stylesheet" href="{{{{base}}}}/{_STYLES}">\n'.encode()
    first, *rest = _STYLE.split(index)[::2]
    return first + link + b"".join(rest), b"\n".join(files[name] for name in names)


def _filled(index: bytes, version: str, names: Mapping[str, bytes]) -> bytes:
    """Return the first file with the addresses of the others.

    Scripts are named beforehand: the browser would find them only one after the other.
    """
    base = f"web/{version}"
    preload = "\n".join(
        f'<link rel="modulepreload" href="{base}/{name}">'
        for name in imported(_START, names)
    )
    text = index.decode().replace("{{base}}", base)
    return text.replace("{{preload}}", preload).encode()


def imported(start: str, files: Mapping[str, bytes]) -> list[str]:
    """Return a script and all that it imports at once; others come when needed."""
    found = [start]
    for name in found:  # which grows
        for target in _IMPORT.findall(files[name].decode()):
            other = posixpath.normpath(posixpath.join(posixpath.dirname(name), target))
            if other not in found:
                found.append(other)
    return found


def _asset(suffix: str, data: bytes) -> Asset:
    if suffix in _BINARY:
        return Asset(_TYPES[suffix], data, is_gzip=False)
    return Asset(_TYPES[suffix], gzip.compress(data, 9, mtime=0), is_gzip=True)


def _sent(call: Call, asset: Asset, headers: Mapping[str, str]) -> web.Response:
    data, extra = asset.data, {"Vary": "Accept-Encoding"} if asset.is_gzip else {}
    if asset.is_gzip:
        if "gzip" in call.request.headers.get("Accept-Encoding", ""):
            extra["Content-Encoding"] = "gzip"
        else:
            data = gzip.decompress(data)
    return web.Response(
        body=data,
        content_type=asset.media_type,
        charset=None if asset.media_type == "image/png" else "utf-8",
        headers={**headers, **extra},
    )
