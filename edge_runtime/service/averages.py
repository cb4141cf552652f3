"""Averages without `statistics`, whose fractions and decimals take 0.3 MB for good."""

from collections.abc import Iterable
from math import fsum, sqrt


def fmean(values: Iterable[float]) -> float:
    """Return the mean of some numbers; there must be one."""
    numbers = list(values)
    return fsum(numbers) / len(numbers)


def stdev(values: Iterable[float]) -> float:
    """Return the standard deviation of a sample; there must be two numbers."""
    numbers = list(values)
    middle = fmean(numbers)
    return sqrt(fsum((x - middle) ** 2 for x in numbers) / (len(numbers) - 1))
