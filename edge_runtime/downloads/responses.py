"""What a server's answer means: pure decisions over status and headers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
import re
from typing import Final

from ..errors import (
    AccessDeniedError,
    DownloadError,
    RateLimitedError,
    SizeMismatchError,
    SourceNotFoundError,
    SourceUnreachableError,
)

_RANGE: Final = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
LINKED_SIZE: Final = "X-Linked-Size"
"""What a hub says the size of a file is, before it redirects to it."""
_OK, _PARTIAL, _BAD_RANGE, _TOO_MANY = 200, 206, 416, 429
_DENIED: Final = frozenset({401, 403})
_ABSENT: Final = frozenset({404, 410})
_SERVER_FAULTS: Final = range(500, 600)


class RestartNeededError(Exception):
    """The part on disk can't be continued from this server; begin at zero."""


@dataclass(frozen=True, slots=True)
class Remote:
    """A file on a server, and what is known about it before asking."""

    url: str
    bytes: int | None = None
    sha256: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Sent to this server alone, never after a redirect to another one."""
    denied_hint: str = ""
    """What to do when the server refuses access."""


@dataclass(frozen=True, slots=True)
class Offset:
    """Where the body of an answer begins, and how long the whole file is."""

    start: int
    total: int | None


def body_offset(
    status: int, headers: Mapping[str, str], have: int, remote: Remote
) -> Offset:
    """Return where the answer's bytes belong.

    Raises RestartNeededError if they don't continue what is there, and the error that
    a person should read if the answer is a refusal or the wrong file.
    """
    if status == _BAD_RANGE and have:
        raise RestartNeededError
    if status not in {_OK, _PARTIAL}:
        raise refusal(status, headers, remote.denied_hint)
    if headers.get("Content-Encoding", "identity").lower() != "identity":
        raise DownloadError(
            "the server sends the file re-coded, which can't be checked"
        )
    offset = _partial(headers, have) if status == _PARTIAL else _whole(headers)
    if None not in {remote.bytes, offset.total} and offset.total != remote.bytes:
        raise SizeMismatchError(
            f"the server's file has {offset.total} bytes, not the {remote.bytes} of "
            f"the manifest: it is another version, or no model at all"
        )
    return offset


def _whole(headers: Mapping[str, str]) -> Offset:
    length = headers.get("Content-Length", "")
    return Offset(0, int(length) if length.isdigit() else None)


def _partial(headers: Mapping[str, str], have: int) -> Offset:
    found = _RANGE.fullmatch(headers.get("Content-Range", "").strip())
    if found is None or int(found[1]) != have:
        raise RestartNeededError
    return Offset(have, None if found[3] == "*" else int(found[3]))


def refusal(status: int, headers: Mapping[str, str], hint: str = "") -> DownloadError:
    """Return the error for a status that brings no file."""
    if status in _DENIED:
        return AccessDeniedError(f"the server refuses access ({status}){hint}")
    if status in _ABSENT:
        return SourceNotFoundError(f"the server has no such file ({status})")
    if status == _TOO_MANY:
        after = headers.get("Retry-After", "").strip()
        unit = " s" if after.isdigit() else ""
        when = f"in {after}{unit}" if after.isdigit() else f"after {after}"
        return RateLimitedError(
            "the server gets too many requests (429); try again "
            + (when if after else "later")
        )
    if status in _SERVER_FAULTS:
        return SourceUnreachableError(f"the server fails at the moment ({status})")
    return DownloadError(f"the server answers with status {status}")


def whole_size(headers: Mapping[str, str]) -> int | None:
    """Return the size of a whole file that a server names, or None."""
    size = headers.get(LINKED_SIZE) or headers.get("Content-Length", "")
    return int(size) if size.isdigit() else None


def strong_etag(headers: Mapping[str, str]) -> str | None:
    """Return the ETag if it names the exact bytes; a weak one can't guard a resume."""
    etag = headers.get("ETag", "").strip()
    return etag if etag.startswith('"') and etag.endswith('"') else None


def linked_sha256(headers: Mapping[str, str]) -> str | None:
    """Return the hash that a model hub names in its answer, or None.

    The hub redirects large files; `X-Linked-ETag` of that first answer is their
    sha256. Small files have a git id there, which is shorter.
    """
    text = headers.get("X-Linked-ETag", "").removeprefix("W/").strip('"').lower()
    return text if _SHA256.fullmatch(text) else None
