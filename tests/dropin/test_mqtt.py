"""A real broker, Debian's mosquitto: captions, discovery, and a break in the middle."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace
import json
import shutil

from aiohttp.test_utils import unused_port
import pytest
from test_webhook import caption, is_waiting, problem, until

from edge_runtime.connectors.errors import ConnectorError, ConnectorSetupError
from edge_runtime.connectors.mqtt import MqttSender
from edge_runtime.connectors.sending import Message
from edge_runtime.service.deliveries import Patience

MOSQUITTO = shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/usr/bin")
pytestmark = pytest.mark.skipif(
    MOSQUITTO is None, reason="mosquitto is not installed (Debian: mosquitto)"
)
aiomqtt = pytest.importorskip("aiomqtt", reason="aiomqtt is not installed")


class Broker:
    """A mosquitto that can go away and come back, on the same port."""

    def __init__(self, folder, passwords=None):
        self.port = unused_port()
        self._config = folder / "mosquitto.conf"
        access = "allow_anonymous true"
        if passwords is not None:
            access = f"allow_anonymous false\npassword_file {passwords}"
        self._config.write_text(
            f"listener {self.port} 127.0.0.1\n{access}\n"
            f"persistence true\npersistence_location {folder}/\nuser root\n"
        )
        self._process = None

    async def start(self):
        self._process = await asyncio.create_subprocess_exec(
            MOSQUITTO,
            "-c",
            str(self._config),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        async with asyncio.timeout(10):
            while True:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                except OSError:
                    await asyncio.sleep(0.05)
                else:
                    writer.close()
                    await writer.wait_closed()
                    return

    async def stop(self):
        if self._process is not None:
            self._process.terminate()
            await self._process.wait()
            self._process = None


@pytest.fixture
async def broker(tmp_path):
    folder = tmp_path / "broker"
    folder.mkdir()
    broker = Broker(folder)
    await broker.start()
    yield broker
    await broker.stop()


@pytest.fixture
def settings(settings, broker):
    return replace(settings, mqtt_url=f"mqtt://127.0.0.1:{broker.port}")


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    quick = Patience(first_s=0.05, most_s=0.2)
    monkeypatch.setattr("edge_runtime.service.deliveries.Patience", lambda: quick)


@asynccontextmanager
async def listening(broker, *topics):
    """Give a queue of (topic, payload, retained) of another client."""
    found: asyncio.Queue = asyncio.Queue()
    async with aiomqtt.Client("127.0.0.1", broker.port) as client:
        for topic in topics:
            await client.subscribe(topic, qos=1)

        async def listen():
            async for message in client.messages:
                payload = message.payload.decode()
                found.put_nowait((str(message.topic), payload, message.retain))

        task = asyncio.create_task(listen())
        try:
            yield found
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


def has_sent(service, count):
    async def is_so():
        return service.deliveries.couriers[0].sent >= count

    return is_so


async def some(found, count):
    async with asyncio.timeout(20):
        return [await found.get() for _ in range(count)]


async def test_a_caption_is_published(service, broker, tmp_path, photo):
    async with listening(broker, "edge-captions/#") as found:
        ((topic, status, _),) = await some(found, 1)
        assert (topic, status) == ("edge-captions/status", "online")
        (answer,) = await caption(service, tmp_path, photo)
        messages = {t: json.loads(p) for t, p, _ in await some(found, 2)}
    event = messages["edge-captions/event"]
    assert event["event_type"] == "caption.ready"
    assert event["message_id"].startswith(service.store.id)
    assert event["caption"]["text"] == answer.caption
    assert messages["edge-captions/caption"] == event["caption"]


async def test_home_assistant_discovers_a_sensor_and_an_event(service, broker):
    async with listening(broker, "homeassistant/#") as found:
        parts = {t.split("/")[1]: json.loads(p) for t, p, _ in await some(found, 2)}
    assert set(parts) == {"sensor", "event"}
    assert parts["event"]["event_types"] == ["caption.ready", "caption.enriched"]
    assert parts["sensor"]["state_topic"] == "edge-captions/caption"
    for part in parts.values():
        assert part["availability_topic"] == "edge-captions/status"
        assert part["unique_id"].startswith(f"edge_captions_{service.store.id.lower()}")
        assert part["device"]["name"] == "Edge Captions"


async def test_after_a_break_everything_is_published(service, broker, tmp_path, photo):
    (first,) = await caption(service, tmp_path, photo)
    await until(has_sent(service, 1))
    await until(is_waiting(service, 0))
    await broker.stop()
    missed = {answer.id for answer in await caption(service, tmp_path, photo, 3)}
    await until(lambda: problem(service))
    await until(is_waiting(service, 3))
    # so that the listener is there before the messages are
    await service.deliveries.stop()
    await broker.start()
    seen = []
    async with listening(broker, "edge-captions/event") as found:
        await service.deliveries.start()
        async with asyncio.timeout(20):
            while not missed <= set(seen):
                _, payload, _ = await found.get()
                seen.append(json.loads(payload)["caption"]["id"])
    assert first.id not in seen
    assert list(dict.fromkeys(seen)) == sorted(missed)  # ids are in order of time
    await until(is_waiting(service, 0))


async def test_a_broker_that_comes_back_is_found(service, broker, tmp_path, photo):
    async with listening(broker, "edge-captions/status") as found:
        await some(found, 1)
    await broker.stop()
    answers = await caption(service, tmp_path, photo, 2)
    await broker.start()
    await until(has_sent(service, len(answers)))
    await until(is_waiting(service, 0))
    async with listening(broker, "edge-captions/status") as found:
        assert (await some(found, 1))[0][1] == "online"


async def test_a_service_that_dies_is_offline(service, broker):
    async with listening(broker, "edge-captions/status") as found:
        await some(found, 1)
        await service.deliveries.stop()
        assert (await some(found, 1))[0][1] == "offline"


@pytest.mark.skipif(
    shutil.which("mosquitto_passwd") is None, reason="mosquitto_passwd is not there"
)
async def test_a_broker_with_a_password(tmp_path):
    passwords = tmp_path / "passwords"
    program = await asyncio.create_subprocess_exec(
        "mosquitto_passwd", "-b", "-c", str(passwords), "captions", "a secret"
    )
    assert await program.wait() == 0
    broker = Broker(tmp_path, passwords)
    await broker.start()
    url = f"mqtt://127.0.0.1:{broker.port}"
    try:
        for word in (None, "a wrong one"):
            sender = MqttSender(url, "id", username="captions", password=word)
            with pytest.raises(ConnectorError, match="can't be reached"):
                async with sender.connected():
                    pass
        sender = MqttSender(url, "id", username="captions", password="a secret")
        async with sender.connected() as link:
            await link.send(Message("1", 0, {"type": "caption.ready", "caption": None}))
    finally:
        await broker.stop()


async def test_an_address_that_is_no_brokers():
    with pytest.raises(ConnectorSetupError, match="mqtts://HOST"):
        async with MqttSender("http://127.0.0.1", "id").connected():
            pass


async def test_without_discovery_nothing_is_announced(
    settings, broker, tmp_path, photo
):
    sender = MqttSender(settings.mqtt_url, "id", topic="mine", discovery="")
    async with listening(broker, "#") as found, sender.connected():
        assert await some(found, 1) == [("mine/status", "online", False)]
    assert found.empty() or found.get_nowait()[0].startswith("mine/")
