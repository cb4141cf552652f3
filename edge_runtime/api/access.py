"""Who a request comes from: socket, token, cookie, Home Assistant or this machine."""

from dataclasses import dataclass, field
import math
import socket
from typing import Final

from aiohttp import web

from ..store import Store
from .callers import NOBODY, Caller, CallerKind
from .drop_in.errors import is_drop_in
from .errors import BusyError, CrossSiteError, UnauthorizedError
from .hosts import host_and_port, is_loopback
from .limits import FailedTokens, address_key
from .scopes import Scope

COOKIE: Final = "edge_captions"
SUPERVISOR: Final = "172.30.32.2"
"""Home Assistant's Supervisor on its own network; ingress comes from nowhere else."""
INGRESS_PATH: Final = "X-Ingress-Path"
_FORWARDED: Final = ("Forwarded", "X-Forwarded-For", "X-Real-IP", "Via")
"""What a proxy adds: behind one, an address of this machine may be anybody."""
SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_REASON: Final = {
    CallerKind.COOKIE: "a signed-in browser",
    CallerKind.LOOPBACK: "a browser on this machine",
    CallerKind.INGRESS: "a browser in Home Assistant",
}


@dataclass(slots=True)
class Access:
    """Decides who a request comes from, and keeps guessers waiting."""

    loopback_only: bool
    """The service listens to this machine alone: its programs need no token."""
    ingress: bool
    failed: FailedTokens = field(default_factory=FailedTokens)

    async def identify(self, request: web.Request, store: Store) -> Caller:
        """Return the caller; raise UnauthorizedError for a token that is none."""
        if is_unix_socket(request):
            return Caller(CallerKind.SOCKET, Scope.ADMIN, "this user")
        header = request.headers.get("Authorization")
        # other programs' clients send some key even where none is needed
        is_idle_key = is_drop_in(request.path) and self._is_this_machine(request)
        if header and not is_idle_key:
            return await self._by_header(request, header, store)
        if cookie := request.cookies.get(COOKIE):
            caller = await self._by_secret(request, cookie, CallerKind.COOKIE, store)
            if caller is not None:
                return caller
        if self.is_ingress(request):
            return Caller(CallerKind.INGRESS, Scope.ADMIN, "Home Assistant")
        if self._is_this_machine(request):
            return Caller(CallerKind.LOOPBACK, Scope.ADMIN, "this machine")
        return NOBODY

    def is_ingress(self, request: web.Request) -> bool:
        """Return whether Home Assistant's Supervisor sends this for a person."""
        from_supervisor = self.ingress and request.remote == SUPERVISOR
        return from_supervisor and INGRESS_PATH in request.headers

    def _is_this_machine(self, request: web.Request) -> bool:
        if not self.loopback_only or not is_loopback(request.remote):
            return False
        return not any(name in request.headers for name in _FORWARDED)

    async def _by_header(
        self, request: web.Request, header: str, store: Store
    ) -> Caller:
        scheme, _, secret = header.partition(" ")
        if scheme.lower() != "bearer":
            raise UnauthorizedError("send the token as `Authorization: Bearer TOKEN`")
        caller = await self._by_secret(request, secret.strip(), CallerKind.TOKEN, store)
        if caller is None:
            raise UnauthorizedError(
                "the token is unknown or was revoked; `edge-captions token list` "
                "shows those that count"
            )
        return caller

    async def _by_secret(
        self, request: web.Request, secret: str, kind: CallerKind, store: Store
    ) -> Caller | None:
        key = address_key(request.remote)
        token = await store.tokens.verify(secret)
        if token is not None:
            self.failed.forget(key)
            return Caller(kind, Scope.of_token(token.scope), token.name, token.id)
        wait = self.failed.wait_s(key)
        self.failed.count(key)
        if wait:
            raise BusyError(
                f"too many wrong tokens from {key}; wait {math.ceil(wait)} s", wait
            )
        return None


def is_unix_socket(request: web.Request) -> bool:
    """Return whether a request came by the home's own socket."""
    transport = request.transport
    if transport is None:
        return False
    connection = transport.get_extra_info("socket")
    return connection is not None and connection.family == socket.AF_UNIX


def refuse_cross_site(request: web.Request, caller: Caller) -> None:
    """Raise if another site's page may have made the caller's browser send this.

    A token in a header is proof enough: no other page can know it. A cookie, an address
    or ingress is not, so the browser has to say that our own page asks.
    """
    if request.method in SAFE_METHODS or not caller.kind.is_ambient:
        return
    headers = request.headers
    if "X-Requested-With" in headers:  # no other site may set it: CORS is closed
        return
    site, origin = headers.get("Sec-Fetch-Site"), headers.get("Origin")
    if site is not None:
        own = site in {"same-origin", "none"}
    elif origin is not None:
        own = host_and_port(origin.partition("://")[2]) == host_and_port(
            headers.get("Host", "")
        )
    else:  # no browser: they all name the origin of what is not a plain GET
        own = caller.kind is CallerKind.LOOPBACK
    if not own:
        raise CrossSiteError(
            f"another site's page sent this through {_REASON[caller.kind]}"
        )
