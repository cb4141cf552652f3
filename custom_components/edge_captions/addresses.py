"""Addresses as people type them, and as the network announces them."""

from ipaddress import ip_address

from yarl import URL

from .const import DEFAULT_PORT


def normalized(text: str) -> str:
    """Return the base URL that a person means; raise ValueError if it is none.

    `192.168.1.5`, `captions.local:9000` and `https://captions.example/x/` all do.
    """
    text = text.strip()
    if "://" not in text:
        text = f"http://{text}"
        url = URL(text)
        if url.explicit_port is None:
            url = url.with_port(DEFAULT_PORT)
    else:
        url = URL(text)
    if url.scheme not in {"http", "https"} or not url.host:
        raise ValueError("must be a host or begin with http:// or https://")
    if url.user is not None or url.password is not None:
        raise ValueError("must hold no user name and no password")
    return str(url.with_query(None).with_fragment(None)).rstrip("/")


def announced(host: str, port: int | None) -> str:
    """Return the base URL of an address that was found on the network."""
    host = f"[{host}]" if ":" in host else host
    return f"http://{host}:{port or DEFAULT_PORT}"


def is_plain_address(url: str) -> bool:
    """Return whether a URL names a number, which a router may change any day."""
    try:
        ip_address((URL(url).host or "").partition("%")[0])
    except ValueError:
        return False
    return URL(url).scheme == "http"
