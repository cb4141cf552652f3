"""How often one address may try: failed tokens, and requests that need none.

Both forget the address they heard of longest ago, so nobody can fill the memory.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_address
import time
from typing import Final

MAX_ADDRESSES: Final = 1024
FREE_FAILURES: Final = 5
MAX_WAIT_S: Final = 300.0

Clock = Callable[[], float]


def address_key(remote: str | None) -> str:
    """Return what counts as one address: of IPv6 the network that a home gets."""
    try:
        address = ip_address((remote or "").partition("%")[0])
    except ValueError:
        return remote or ""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return address.exploded[:19]  # the first 64 bits
    return str(address)


@dataclass(slots=True)
class FailedTokens:
    """After a few failures an address waits, twice as long each time."""

    clock: Clock = time.monotonic
    _failures: OrderedDict[str, tuple[int, float]] = field(default_factory=OrderedDict)

    def wait_s(self, key: str) -> float:
        """Return how long this address must still wait; 0: it may try."""
        _, until = self._failures.get(key, (0, 0.0))
        return max(until - self.clock(), 0.0)

    def count(self, key: str) -> None:
        """Remember a failure."""
        times, _ = self._failures.pop(key, (0, 0.0))
        times += 1
        wait = 0.0
        if times > FREE_FAILURES:
            wait = min(2.0 ** min(times - FREE_FAILURES, 16), MAX_WAIT_S)
        self._failures[key] = (times, self.clock() + wait)
        if len(self._failures) > MAX_ADDRESSES:
            self._failures.popitem(last=False)

    def forget(self, key: str) -> None:
        """Forgive an address that showed a good token."""
        self._failures.pop(key, None)


@dataclass(slots=True)
class Allowance:
    """An address may do something `amount` times, and again after `per_s` seconds."""

    amount: int
    per_s: float
    clock: Clock = time.monotonic
    _left: OrderedDict[str, tuple[float, float]] = field(default_factory=OrderedDict)

    def take(self, key: str) -> float:
        """Use one up; return 0, or the seconds until there is another."""
        now = self.clock()
        left, at = self._left.pop(key, (float(self.amount), now))
        left = min(left + (now - at) * self.amount / self.per_s, float(self.amount))
        wait = 0.0 if left >= 1.0 else (1.0 - left) * self.per_s / self.amount
        self._left[key] = (left if wait else left - 1.0, now)
        if len(self._left) > MAX_ADDRESSES:
            self._left.popitem(last=False)
        return wait
