"""Who may do what: tokens and their scopes, this machine, cookies, Home Assistant."""

from dataclasses import replace

from aiohttp.test_utils import make_mocked_request
from api_helpers import connected, error_of
import pytest

from edge_runtime.api.access import COOKIE, SUPERVISOR, Access, refuse_cross_site
from edge_runtime.api.app import build_app
from edge_runtime.api.callers import NOBODY, Caller, CallerKind
from edge_runtime.api.errors import CrossSiteError
from edge_runtime.api.limits import FREE_FAILURES, FailedTokens
from edge_runtime.api.scopes import Scope

INFO = "/api/v1/info"
STATS = "/api/v1/stats"
TOKENS = "/api/v1/tokens"


async def status_of(client, path, method="GET", **options) -> int:
    async with client.request(method, path, **options) as response:
        return response.status


async def scope_of(client, **headers) -> str:
    async with client.get(INFO, headers=headers) as response:
        assert response.status == 200
        return (await response.json())["scope"]


async def test_a_token_reaches_as_far_as_its_scope(outside, tokens):
    body = {"name": "x"}
    for scope, statuses in {
        "read": [200, 403, 403],
        "write": [200, 403, 403],
        "admin": [200, 200, 201],
    }.items():
        found = [
            await status_of(outside, STATS, headers=tokens[scope]),
            await status_of(outside, TOKENS, headers=tokens[scope]),
            await status_of(outside, TOKENS, "POST", json=body, headers=tokens[scope]),
        ]
        assert found == statuses, scope
        assert await scope_of(outside, **tokens[scope]) == scope


async def test_without_a_token_only_what_is_public_answers(outside):
    for path, status in [
        ("/health", 200),
        (INFO, 200),
        ("/api/v1/openapi.json", 200),
        ("/sign-in", 200),
        (STATS, 401),
        (TOKENS, 401),
        ("/metrics", 401),
        ("/api/v1/events", 401),
        ("/api/v1/settings", 401),
    ]:
        assert await status_of(outside, path) == status, path
    async with outside.get(STATS) as response:
        assert await error_of(response) == "unauthorized"
        assert response.headers["WWW-Authenticate"].startswith("Bearer")


async def test_strangers_learn_no_facts_of_the_machine(outside, tokens):
    async with outside.get(INFO) as response:
        facts = await response.json()
    assert set(facts) == {
        *("name", "id", "version", "api_version", "min_api_version"),
        *("authorized", "scope"),
    }
    assert facts["authorized"] is False
    async with outside.get(INFO, headers=tokens["read"]) as response:
        facts = await response.json()
    assert facts["authorized"] is True
    assert facts["hardware"]["cpu"]["arch"]
    assert facts["selection"]["tasks"]


@pytest.mark.parametrize(
    "header", ["Bearer ec_wrong", "Bearer", "Basic eDp5", "x", "Bearer \xff"]
)
async def test_a_wrong_token_is_refused_even_where_none_is_needed(outside, header):
    for path in ("/health", STATS):
        async with outside.get(path, headers={"Authorization": header}) as response:
            assert (response.status, await error_of(response)) == (401, "unauthorized")


async def test_a_revoked_token_counts_no_more(outside, tokens, service):
    found = {token.name: token.id for token in await service.store.tokens.list()}
    assert await status_of(outside, STATS, headers=tokens["read"]) == 200
    await service.store.tokens.revoke(found["a read client"])
    assert await status_of(outside, STATS, headers=tokens["read"]) == 401


async def test_this_machine_needs_no_token_while_the_service_is_its_own(client):
    assert await scope_of(client) == "admin"
    for header in ("X-Forwarded-For", "Forwarded", "Via", "X-Real-IP"):
        assert await scope_of(client, **{header: "10.0.0.7"}) == "public"


async def test_wrong_tokens_wait_and_good_ones_do_not(service, tokens):
    now = [0.0]
    access = Access(
        loopback_only=False, ingress=False, failed=FailedTokens(lambda: now[0])
    )
    wrong = {"Authorization": "Bearer ec_wrong"}
    async with connected(build_app(service, access)) as client:
        for _ in range(FREE_FAILURES + 1):
            assert await status_of(client, STATS, headers=wrong) == 401
        async with client.get(STATS, headers=wrong) as response:
            assert (response.status, await error_of(response)) == (
                429,
                "too_many_requests",
            )
            assert response.headers["Retry-After"] == "2"
        cookie = {"Cookie": f"{COOKIE}=ec_wrong"}
        assert await status_of(client, STATS, headers=cookie) == 429
        assert await status_of(client, STATS, headers=tokens["read"]) == 200
        assert await status_of(client, STATS, headers=wrong) == 401


@pytest.mark.parametrize(
    ("ingress", "remote", "path", "kind"),
    [
        (True, SUPERVISOR, "/api/hassio_ingress/x", CallerKind.INGRESS),
        (True, SUPERVISOR, None, CallerKind.NOBODY),
        (True, "172.30.32.3", "/api/hassio_ingress/x", CallerKind.NOBODY),
        (False, SUPERVISOR, "/api/hassio_ingress/x", CallerKind.NOBODY),
    ],
)
async def test_ingress_is_believed_from_the_supervisor_alone(
    service, ingress, remote, path, kind
):
    headers = {} if path is None else {"X-Ingress-Path": path}
    request = make_mocked_request("GET", "/", headers=headers).clone(remote=remote)
    access = Access(loopback_only=False, ingress=ingress)
    caller = await access.identify(request, service.store)
    assert caller.kind is kind


HOST = "pi.local:8477"
WRITES = [
    # headers, may a cookie do it, may this machine
    ({}, False, True),
    ({"X-Requested-With": "fetch"}, True, True),
    ({"Sec-Fetch-Site": "same-origin"}, True, True),
    ({"Sec-Fetch-Site": "none"}, True, True),
    ({"Sec-Fetch-Site": "same-site", "Origin": f"http://{HOST}"}, False, False),
    ({"Sec-Fetch-Site": "cross-site"}, False, False),
    ({"Origin": f"http://{HOST}"}, True, True),
    ({"Origin": f"http://{HOST}".upper()}, True, True),
    ({"Origin": "http://pi.local:8123"}, False, False),
    ({"Origin": "http://evil.example"}, False, False),
    ({"Origin": "null"}, False, False),
]


@pytest.mark.parametrize(("headers", "cookie", "loopback"), WRITES)
def test_another_sites_page_can_not_use_a_persons_rights(headers, cookie, loopback):
    for kind, allowed in (
        (CallerKind.COOKIE, cookie),
        (CallerKind.INGRESS, cookie),
        (CallerKind.LOOPBACK, loopback),
        (CallerKind.TOKEN, True),
        (CallerKind.SOCKET, True),
    ):
        caller = Caller(kind, Scope.WRITE, "x")
        for method in ("POST", "DELETE", "PUT", "PATCH"):
            request = make_mocked_request(
                method, "/", headers={"Host": HOST, **headers}
            )
            if allowed:
                refuse_cross_site(request, caller)
            else:
                with pytest.raises(CrossSiteError):
                    refuse_cross_site(request, caller)
        request = make_mocked_request("GET", "/", headers={"Host": HOST, **headers})
        refuse_cross_site(request, caller)
    refuse_cross_site(make_mocked_request("POST", "/"), NOBODY)


async def test_a_page_can_not_write_through_a_browser_on_this_machine(client):
    headers = {"Origin": "https://evil.example"}
    body = {"name": "evil", "scope": "admin"}
    async with client.post(TOKENS, json=body, headers=headers) as response:
        assert (response.status, await error_of(response)) == (
            403,
            "cross_site_request",
        )
    async with client.get(TOKENS) as response:
        assert (await response.json())["items"] == []


async def test_a_cookie_signs_in_and_reaches_as_far_as_its_token(outside, tokens):
    secret = tokens["write"]["Authorization"].removeprefix("Bearer ")
    cookie = {"Cookie": f"{COOKIE}={secret}"}
    assert await scope_of(outside, **cookie) == "write"
    assert await status_of(outside, STATS, headers=cookie) == 200
    stale = {"Cookie": f"{COOKIE}=ec_old"}
    assert await scope_of(outside, **stale) == "public"
    assert await status_of(outside, STATS, headers=stale) == 401


async def test_more_names_may_be_allowed(service):
    settings = replace(service.settings, allowed_hosts=("photos.example",))
    service.settings = settings
    access = Access(loopback_only=True, ingress=False)
    async with connected(build_app(service, access)) as client:
        for host, status in [("photos.example", 200), ("evil.example", 421)]:
            assert await status_of(client, "/health", headers={"Host": host}) == status
