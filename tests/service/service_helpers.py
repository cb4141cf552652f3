"""What the tests of the service share."""

from typing import Final

SECOND: Final = "second-captioner"
"""The embedded captioner once more, to be downloaded from a folder."""
