"""A webhook's receiver gets every caption, signed, also after a break and a restart."""

import asyncio
import base64
from dataclasses import replace
import hashlib
import hmac
import json
import time

from aiohttp import web
from aiohttp.test_utils import unused_port
import pytest
from serving import serving

from edge_runtime.connectors.errors import ConnectorSetupError
from edge_runtime.connectors.webhook import WebhookSender, signed
from edge_runtime.service import CaptionOptions, Question
from edge_runtime.service.deliveries import Patience
from edge_runtime.store import NewDelivery, Outbox

SECRET = "a secret of two"


async def until(condition):
    """Wait until what is true of the service in a moment is true."""
    async with asyncio.timeout(20):
        while not await condition():  # noqa: ASYNC110 - it has no event
            await asyncio.sleep(0.02)


async def waiting(service) -> int:
    return sum((await service.store.outbox.waiting()).values())


def is_waiting(service, count: int):
    async def is_so():
        return await waiting(service) == count

    return is_so


async def problem(service) -> str | None:
    return (await service.deliveries.facts())[0]["problem"]


class Receiver:
    """A real receiver that can go away, or answer with an error."""

    def __init__(self):
        self.port = unused_port()
        self.url = f"http://127.0.0.1:{self.port}/hook"
        self.status = 200
        self.asked = 0
        self.got: list[tuple[dict, bytes]] = []
        self._runner = None

    async def take(self, request):
        body = await request.read()
        self.asked += 1
        if self.status == 200:
            self.got.append((dict(request.headers), body))
        return web.Response(status=self.status)

    async def is_asked(self) -> bool:
        return self.asked > 0

    async def start(self):
        app = web.Application()
        app.router.add_post("/hook", self.take)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()

    async def stop(self):
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def messages(self) -> list[dict]:
        return [json.loads(body) for _, body in self.got]

    async def until(self, count: int):
        async def came():
            return len({m["event_id"] for m in self.messages()}) >= count

        await until(came)


@pytest.fixture
async def receiver():
    receiver = Receiver()
    await receiver.start()
    yield receiver
    await receiver.stop()


@pytest.fixture
def settings(settings, receiver):
    return replace(settings, webhook_url=receiver.url, webhook_secret=SECRET)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    quick = Patience(first_s=0.05, most_s=0.2)
    monkeypatch.setattr("edge_runtime.service.deliveries.Patience", lambda: quick)


async def caption(service, folder, photo, count=1):
    """Describe a photo some times anew; each time is an event."""
    path = folder / "dogs.jpg"
    path.write_bytes(photo)
    question = Question(CaptionOptions(refresh=True), path=path, is_upload=True)
    return [await service.captions.ask(question) for _ in range(count)]


async def test_a_caption_arrives_with_its_words_and_a_signature(
    service, receiver, tmp_path, photo
):
    (answer,) = await caption(service, tmp_path, photo)
    await receiver.until(1)
    ((headers, body),) = receiver.got
    message = json.loads(body)
    assert message["type"] == "caption.ready"
    assert message["service_id"] == service.store.id
    assert message["caption"]["text"] == answer.caption
    assert message["caption"]["verdict"] == answer.verdict.value
    name, sent_at = headers["webhook-id"], headers["webhook-timestamp"]
    assert name == f"{service.store.id}-{message['event_id']}"
    assert abs(int(sent_at) - time.time()) < 60
    content = f"{name}.{sent_at}.".encode() + body
    digest = hmac.new(SECRET.encode(), content, hashlib.sha256).digest()
    assert headers["webhook-signature"] == "v1," + base64.b64encode(digest).decode()


async def test_after_a_break_everything_arrives_in_order(
    service, receiver, tmp_path, photo
):
    await caption(service, tmp_path, photo)
    await receiver.until(1)
    await receiver.stop()
    await caption(service, tmp_path, photo, 3)
    await until(lambda: problem(service))
    await until(is_waiting(service, 3))
    receiver.status = 503  # it is back and not well
    await receiver.start()
    await asyncio.sleep(0.3)
    assert len(receiver.got) == 1
    receiver.status = 200
    await receiver.until(4)
    numbers = [message["event_id"] for message in receiver.messages()]
    assert numbers == sorted(numbers)
    assert all(message["caption"]["text"] for message in receiver.messages())
    await until(is_waiting(service, 0))
    assert await problem(service) is None


async def test_what_waits_outlives_the_service(settings, receiver, tmp_path, photo):
    await receiver.stop()
    async with serving(settings) as service:
        await caption(service, tmp_path, photo, 2)
        await until(is_waiting(service, 2))
    await receiver.start()
    async with serving(settings):
        await receiver.until(2)
    assert all(message["caption"]["text"] for message in receiver.messages())


async def test_an_event_that_nobody_fed_is_fed_after_a_crash(
    settings, receiver, tmp_path, photo
):
    async with serving(settings) as service:
        await service.deliveries.stop()  # as if it had died before it came to it
        (answer,) = await caption(service, tmp_path, photo)
    async with serving(settings):
        await receiver.until(1)
    (message,) = receiver.messages()
    assert message["caption"]["id"] == answer.id
    assert message["caption"]["text"] is None  # it was kept nowhere


async def test_a_message_that_the_receiver_calls_wrong_is_given_up(
    service, receiver, tmp_path, photo
):
    receiver.status = 422
    await caption(service, tmp_path, photo)
    await until(receiver.is_asked)
    await until(is_waiting(service, 0))
    receiver.status = 200
    await caption(service, tmp_path, photo)
    await receiver.until(1)
    assert len(receiver.got) == 1


async def test_switched_off_it_forgets_and_on_again_it_begins_anew(
    settings, receiver, tmp_path, photo
):
    await receiver.stop()
    async with serving(settings) as service:
        await caption(service, tmp_path, photo)
        await asyncio.sleep(0.2)
    async with serving(replace(settings, webhook_url=None)) as service:
        assert await service.store.outbox.waiting() == {}
        await caption(service, tmp_path, photo)
    await receiver.start()
    async with serving(settings) as service:
        (answer,) = await caption(service, tmp_path, photo)
        await receiver.until(1)
    assert [m["caption"]["id"] for m in receiver.messages()] == [answer.id]


async def test_a_forgotten_photo_leaves_the_outbox(service, receiver, tmp_path, photo):
    await receiver.stop()
    path = tmp_path / "dogs.jpg"
    path.write_bytes(photo)
    question = Question(CaptionOptions(), path=path, is_upload=True, store=True)
    answer = await service.captions.ask(question)
    await until(is_waiting(service, 1))
    await service.store.photos.forget(answer.photo_id)
    assert await service.store.outbox.waiting() == {}


async def test_the_oldest_messages_give_way(service):
    outbox = Outbox(service.store._database, most=3)
    for number in range(5):
        await outbox.add([NewDelivery("other", number, {"n": number})], number)
    assert (await outbox.waiting())["other"] == 3
    assert (await outbox.next("other")).message == {"n": 2}


def test_waits_grow_and_end():
    patience = Patience()
    assert [patience.wait_s(n) for n in (1, 2, 3, 9, 10_000)] == [1, 2, 4, 256, 300]


def test_an_encoded_secret_is_decoded_and_none_signs_nothing():
    key = b"any bytes \xff"
    given = "whsec_" + base64.b64encode(key).decode()
    digest = hmac.new(key, b"a.1.body", hashlib.sha256).digest()
    expected = "v1," + base64.b64encode(digest).decode()
    assert signed("a", 1, b"body", given)["webhook-signature"] == expected
    assert "webhook-signature" not in signed("a", 1, b"body", None)
    with pytest.raises(ConnectorSetupError, match="base64"):
        signed("a", 1, b"body", "whsec_%%%")
    assert WebhookSender("http://x/").name == "webhook"
