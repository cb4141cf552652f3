"""Addresses in the World Wide Web: whether they can be used, and what may be shown."""

import re
from urllib.parse import urlsplit


def address_problem(address: str) -> str | None:
    """Return what is wrong with an address of http or https, or None."""
    if not address.startswith(("http://", "https://")):
        return "must begin with http:// or https://"
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return "must be an address with a host and, at most, a port up to 65535"
    return None if parts.hostname and port != 0 else "must name a host"


def without_secrets(location: str) -> str:
    """Return an address without login and query, which may hold a token."""
    return re.sub(r"(?<=://)[^/?#]*@|[?#].*$", "", location)
