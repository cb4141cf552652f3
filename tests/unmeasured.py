"""Processes whose memory is measured run without the coverage of the tests."""

from collections.abc import Mapping
import os

_COVERAGE = "COVERAGE_"
"""Its variables make every child import it: 6 MB that nobody has at home."""


def unmeasured() -> Mapping[str, str]:
    """Return this environment without them."""
    return {k: v for k, v in os.environ.items() if not k.startswith(_COVERAGE)}
