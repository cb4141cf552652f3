"""One at a time, the most urgent first, and nobody is lost."""

import asyncio

import pytest

from edge_runtime.jobs import Priority, PriorityGate


async def settled():
    for _ in range(5):
        await asyncio.sleep(0)


async def queue_up(gate, order, tickets):
    async def pass_through(name, priority, group):
        async with gate.hold(priority, group):
            order.append(name)

    return [asyncio.create_task(pass_through(*ticket)) for ticket in tickets]


async def test_priority_then_the_loaded_model_then_age():
    gate, order = PriorityGate(), []
    async with gate.hold(Priority.BATCH, "small"):
        tasks = await queue_up(
            gate,
            order,
            [
                ("batch other", Priority.BATCH, "large"),
                ("batch same", Priority.BATCH, "small"),
                ("person other", Priority.WAITING, "large"),
                ("person same", Priority.WAITING, "small"),
            ],
        )
        await settled()
        assert order == []
        assert gate.waiting() == 4
        assert gate.waiting(Priority.WAITING) == 2
        assert gate.group == "small"
    await asyncio.gather(*tasks)
    # after `person other` the large model is loaded: its batch goes first
    assert order == ["person same", "person other", "batch other", "batch same"]
    assert gate.group is None


async def test_who_waited_long_enough_no_longer_stands_back(monkeypatch):
    monkeypatch.setattr("edge_runtime.jobs.gate._PATIENCE_S", 0.05)
    gate, order = PriorityGate(), []
    async with gate.hold(0, "small"):
        tasks = await queue_up(gate, order, [("other", 10, "large")])
        await asyncio.sleep(0.1)
        tasks += await queue_up(gate, order, [("same", 10, "small")])
        await settled()
    await asyncio.gather(*tasks)
    assert order == ["other", "same"]


async def test_a_batch_has_more_patience_with_the_loaded_model(monkeypatch):
    monkeypatch.setattr("edge_runtime.jobs.gate._PATIENCE_S", 0.05)
    gate, order = PriorityGate(), []
    async with gate.hold(Priority.BATCH, "small"):
        tasks = await queue_up(gate, order, [("other", Priority.BATCH, "large")])
        await asyncio.sleep(0.1)
        tasks += await queue_up(gate, order, [("same", Priority.BATCH, "small")])
        await settled()
    await asyncio.gather(*tasks)
    assert order == ["same", "other"]


async def test_cancelled_waiters_leave_and_the_others_go_on():
    gate, order = PriorityGate(), []
    async with gate.hold(0):
        tasks = await queue_up(gate, order, [("a", 5, ""), ("b", 0, ""), ("c", 0, "")])
        await settled()
        tasks[1].cancel()
        await settled()
        assert gate.waiting() == 2
    # `a` gets its turn and is cancelled in the same moment
    tasks[0].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert order == ["c"]
    assert gate.waiting() == 0
    async with asyncio.timeout(1), gate.hold(0):
        pass


async def test_an_error_inside_lets_the_next_one_in():
    gate = PriorityGate()
    with pytest.raises(RuntimeError):
        async with gate.hold(0, "x"):
            raise RuntimeError
    async with asyncio.timeout(1), gate.hold(0, "y"):
        assert gate.group == "y"
