"""So many at once, results in order, and an error ends what is left."""

import asyncio

import pytest

from edge_runtime.jobs import UnderWay


async def test_so_many_at_once_and_results_in_the_order_of_the_start():
    running, most, results = 0, 0, []

    async def work(number):
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.02 if number % 2 else 0)
        running -= 1
        return number

    under_way = UnderWay(3, results.append)
    for number in range(7):
        await under_way.start(work(number))
        assert len(under_way) < 3
    await under_way.drain()
    assert results == list(range(7))
    assert most == 3
    assert len(under_way) == 0


async def test_an_error_is_raised_and_the_rest_can_be_cancelled():
    cancelled = []

    async def waits():
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            cancelled.append(1)
            raise

    async def fails():
        raise ValueError("no")

    under_way = UnderWay(3)
    await under_way.start(fails())
    await under_way.start(waits())
    await asyncio.sleep(0)
    with pytest.raises(ValueError, match="no"):
        await under_way.drain()
    await under_way.end()
    assert cancelled == [1]
    assert len(under_way) == 0


async def test_what_is_finished_counts_at_the_end():
    async def work(number, seconds):
        await asyncio.sleep(seconds)
        return number

    results = []
    under_way = UnderWay(4, results.append)
    for number, seconds in enumerate((0, 0, 60)):
        await under_way.start(work(number, seconds))
    await asyncio.sleep(0.05)
    assert results == []
    await under_way.end()
    assert results == [0, 1]
