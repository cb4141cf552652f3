"""Parts with no HTTP in them: the lock, systemd, addresses, the announcement."""

import asyncio
import gc
import os
import socket
import subprocess
import sys
import warnings

import pytest

from edge_runtime.api import systemd
from edge_runtime.api.addresses import (
    base_urls,
    bind,
    is_loopback_only,
    reachable_addresses,
)
from edge_runtime.api.announce import SERVICE_TYPE, announced
from edge_runtime.api.home_lock import HomeInUseError, home_lock
from edge_runtime.errors import ConfigError
from edge_runtime.files import FileWriteError


def test_a_home_has_one_owner_and_the_lock_dies_with_it(tmp_path):
    home = tmp_path / "new" / "home"
    with home_lock(home):
        owner = f"process {os.getpid()}, which"
        with pytest.raises(HomeInUseError, match=owner), home_lock(home):
            pass
    script = (
        "import sys, pathlib, os\n"
        "from edge_runtime.api.home_lock import home_lock\n"
        "with home_lock(pathlib.Path(sys.argv[1])):\n"
        "    print('mine', flush=True); sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(home)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as other:
        assert other.stdout.readline() == b"mine\n"
        owner = f"process {other.pid},"
        with pytest.raises(HomeInUseError, match=owner), home_lock(home):
            pass
        other.kill()
    with home_lock(home):
        pass


def test_a_home_that_can_not_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    message = "can't be written"
    with pytest.raises(FileWriteError, match=message), home_lock(tmp_path / "file"):
        pass


def test_systemd_is_told_by_one_datagram(tmp_path):
    for address in (str(tmp_path / "notify"), f"@edge-captions-{os.getpid()}"):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server:
            server.bind(address.replace("@", "\0"))
            server.settimeout(5)
            systemd.notify("READY=1", {"NOTIFY_SOCKET": address})
            assert server.recv(100) == b"READY=1"
    systemd.notify("READY=1", {"NOTIFY_SOCKET": str(tmp_path / "gone")})
    systemd.notify("READY=1", {})


@pytest.mark.parametrize(
    ("environ", "interval"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "x"}, None),
        ({"WATCHDOG_USEC": "30000000"}, 15),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}, 15),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, None),
    ],
)
def test_the_watchdog_is_fed_twice_as_often_as_it_wants(environ, interval):
    assert systemd.watchdog_interval_s(environ) == interval


def test_a_name_is_bound_at_all_its_addresses_with_one_port():
    sockets = bind("localhost", 0)
    try:
        assert len({listener.getsockname()[1] for listener in sockets}) == 1
        assert is_loopback_only(sockets)
        assert reachable_addresses(sockets) == []
        assert base_urls(sockets) == []
    finally:
        for listener in sockets:
            listener.close()


def test_every_address_is_this_machines_own_but_loopback():
    sockets = bind("0.0.0.0", 0)  # noqa: S104 - what is tested
    try:
        assert not is_loopback_only(sockets)
        for address in reachable_addresses(sockets):
            assert not address.startswith("127.")
            with socket.socket() as probe:
                probe.bind((address, 0))  # else it is none of ours
    finally:
        for listener in sockets:
            listener.close()


def test_a_taken_port_and_a_strange_host_are_told():
    (first,) = bind("127.0.0.1", 0)
    try:
        port = first.getsockname()[1]
        with pytest.raises(ConfigError, match=f"127.0.0.1 port {port}: can't listen"):
            bind("127.0.0.1", port)
        with pytest.raises(ConfigError, match=r"192\.0\.2\.1 port 0: can't listen"):
            bind("192.0.2.1", 0)
    finally:
        first.close()


async def test_the_service_is_found_on_the_network_and_says_goodbye():
    zeroconf = pytest.importorskip("zeroconf")
    from zeroconf.asyncio import AsyncServiceBrowser, AsyncZeroconf  # noqa: PLC0415

    changes = asyncio.Queue()

    def on_change(zeroconf, service_type, name, state_change):
        changes.put_nowait((name, state_change))

    facts = {
        "id": "01ARZ3NDEKTSV4RRFFQ69G5FAV",
        "version": "1.2",
        "api_version": 1,
        "min_api_version": 1,
    }
    watcher = AsyncZeroconf(interfaces=["127.0.0.1"])
    browser = AsyncServiceBrowser(watcher.zeroconf, SERVICE_TYPE, handlers=[on_change])
    try:
        async with asyncio.timeout(25):
            async with announced(facts, ["127.0.0.1"], 8477):
                name, change = await changes.get()
                assert change is zeroconf.ServiceStateChange.Added
                info = await watcher.async_get_service_info(SERVICE_TYPE, name)
                assert info.port == 8477
                assert info.decoded_properties == {
                    key: str(value) for key, value in facts.items()
                }
                assert info.parsed_addresses() == ["127.0.0.1"]
            name, change = await changes.get()
            assert change is zeroconf.ServiceStateChange.Removed
    finally:
        await browser.async_cancel()
        await watcher.async_close()


async def test_that_nobody_can_be_told_is_not_the_end(caplog, monkeypatch):
    facts = {"id": "x" * 26, "version": "1", "api_version": 1, "min_api_version": 1}
    monkeypatch.setattr(socket, "gethostname", lambda: "x" * 80)
    with warnings.catch_warnings():
        # zeroconf forgets a socket of its own when an address is not here
        warnings.simplefilter("ignore", ResourceWarning)
        async with announced(facts, ["192.0.2.1"], 8477):
            assert "can't be announced" in caplog.text
        gc.collect()
    monkeypatch.setitem(sys.modules, "zeroconf", None)
    async with announced(facts, ["127.0.0.1"], 8477):
        assert "python-zeroconf is not installed" in caplog.text
    async with announced(facts, [], 8477):
        pass
