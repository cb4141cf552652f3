"""Who may come in, and what they are told: tokens, pairings, shares, events."""

import asyncio

import pytest

from edge_runtime.store import (
    PairingNotFoundError,
    PairingState,
    ShareNotFoundError,
    ShareTarget,
    Store,
    TokenNotFoundError,
    TokenScope,
    TooManyPairingsError,
    new_id,
    now_ms,
)
from edge_runtime.store.events import Events


def everything_in(home) -> bytes:
    return b"".join(path.read_bytes() for path in home.iterdir())


async def test_a_token_works_until_it_is_revoked(store):
    assert not await store.tokens.any_valid()
    token, secret = await store.tokens.create("Phone", TokenScope.READ)
    assert await store.tokens.any_valid()
    found = await store.tokens.verify(secret)
    assert (found.id, found.name, found.scope) == (token.id, "Phone", "read")
    for wrong in (secret[:-1], secret + "x", "", "ec_", "é\ud800"):
        assert await store.tokens.verify(wrong) is None
    revoked = await store.tokens.revoke(token.id)
    assert revoked.revoked_at is not None
    assert await store.tokens.revoke(token.id) == revoked
    assert await store.tokens.verify(secret) is None
    assert not await store.tokens.any_valid()
    with pytest.raises(TokenNotFoundError):
        await store.tokens.revoke(new_id())


async def test_the_use_of_a_token_is_noted(store):
    token, secret = await store.tokens.create("Phone", TokenScope.READ)
    assert token.last_used_at is None
    await store.tokens.verify(secret)
    (used,) = await store.tokens.list()
    assert used.last_used_at is not None
    await asyncio.sleep(0.005)
    await store.tokens.verify(secret)
    assert await store.tokens.list() == [used]


async def test_secrets_are_not_kept(home):
    async with await Store.open(home) as store:
        _, token = await store.tokens.create("Phone", TokenScope.ADMIN)
        _, share = await store.shares.create(ShareTarget.TAG, "sun")
        pairing, secret = await store.pairings.open("Phone")
        await store.pairings.approve(pairing.code)
        _, paired = await store.pairings.claim(pairing.id, secret)
        for one in (token, share, secret, paired):
            assert one.encode() not in everything_in(home)
        assert pairing.code.encode() in everything_in(home)


async def test_a_paired_client_gets_its_token_once(store):
    pairing, secret = await store.pairings.open("Phone")
    assert pairing.state is PairingState.OPEN
    assert await store.pairings.claim(pairing.id, secret) is None
    assert await store.pairings.pending() == [pairing]
    approved = await store.pairings.approve(f" {pairing.code.lower()} ", "read")
    assert approved.state is PairingState.APPROVED
    assert await store.pairings.pending() == []
    assert (await store.pairings.get(pairing.id, secret)).state == "approved"
    token, key = await store.pairings.claim(pairing.id, secret)
    assert (token.name, token.scope) == ("Phone", TokenScope.READ)
    assert (await store.tokens.verify(key)).id == token.id
    with pytest.raises(PairingNotFoundError):
        await store.pairings.claim(pairing.id, secret)
    assert len(await store.tokens.list()) == 1


async def test_only_the_client_itself_sees_its_pairing(store):
    pairing, _ = await store.pairings.open("Phone")
    _, other = await store.pairings.open("Thief")
    await store.pairings.approve(pairing.code)
    for work in (store.pairings.get, store.pairings.claim):
        with pytest.raises(PairingNotFoundError):
            await work(pairing.id, other)
    assert await store.tokens.list() == []


async def test_a_pairing_ends_with_its_time_or_a_no(store):
    late, secret = await store.pairings.open("Late", ttl_s=0)
    with pytest.raises(PairingNotFoundError, match="let it ask again"):
        await store.pairings.approve(late.code)
    assert (await store.pairings.get(late.id, secret)).state == "expired"
    denied, secret = await store.pairings.open("Denied")
    await store.pairings.deny(denied.code)
    with pytest.raises(PairingNotFoundError):
        await store.pairings.claim(denied.id, secret)


async def test_an_approval_ends_with_its_time_too(store, monkeypatch):
    pairing, secret = await store.pairings.open("Slow", ttl_s=60)
    await store.pairings.approve(pairing.code)
    later = now_ms() + 61_000
    monkeypatch.setattr("edge_runtime.store.pairings.now_ms", lambda: later)
    with pytest.raises(PairingNotFoundError):
        await store.pairings.claim(pairing.id, secret)


async def test_few_clients_may_wait_at_a_time(store):
    for number in range(5):
        await store.pairings.open(str(number))
    with pytest.raises(TooManyPairingsError, match="try again in 5 min"):
        await store.pairings.open("one too many")
    first = (await store.pairings.pending())[0]
    await store.pairings.deny(first.code)
    await store.pairings.open("now there is room")


async def test_a_share_works_until_it_ends(store):
    share, secret = await store.shares.create(
        ShareTarget.TAG, "sun", name="For Anna", expires_at=now_ms() + 60_000
    )
    assert await store.shares.by_secret(secret) == share
    assert await store.shares.by_secret(secret[:-1]) is None
    await store.shares.revoke(share.id)
    assert await store.shares.by_secret(secret) is None
    over, secret = await store.shares.create(
        ShareTarget.TAG, "sun", expires_at=now_ms() - 1
    )
    assert await store.shares.by_secret(secret) is None
    assert {one.id for one in await store.shares.list()} == {share.id, over.id}
    with pytest.raises(ShareNotFoundError):
        await store.shares.revoke(new_id())


async def test_events_are_told_again_to_who_was_away(store):
    events = [await store.events.append("caption.ready", {"n": n}) for n in range(5)]
    assert await store.events.newest_id() == events[-1].id
    since = await store.events.since(events[1].id)
    assert since.events == tuple(events[2:])
    assert not since.reset
    part = await store.events.since(0, limit=2)
    assert part.events == tuple(events[:2])
    assert not part.reset
    assert (await store.events.since(events[-1].id)).events == ()


async def test_who_was_away_for_too_long_is_told_so(store):
    ring = Events(store._database, ring=3)
    events = [await ring.append("x", {"n": n}) for n in range(5)]
    assert (await ring.since(events[0].id)).reset
    assert (await ring.since(events[0].id)).events == tuple(events[2:])
    assert not (await ring.since(events[1].id)).reset
    assert (await ring.since(99)).reset
    assert (await ring.since(-1)).reset


async def test_event_numbers_are_never_used_twice(home):
    async with await Store.open(home) as store:
        ring = Events(store._database, ring=0)
        assert await ring.newest_id() == 0
        gone = await ring.append("x", {})
        assert (await ring.since(gone.id)).events == ()
    async with await Store.open(home) as store:
        assert await store.events.newest_id() == gone.id
        assert (await store.events.append("x", {})).id == gone.id + 1
