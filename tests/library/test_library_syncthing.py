"""Real syncthing keeps two folders alike; the library watches one of them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
import json
import os
from pathlib import Path
import re
import shutil
import socket
import subprocess
import urllib.error
import urllib.request

from library_helpers import by_path, exiftool, photos, put_photo, until
import pytest

from edge_runtime.metadata import read_metadata
from edge_runtime.picture_hash import picture_hash

SYNCTHING = shutil.which("syncthing")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(300),
    pytest.mark.skipif(SYNCTHING is None, reason="syncthing is not installed"),
]
QUIET = {
    "STNODEFAULTFOLDER": "1",
    "STNORESTART": "1",
    "STNOUPGRADE": "1",
    "no_proxy": "127.0.0.1",
}


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@dataclass
class Device:
    """One syncthing on this machine, which talks to nobody but the other one."""

    home: Path
    folder: Path
    gui: int
    port: int
    id: str = ""
    key: str = ""
    process: asyncio.subprocess.Process | None = None

    def generate(self) -> None:
        command = [SYNCTHING, "generate", f"--home={self.home}", "--no-default-folder"]
        environment = {**os.environ, **QUIET}
        subprocess.run(command, check=True, capture_output=True, env=environment)
        config = (self.home / "config.xml").read_text()
        self.id = re.search(r'<device id="([A-Z0-9-]+)"', config)[1]
        self.key = re.search(r"<apikey>(.+?)</apikey>", config)[1]
        gui = rf"\g<1>127.0.0.1:{self.gui}"
        config = re.sub(r"(<gui.*?<address>)[^<]+", gui, config, flags=re.DOTALL)
        (self.home / "config.xml").write_text(config)

    async def start(self) -> None:
        self.process = await asyncio.create_subprocess_exec(
            *(SYNCTHING, "serve", f"--home={self.home}", "--no-browser"),
            env={**os.environ, **QUIET, "HOME": str(self.home)},
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        await until(lambda: self.ask("system/ping"), 60)

    async def stop(self) -> None:
        if self.process is not None and self.process.returncode is None:
            self.process.terminate()
            await self.process.wait()

    def ask(self, path: str, body: object = None, method: str = "GET") -> object:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.gui}/rest/{path}",
            method=method,
            headers={"X-API-Key": self.key},
            data=None if body is None else json.dumps(body).encode(),
        )
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
                text = answer.read()
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return None
        return json.loads(text) if text else True

    def share_with(self, other: "Device") -> None:
        """Sync the folder with the other device, over loopback alone."""
        config = self.ask("config")
        config["options"].update(
            listenAddresses=[f"tcp://127.0.0.1:{self.port}"],
            globalAnnounceEnabled=False,
            localAnnounceEnabled=False,
            relaysEnabled=False,
            natEnabled=False,
            crashReportingEnabled=False,
            urAccepted=-1,
        )
        config["devices"] = [
            {"deviceID": self.id, "name": "here"},
            {
                "deviceID": other.id,
                "name": "there",
                "addresses": [f"tcp://127.0.0.1:{other.port}"],
            },
        ]
        config["folders"] = [
            {
                "id": "photos",
                "path": str(self.folder),
                "type": "sendreceive",
                "fsWatcherEnabled": True,
                "fsWatcherDelayS": 1,
                "rescanIntervalS": 10,
                "devices": [{"deviceID": self.id}, {"deviceID": other.id}],
            }
        ]
        assert self.ask("config", config, "PUT") is not None


@asynccontextmanager
async def two_devices(tmp_path: Path, folder: Path) -> AsyncIterator[list[Device]]:
    phone = tmp_path / "phone"
    phone.mkdir()
    devices = [
        Device(tmp_path / name, path, free_port(), free_port())
        for name, path in (("st-phone", phone), ("st-nas", folder))
    ]
    for device in devices:
        await asyncio.to_thread(device.generate)
    try:
        for device in devices:
            await device.start()
        for device, other in zip(devices, devices[::-1], strict=True):
            await asyncio.to_thread(device.share_with, other)
        yield devices
    finally:
        for device in devices:
            await device.stop()


async def test_photos_of_a_phone_come_in_and_captions_go_back(
    service, tmp_path, folder
):
    async with two_devices(tmp_path, folder) as (phone, nas):
        source = await service.library.add(
            str(folder), {"write_metadata": "embed", "poll_s": 5}
        )
        names = ("castle", "koala", "fig", "coffee", "clock", "dahlia")
        for name in names:
            path = put_photo(phone.folder / "DCIM" / f"{name}.jpg", name, quality=95)
            with path.open("ab") as file:  # large enough to come in pieces
                file.write(os.urandom(3_000_000))
        pictures = {
            path.name: picture_hash(path) for path in phone.folder.rglob("*.jpg")
        }

        async def all_in():
            found = by_path(await photos(service))
            return len(found) == len(names) and all(
                o.suggestions for o in found.values()
            )

        await until(all_in, 120)
        assert (await service.store.files.unread(source.id)).items == ()
        found = by_path(await photos(service))
        one = found["DCIM/castle.jpg"]
        await service.review.accept(one.suggestions[0].id)
        await service.review.write_caption(one.photo.id, "de", "Ein Schloß 🏰 #Reise")

        def is_back() -> bool:
            said = read_metadata(phone.folder / "DCIM" / "castle.jpg")
            return "Ein Schloß 🏰 #Reise" in [text.text for text in said.captions]

        await until(is_back, 90)  # the phone has it
        await asyncio.to_thread(
            exiftool, "-xmp-dc:description=On the phone", phone.folder / "DCIM/fig.jpg"
        )

        async def taken_over():
            fig = by_path(await photos(service))["DCIM/fig.jpg"]
            return [c.text for c in fig.captions] == ["On the phone"]

        await until(taken_over, 90)
        await conflict(phone, nas)
        await until(lambda: list(folder.rglob("*.sync-conflict-*")), 120)
        await asyncio.sleep(5)
        after = by_path(await photos(service))
        assert set(after) == {f"DCIM/{name}.jpg" for name in names}
        assert len(await photos(service)) == len(names)
        for name, picture in pictures.items():
            assert picture_hash(folder / "DCIM" / name) == picture
        stray = [p.name for p in folder.rglob("*") if p.name.endswith(".tmp")]
        assert stray == []


async def conflict(phone: Device, nas: Device) -> None:
    """Have both sides change a photo's metadata while they can't talk."""
    await phone.stop()
    await asyncio.to_thread(
        exiftool, "-xmp-dc:subject=nas", nas.folder / "DCIM" / "clock.jpg"
    )
    await asyncio.sleep(4)  # until it has seen its own change
    await asyncio.to_thread(
        exiftool, "-xmp-dc:subject=phone", phone.folder / "DCIM" / "clock.jpg"
    )
    await phone.start()
