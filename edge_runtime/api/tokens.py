"""`/api/v1/tokens`: the keys that clients were given."""

from typing import Any, Final

from ..store import Token, TokenNotFoundError, TokenScope, to_rfc3339
from .fields import Choice, ListOf, Text, Timestamp, answer, obj, ulid
from .routing import API, Call, Reply, RouteTable, json_answer
from .scopes import Scope

ROUTES: Final = RouteTable("tokens")
NAME: Final = Text(min_length=1, max_length=100, description="who holds the token")
SCOPE: Final = Choice.of(*TokenScope, required=False, default=TokenScope.WRITE.value)
TOKEN: Final = answer(
    id=Text(),
    name=Text(),
    scope=Choice.of(*TokenScope),
    created_at=Timestamp(),
    last_used_at=Timestamp(nullable=True),
    revoked_at=Timestamp(nullable=True),
)


@ROUTES.get(
    f"{API}/tokens",
    summary="List the tokens; the secrets themselves are not kept",
    scope=Scope.ADMIN,
    answer=answer(items=ListOf(item=TOKEN)),
)
async def list_tokens(call: Call) -> Reply:
    """Return all tokens, the revoked ones too."""
    tokens = await call.service.store.tokens.list()
    return {"items": [token_dict(token) for token in tokens]}


@ROUTES.post(
    f"{API}/tokens",
    summary="Make a token; its secret is shown this once",
    scope=Scope.ADMIN,
    body=obj(name=NAME, scope=SCOPE),
    answer=answer(**TOKEN.fields, token=Text()),
    status=201,
)
async def create_token(call: Call) -> Reply:
    """Make a token."""
    scope = TokenScope(call.body["scope"])
    token, secret = await call.service.store.tokens.create(call.body["name"], scope)
    return json_answer({**token_dict(token), "token": secret}, 201)


@ROUTES.delete(
    f"{API}/tokens/{{token_id}}",
    summary="Revoke a token; it counts no more from now on",
    scope=Scope.ADMIN,
    path_fields={"token_id": ulid()},
    answer=TOKEN,
    errors=(TokenNotFoundError,),
)
async def revoke_token(call: Call) -> Reply:
    """Revoke a token."""
    return token_dict(await call.service.store.tokens.revoke(call.path["token_id"]))


def token_dict(token: Token) -> dict[str, Any]:
    """Return a token as clients see it."""
    return {
        "id": token.id,
        "name": token.name,
        "scope": token.scope.value,
        "created_at": to_rfc3339(token.created_at),
        "last_used_at": _time(token.last_used_at),
        "revoked_at": _time(token.revoked_at),
    }


def _time(moment: int | None) -> str | None:
    return None if moment is None else to_rfc3339(moment)
