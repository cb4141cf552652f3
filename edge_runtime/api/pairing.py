"""`/api/v1/pairings`: a client asks, a person compares the code and approves."""

from typing import Any, Final

from ..store import (
    Pairing,
    PairingNotFoundError,
    PairingState,
    TokenScope,
    TooManyPairingsError,
    to_rfc3339,
)
from .errors import BusyError, UnauthorizedError
from .fields import Choice, ListOf, Text, Timestamp, answer, obj, ulid
from .keys import PAIRING_ALLOWANCE
from .limits import address_key
from .routing import API, Call, Reply, RouteTable
from .scopes import Scope
from .tokens import NAME, SCOPE

ROUTES: Final = RouteTable("pairing")
SECRET_HEADER: Final = "X-Pairing-Secret"  # noqa: S105 - a name
CODE: Final = Text(pattern=r"[A-Za-z]{3}-?[0-9]{3}", max_length=7)
PAIRING: Final = answer(
    id=ulid(),
    code=Text(),
    name=Text(),
    state=Choice.of(*PairingState),
    created_at=Timestamp(),
    expires_at=Timestamp(),
)


@ROUTES.post(
    f"{API}/pairings",
    summary="Ask for a token; a person approves the code",
    scope=Scope.PUBLIC,
    body=obj(name=NAME),
    answer=answer(**PAIRING.fields, secret=Text()),
    status=201,
    errors=(TooManyPairingsError, BusyError),
)
async def create_pairing(call: Call) -> Reply:
    """Open a pairing; its secret fetches the token once a person has approved."""
    request = call.request
    wait = request.app[PAIRING_ALLOWANCE].take(address_key(request.remote))
    if wait:
        raise BusyError("too many pairings from this address; wait a moment", wait)
    pairing, secret = await call.service.store.pairings.open(call.body["name"])
    await call.service.events.emit("pairing.opened", pairing_dict(pairing))
    return {**pairing_dict(pairing), "secret": secret}


@ROUTES.get(
    f"{API}/pairings",
    summary="List the clients that wait for approval",
    scope=Scope.ADMIN,
    answer=answer(items=ListOf(item=PAIRING)),
)
async def list_pairings(call: Call) -> Reply:
    """Return what waits."""
    waiting = await call.service.store.pairings.pending()
    return {"items": [pairing_dict(pairing) for pairing in waiting]}


@ROUTES.get(
    f"{API}/pairings/{{pairing_id}}",
    summary=f"Return the token once, when the secret in {SECRET_HEADER} is right",
    scope=Scope.PUBLIC,
    path_fields={"pairing_id": ulid()},
    answer=answer(**PAIRING.fields, token=Text(nullable=True)),
    errors=(PairingNotFoundError,),
)
async def claim_pairing(call: Call) -> Reply:
    """Return the state; with it, the first time after approval, the token."""
    secret = call.request.headers.get(SECRET_HEADER)
    if not secret:
        raise UnauthorizedError(f"send the pairing's secret as {SECRET_HEADER}")
    pairings = call.service.store.pairings
    claimed = await pairings.claim(call.path["pairing_id"], secret)
    pairing = await pairings.get(call.path["pairing_id"], secret)
    token = None if claimed is None else claimed[1]
    return {**pairing_dict(pairing), "token": token}


@ROUTES.post(
    f"{API}/pairings/approvals",
    summary="Approve a client by the code that it shows",
    scope=Scope.ADMIN,
    body=obj(code=CODE, scope=SCOPE),
    answer=PAIRING,
    errors=(PairingNotFoundError,),
)
async def approve_pairing(call: Call) -> Reply:
    """Let a client fetch its token."""
    scope = TokenScope(call.body["scope"])
    code = plain_code(call.body["code"])
    pairing = await call.service.store.pairings.approve(code, scope)
    await call.service.events.emit("pairing.closed", {"id": pairing.id})
    return pairing_dict(pairing)


@ROUTES.post(
    f"{API}/pairings/denials",
    summary="Turn a client away by its code",
    scope=Scope.ADMIN,
    body=obj(code=CODE),
    errors=(PairingNotFoundError,),
)
async def deny_pairing(call: Call) -> None:
    """Forget a client that asked."""
    await call.service.store.pairings.deny(plain_code(call.body["code"]))
    await call.service.events.emit("pairing.closed", {})


def pairing_dict(pairing: Pairing) -> dict[str, Any]:
    """Return a pairing as clients see it."""
    return {
        "id": pairing.id,
        "code": pairing.code,
        "name": pairing.name,
        "state": pairing.state.value,
        "created_at": to_rfc3339(pairing.created_at),
        "expires_at": to_rfc3339(pairing.expires_at),
    }


def plain_code(text: str) -> str:
    """Return a code as it is stored, however a person typed it."""
    letters = text.replace("-", "").upper()
    return f"{letters[:3]}-{letters[3:]}"
