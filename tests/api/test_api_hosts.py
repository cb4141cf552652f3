"""Which names the service answers to; the rest could be a rebound one."""

import socket

from api_helpers import error_of
import pytest

from edge_runtime.api.hosts import allowed_names, is_allowed, is_loopback

NAMES = allowed_names("Pi.example.org", ("photos.example.org",))


@pytest.mark.parametrize(
    "header",
    [
        "localhost:8477",
        "LOCALHOST",
        "127.0.0.1:8477",
        "[::1]:8477",
        "192.168.1.5",
        "[fe80::1%eth0]:1",
        "pi",
        "pi.local:8477",
        "pi.local.",
        "pi.example.org",
        "Photos.Example.org:443",
    ],
)
def test_own_names_and_addresses_are_answered(header):
    assert is_allowed(header, NAMES)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "evil.example",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "pi.evil.local",
        "[::1",
        "pi:x",
        "pi@evil",
        "1.2.3",
    ],
)
def test_other_names_are_not(header):
    assert not is_allowed(header, NAMES)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("localhost", True),
        ("192.168.1.5", False),
        ("::", False),
        ("0.0.0.0", False),  # noqa: S104 - the address that is tested
        (None, False),
        ("example.org", False),
    ],
)
def test_what_is_loopback(address, expected):
    assert is_loopback(address) is expected


async def test_a_rebound_name_gets_nothing(client):
    for host, status in [
        ("evil.example", 421),
        (f"{socket.gethostname()}:1", 200),
        ("localhost", 200),
    ]:
        async with client.get("/health", headers={"Host": host}) as response:
            assert response.status == status
            if status == 421:
                assert await error_of(response) == "host_not_allowed"
