"""Waiting times, without waiting."""

import pytest

from edge_runtime.api.limits import (
    FREE_FAILURES,
    MAX_ADDRESSES,
    MAX_WAIT_S,
    Allowance,
    FailedTokens,
    address_key,
)


class FakeClock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_failures_wait_longer_and_longer_and_a_good_token_forgives():
    clock = FakeClock()
    failed = FailedTokens(clock)
    for _ in range(FREE_FAILURES):
        failed.count("a")
    assert failed.wait_s("a") == 0
    waits = []
    for _ in range(12):
        failed.count("a")
        waits.append(failed.wait_s("a"))
    assert waits[:4] == [2, 4, 8, 16]
    assert waits[-1] == MAX_WAIT_S
    assert failed.wait_s("b") == 0
    clock.now += MAX_WAIT_S
    assert failed.wait_s("a") == 0
    failed.count("a")
    failed.forget("a")
    failed.count("a")
    assert failed.wait_s("a") == 0


def test_an_allowance_comes_back_with_time():
    clock = FakeClock()
    allowance = Allowance(amount=2, per_s=10, clock=clock)
    assert [allowance.take("a"), allowance.take("a")] == [0, 0]
    assert allowance.take("a") == pytest.approx(5)
    assert allowance.take("b") == 0
    clock.now += 4
    assert allowance.take("a") == pytest.approx(1)
    clock.now += 1
    assert allowance.take("a") == 0


def test_nobody_can_fill_the_memory():
    failed, allowance = FailedTokens(), Allowance(amount=1, per_s=1)
    for number in range(MAX_ADDRESSES + 50):
        failed.count(str(number))
        allowance.take(str(number))
    assert len(failed._failures) == MAX_ADDRESSES
    assert len(allowance._left) == MAX_ADDRESSES


@pytest.mark.parametrize(
    ("remote", "key"),
    [
        ("192.168.1.5", "192.168.1.5"),
        ("::ffff:192.168.1.5", "192.168.1.5"),
        ("2001:db8:1:2:3:4:5:6", "2001:0db8:0001:0002"),
        ("2001:db8:1:2:ffff::1", "2001:0db8:0001:0002"),
        ("fe80::1%eth0", "fe80:0000:0000:0000"),
        (None, ""),
    ],
)
def test_an_address_of_ipv6_is_its_network(remote, key):
    assert address_key(remote) == key
