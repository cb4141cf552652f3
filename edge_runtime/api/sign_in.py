"""Signing in a browser: a link that works once, a button, a cookie.

The link is a pairing that was approved as it was made; the button is there so that
nobody but a person uses it up (previews and virus scanners open links too).
"""

from typing import Final

from aiohttp import web

from ..store import PairingNotFoundError, TokenScope, to_rfc3339
from .access import COOKIE
from .callers import CallerKind
from .fields import ListOf, Text, Timestamp, answer, obj, ulid
from .keys import BASE_URLS
from .routing import API, Call, Reply, RouteTable
from .scopes import Scope
from .tokens import NAME, SCOPE

ROUTES: Final = RouteTable("sign-in")
LINK_TTL_S: Final = 600
MAX_LINKS: Final = 100
_YEAR_S: Final = 365 * 24 * 3600
_LINK_FIELDS: Final = {
    "id": ulid(required=False),
    "secret": Text(required=False, max_length=200),
}
_PAGE: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Edge Captions</title>
<meta name="viewport" content="width=device-width, initial-scale=1"></head>
<body><main><h1>Edge Captions</h1>{body}</main></body></html>
"""
_HOW_TO_SIGN_IN: Final = (
    "<p>To sign in, make a link on the machine that runs the service:</p>"
    "<pre>edge-captions token create PHONE --qr</pre>"
)


@ROUTES.post(
    f"{API}/sign-in-links",
    summary="Make a link that signs in one browser, once",
    scope=Scope.ADMIN,
    body=obj(name=NAME, scope=SCOPE),
    answer=answer(path=Text(), urls=ListOf(item=Text()), expires_at=Timestamp()),
    status=201,
)
async def create_sign_in_link(call: Call) -> Reply:
    """Make a link for every address that others can reach this service at."""
    pairings = call.service.store.pairings
    # whoever may approve isn't kept out by strangers who asked for a pairing
    pairing, secret = await pairings.open(
        call.body["name"], ttl_s=LINK_TTL_S, limit=MAX_LINKS
    )
    await pairings.approve(pairing.code, TokenScope(call.body["scope"]))
    path = f"sign-in?id={pairing.id}&secret={secret}"
    return {
        "path": path,
        "urls": [f"{base}/{path}" for base in call.request.app[BASE_URLS]()],
        "expires_at": to_rfc3339(pairing.expires_at),
    }


@ROUTES.get(
    "/sign-in",
    summary="Show the button that signs in this browser",
    scope=Scope.PUBLIC,
    query=_LINK_FIELDS,
    media_type="text/html",
)
async def show_sign_in(call: Call) -> Reply:
    """Return a page with one button."""
    if not (call.query["id"] and call.query["secret"]):
        return _page(_HOW_TO_SIGN_IN)
    return _page('<form method="post"><button>Sign in this browser</button></form>')


@ROUTES.post(
    "/sign-in",
    summary="Sign in this browser with a link that was not used yet",
    scope=Scope.PUBLIC,
    query=_LINK_FIELDS,
    status=303,
    media_type="text/html",
    errors=(PairingNotFoundError,),
)
async def sign_in(call: Call) -> Reply:
    """Turn the link into a cookie."""
    pairings = call.service.store.pairings
    claimed = None
    if call.query["id"] and call.query["secret"]:
        claimed = await pairings.claim(call.query["id"], call.query["secret"])
    if claimed is None:
        raise PairingNotFoundError(
            "this link was used or is too old: make a new one with "
            "`edge-captions token create NAME --qr`"
        )
    response = web.Response(status=303, headers={"Location": "./"})
    response.set_cookie(
        COOKIE,
        claimed[1],
        max_age=_YEAR_S,
        httponly=True,
        samesite="Strict",
        secure=call.request.secure,
    )
    return response


@ROUTES.post(
    f"{API}/sign-out",
    summary="Sign out this browser; its token counts no more",
    scope=Scope.PUBLIC,
)
async def sign_out(call: Call) -> Reply:
    """Take the cookie away and revoke what it held."""
    if call.caller.kind is CallerKind.COOKIE and call.caller.token_id is not None:
        await call.service.store.tokens.revoke(call.caller.token_id)
    response = web.Response(status=204)
    response.del_cookie(COOKIE)
    return response


def _page(body: str) -> web.Response:
    return web.Response(text=_PAGE.format(body=body), content_type="text/html")
