"""Addresses of pictures: from allowed hosts on the internet, never from the house."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace
import socket

from aiohttp import web
from aiohttp.abc import AbstractResolver
from aiohttp.test_utils import TestServer
import pytest

from edge_runtime.api.drop_in.errors import ImageUrlRefusedError
from edge_runtime.api.drop_in.remote import PublicResolver, fetch, is_public
from edge_runtime.api.errors import BodyTooLargeError

HOST = "photos.example"


class HereResolver(AbstractResolver):
    """Stands for a name server: every name is this machine."""

    async def resolve(self, host, port=0, family=socket.AF_INET):
        return [
            {
                "hostname": host,
                "host": "127.0.0.1",
                "port": port,
                "family": socket.AF_INET,
                "proto": 0,
                "flags": 0,
            }
        ]

    async def close(self):
        pass


@pytest.fixture
def settings(settings):
    return replace(settings, offline=False, image_hosts=(HOST,), max_upload_mib=1)


@asynccontextmanager
async def hosting(photo):
    async def picture(request):
        return web.Response(body=photo, content_type="image/jpeg")

    async def large(request):
        return web.Response(body=b"\xff" * (2 * 1024 * 1024))

    async def move(request):
        raise web.HTTPFound(request.query["to"])

    async def again(request):
        raise web.HTTPFound("/again")

    app = web.Application()
    app.router.add_get("/dogs.jpg", picture)
    app.router.add_get("/large.jpg", large)
    app.router.add_get("/move", move)
    app.router.add_get("/again", again)
    async with TestServer(app) as server:
        yield f"http://{HOST}:{server.port}"


async def test_a_picture_of_an_allowed_host(settings, photo):
    async with hosting(photo) as host:
        for address in (f"{host}/dogs.jpg", f"{host}/move?to=/dogs.jpg"):
            upload = await fetch(address, settings, HereResolver())
            assert upload.path.read_bytes() == photo
            upload.drop()
    assert not list((settings.home / "uploads").iterdir())


async def test_what_is_too_large_leaves_nothing(settings, photo):
    async with hosting(photo) as host:
        with pytest.raises(BodyTooLargeError):
            await fetch(f"{host}/large.jpg", settings, HereResolver())
    assert not list((settings.home / "uploads").iterdir())


@pytest.mark.parametrize(
    "target",
    [
        "http://127.0.0.1/a.jpg",
        "http://192.168.1.1/a.jpg",
        "http://other.example/a.jpg",
        "file:///etc/passwd",
        "/again",
    ],
)
async def test_a_redirect_is_checked_like_the_first_address(settings, photo, target):
    async with hosting(photo) as host:
        address = f"{host}/move?to={target}"
        with pytest.raises(ImageUrlRefusedError):
            await fetch(address, settings, HereResolver())


async def test_a_missing_picture_says_what_the_host_said(settings, photo):
    async with hosting(photo) as host:
        with pytest.raises(ImageUrlRefusedError, match="404"):
            await fetch(f"{host}/cats.jpg", settings, HereResolver())


async def test_a_name_of_an_internal_address_is_refused(settings):
    inside = replace(settings, image_hosts=("localhost", "127.0.0.1"))
    for address in ("http://localhost:1/a.jpg", "http://127.0.0.1:1/a.jpg"):
        with pytest.raises(ImageUrlRefusedError, match="no address on the internet"):
            await fetch(address, inside, PublicResolver())


async def test_one_internal_address_among_several_spoils_the_name(monkeypatch):
    async def both(*arguments, **options):
        return [
            (socket.AF_INET, 1, 6, "", (address, 80))
            for address in ("93.184.216.34", "10.0.0.1")
        ]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", both)
    with pytest.raises(ImageUrlRefusedError, match="no address on the"):
        await PublicResolver().resolve("photos.example", 80)


async def test_other_hosts_schemes_and_offline_are_refused(settings):
    offline = replace(settings, offline=True)
    for address, used in (
        ("https://other.example/a.jpg", settings),
        ("ftp://photos.example/a.jpg", settings),
        ("http:///a.jpg", settings),
        ("http://photos.example/a.jpg", offline),
    ):
        with pytest.raises(ImageUrlRefusedError):
            await fetch(address, used, HereResolver())


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.0.1", "169.254.169.254",
        "100.64.0.1", "0.0.0.0",  # noqa: S104 - what is refused
        "224.0.0.1", "255.255.255.255", "::", "::1",
        "fe80::1%eth0", "fc00::1", "ff02::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1",
        "2002:7f00:1::", "no address",
    ],
)  # fmt: skip
def test_addresses_of_the_house_are_not_public(address):
    assert not is_public(address)


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1::1"])
def test_addresses_of_the_internet_are(address):
    assert is_public(address)
