"""Tokens, pairing and signing in: every way by which a client gets its key."""

from api_helpers import error_of
import pytest
from yarl import URL

from edge_runtime.api.access import COOKIE
from edge_runtime.api.pairing import SECRET_HEADER, plain_code

STATS = "/api/v1/stats"


async def make(client, **body):
    async with client.post("/api/v1/tokens", json=body) as response:
        return response.status, await response.json()


async def test_a_token_is_shown_once_and_can_be_revoked(client, outside):
    status, made = await make(client, name="phone", scope="read")
    assert status == 201
    headers = {"Authorization": f"Bearer {made.pop('token')}"}
    assert made["scope"] == "read"
    async with outside.get(STATS, headers=headers) as response:
        assert response.status == 200
    async with client.get("/api/v1/tokens") as response:
        (listed,) = (await response.json())["items"]
    assert listed["last_used_at"] is not None
    assert {**listed, "last_used_at": None} == made
    async with client.delete(f"/api/v1/tokens/{made['id']}") as response:
        assert (await response.json())["revoked_at"] is not None
    async with outside.get(STATS, headers=headers) as response:
        assert response.status == 401


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": ""},
        {"name": "x" * 101},
        {"name": "x", "scope": "root"},
        {"name": "x", "extra": 1},
        {"name": ["x"]},
    ],
)
async def test_a_token_needs_a_name_and_a_known_scope(client, body):
    async with client.post("/api/v1/tokens", json=body) as response:
        assert (response.status, await error_of(response)) == (400, "invalid_request")


async def test_revoking_what_is_not_there_says_so(client):
    path = "/api/v1/tokens/01ARZ3NDEKTSV4RRFFQ69G5FAV"
    async with client.delete(path) as response:
        assert response.status == 404


async def open_pairing(client, name="Home Assistant"):
    async with client.post("/api/v1/pairings", json={"name": name}) as response:
        assert response.status == 201
        return await response.json()


async def claim(client, pairing, secret=None):
    headers = {SECRET_HEADER: secret or pairing["secret"]}
    path = f"/api/v1/pairings/{pairing['id']}"
    async with client.get(path, headers=headers) as response:
        return response.status, await response.json()


async def test_a_client_is_let_in_by_the_code_that_it_shows(outside, tokens):
    pairing = await open_pairing(outside)
    assert pairing["code"][3] == "-"
    status, waiting = await claim(outside, pairing)
    assert (status, waiting["state"], waiting["token"]) == (200, "open", None)
    admin = tokens["admin"]
    async with outside.get("/api/v1/pairings", headers=admin) as response:
        (listed,) = (await response.json())["items"]
    assert (listed["code"], listed["name"]) == (pairing["code"], "Home Assistant")
    assert "secret" not in listed
    typed = {"code": pairing["code"].lower().replace("-", "")}
    path = "/api/v1/pairings/approvals"
    async with outside.post(path, json=typed, headers=tokens["write"]) as response:
        assert response.status == 403
    async with outside.post(path, json=typed, headers=admin) as response:
        assert (await response.json())["state"] == "approved"
    status, approved = await claim(outside, pairing)
    assert (status, approved["state"]) == (200, "claimed")
    headers = {"Authorization": f"Bearer {approved['token']}"}
    async with outside.get(STATS, headers=headers) as response:
        assert response.status == 200
    async with outside.get("/api/v1/tokens", headers=headers) as response:
        assert response.status == 403
    _, again = await claim(outside, pairing)
    assert again.get("token") is None


async def test_only_the_client_itself_gets_the_token(outside):
    pairing = await open_pairing(outside)
    status, body = await claim(outside, pairing, secret="guessed")
    assert (status, body["error"]["code"]) == (404, "pairing_not_found")
    async with outside.get(f"/api/v1/pairings/{pairing['id']}") as response:
        assert (response.status, await error_of(response)) == (401, "unauthorized")


async def test_a_client_is_turned_away(client):
    pairing = await open_pairing(client)
    body = {"code": pairing["code"]}
    async with client.post("/api/v1/pairings/denials", json=body) as response:
        assert response.status == 204
    status, _ = await claim(client, pairing)
    assert status == 404
    async with client.post("/api/v1/pairings/approvals", json=body) as response:
        assert response.status == 404


async def test_nobody_can_flood_the_person_with_requests(outside, service):
    for _ in range(5):
        await open_pairing(outside)
    codes = []
    for _ in range(8):
        async with outside.post("/api/v1/pairings", json={"name": "x"}) as response:
            assert response.status == 429
            assert int(response.headers["Retry-After"]) > 0
            codes.append(await error_of(response))
    assert codes[0] == "too_many_pairings"
    assert codes[-1] == "too_many_requests"
    assert len(await service.store.pairings.pending()) == 5


def test_a_code_is_the_same_however_it_is_typed():
    assert {plain_code(t) for t in ("KTB-472", "ktb472", "Ktb-472")} == {"KTB-472"}


async def sign_in_link(client, **body):
    async with client.post("/api/v1/sign-in-links", json=body) as response:
        assert response.status == 201
        return await response.json()


async def test_a_link_signs_in_one_browser_once(client, outside):
    link = await sign_in_link(client, name="phone", scope="read")
    assert link["urls"] == []  # this one can't be reached from elsewhere
    path = f"/{link['path']}"
    for _ in range(2):  # looking uses nothing up: link previews look too
        async with outside.get(path) as response:
            assert response.status == 200
            assert '<form method="post">' in await response.text()
    async with outside.post(path, allow_redirects=False) as response:
        assert (response.status, response.headers["Location"]) == (303, "./")
        cookie = response.cookies[COOKIE]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Strict"
    jar = outside.session.cookie_jar
    assert COOKIE in jar.filter_cookies(URL(str(outside.make_url("/"))))
    async with outside.get(STATS) as response:
        assert response.status == 200
    async with outside.get("/api/v1/info") as response:
        assert (await response.json())["scope"] == "read"
    own = {"Origin": str(outside.make_url("")).rstrip("/")}  # as a browser's form does
    async with outside.post(path, headers=own, allow_redirects=False) as response:
        assert (response.status, await error_of(response)) == (404, "pairing_not_found")


async def test_signing_out_ends_the_token(client, outside, service):
    link = await sign_in_link(client, name="phone", scope="write")
    async with outside.post(f"/{link['path']}", allow_redirects=False) as response:
        secret = response.cookies[COOKIE].value
    async with outside.post("/api/v1/sign-out") as response:
        assert response.status == 403  # no page of ours asked
    headers = {"X-Requested-With": "fetch"}
    async with outside.post("/api/v1/sign-out", headers=headers) as response:
        assert response.status == 204
        assert response.cookies[COOKIE].value == ""
    assert await service.store.tokens.verify(secret) is None


@pytest.mark.parametrize("query", ["", "?id=01ARZ3NDEKTSV4RRFFQ69G5FAV&secret=x"])
async def test_a_link_that_is_none_signs_nobody_in(outside, query):
    async with outside.post(f"/sign-in{query}", allow_redirects=False) as response:
        assert (response.status, await error_of(response)) == (404, "pairing_not_found")
        assert COOKIE not in response.cookies


async def test_a_link_names_the_addresses_of_the_service(outside, tokens):
    async with outside.post(
        "/api/v1/sign-in-links", json={"name": "x"}, headers=tokens["admin"]
    ) as response:
        link = await response.json()
    assert link["urls"] == [f"http://192.168.1.5:8477/{link['path']}"]
    assert "sign-in?id=" in link["path"]


async def test_signing_in_is_explained_to_a_person(outside):
    async with outside.get("/sign-in") as response:
        assert response.status == 200
        assert response.content_type == "text/html"
        assert "token create" in await response.text()
