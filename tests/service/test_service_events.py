"""Events: stored in order, handed to listeners, slow ones given up."""

import asyncio

import pytest

from edge_runtime.service import EventHub, SubscriberLost
from edge_runtime.store import Store


@pytest.fixture
async def store(tmp_path):
    async with await Store.open(tmp_path / "home") as store:
        yield store


async def test_events_come_in_the_order_of_their_ids(store):
    hub = EventHub()
    hub.attach(store)
    async with hub.subscribe() as subscription:
        await asyncio.gather(*(hub.emit("a", {"n": n}) for n in range(20)))
        hub.tell("progress", {"half": True})
        events = [await subscription.get() for _ in range(21)]
    ids = [event.id for event in events[:-1]]
    assert ids == sorted(ids)
    assert len(set(ids)) == 20
    assert (events[-1].id, events[-1].type) == (None, "progress")
    kept = await store.events.since(0)
    assert [event.id for event in kept.events] == ids


async def test_a_slow_listener_is_lost_and_the_others_go_on(store):
    hub = EventHub()
    hub.attach(store)
    async with hub.subscribe(maxsize=3) as slow, hub.subscribe() as quick:
        for number in range(6):
            await hub.emit("a", {"n": number})
        with pytest.raises(SubscriberLost):
            await slow.get()
        assert [(await quick.get()).data["n"] for _ in range(6)] == [*range(6)]
    assert hub.subscribers == 0


async def test_a_closed_hub_sends_waiting_listeners_away():
    hub = EventHub()
    async with hub.subscribe() as subscription:
        waiting = asyncio.create_task(subscription.get())
        await asyncio.sleep(0)
        hub.close()
        with pytest.raises(SubscriberLost):
            await waiting


async def test_an_event_that_cannot_be_stored_is_still_told(tmp_path):
    store = await Store.open(tmp_path / "home")
    hub = EventHub()
    hub.attach(store)
    await store.close()
    async with hub.subscribe() as subscription:
        await hub.emit("a", {})
        assert (await subscription.get()).id is None
