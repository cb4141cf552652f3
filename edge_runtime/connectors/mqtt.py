"""An MQTT broker, with Home Assistant's discovery; aiomqtt is imported when used."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
import json
import ssl
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from .. import __version__
from .errors import ConnectorError, ConnectorSetupError
from .sending import Link, Message

if TYPE_CHECKING:
    from aiomqtt import Client

EVENT_TYPES: Final = ("caption.ready", "caption.enriched")
_PORTS: Final = {"mqtt": 1883, "mqtts": 8883}
_AT_LEAST_ONCE: Final = 1
_TIMEOUT_S: Final = 15.0
_GOODBYE_S: Final = 1.0
_KEEPALIVE_S: Final = 30
_LONGEST_STATE: Final = 255
"""Home Assistant takes no longer state; the whole text is among the attributes."""


@dataclass(frozen=True, slots=True)
class MqttSender:
    """Publishes messages below a topic."""

    url: str
    identity: str
    """Of this installation: tells two of them on one broker apart."""
    topic: str = "edge-captions"
    discovery: str = "homeassistant"
    """Prefix of Home Assistant's discovery; empty: no discovery."""
    username: str | None = None
    password: str | None = None
    name: str = "mqtt"

    @property
    def status_topic(self) -> str:
        """Return where it stands whether the service is there."""
        return f"{self.topic}/status"

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[Link]:
        """Give a connection whose end the broker tells everybody."""
        if find_spec("aiomqtt") is None:
            raise ConnectorSetupError(
                "MQTT needs aiomqtt: pip install 'edge-captions[mqtt]'"
            )
        from aiomqtt import MqttError  # noqa: PLC0415 - only where a broker is set

        try:
            async with self._client() as client:
                for topic, payload in self.announcements():
                    await _publish(client, topic, payload, retain=True)
                await _publish(client, self.status_topic, "online", retain=True)
                try:
                    yield _Mqtt(client, self.topic)
                finally:  # a broker that can't be told has the will
                    with suppress(MqttError, TimeoutError):
                        async with asyncio.timeout(_GOODBYE_S):
                            await _publish(
                                client, self.status_topic, "offline", retain=True
                            )
        except (MqttError, OSError, TimeoutError) as err:
            why = str(err) or type(err).__name__
            raise ConnectorError(f"the MQTT broker can't be reached: {why}") from None

    def _client(self) -> "Client":
        from aiomqtt import Client, Will  # noqa: PLC0415

        parts = urlsplit(self.url)
        if parts.scheme not in _PORTS or not parts.hostname:
            raise ConnectorSetupError(
                f"mqtt_url: must be mqtt://HOST or mqtts://HOST, not '{self.url}'"
            )
        tls = ssl.create_default_context() if parts.scheme == "mqtts" else None
        return Client(
            parts.hostname,
            parts.port or _PORTS[parts.scheme],
            username=self.username,
            password=self.password,
            identifier=f"edge-captions-{self.identity}",
            will=Will(self.status_topic, "offline", qos=1, retain=True),
            keepalive=_KEEPALIVE_S,
            timeout=_TIMEOUT_S,
            tls_context=tls,
        )

    def announcements(self) -> Iterator[tuple[str, str]]:
        """Return topics and payloads by which Home Assistant finds the service."""
        if not self.discovery:
            return
        node = f"edge_captions_{self.identity}".lower()
        common = {
            "availability_topic": self.status_topic,
            "device": {
                "identifiers": [node],
                "name": "Edge Captions",
                "manufacturer": "Edge Captions",
                "sw_version": __version__,
            },
            "origin": {"name": "Edge Captions", "sw_version": __version__},
        }
        parts: Mapping[str, Mapping[str, Any]] = {
            "sensor": {
                "name": "Last caption",
                "unique_id": f"{node}_caption",
                "icon": "mdi:image-text",
                "state_topic": f"{self.topic}/caption",
                "value_template": "{{ (value_json.text or '')"
                f"[:{_LONGEST_STATE}] }}}}",
                "json_attributes_topic": f"{self.topic}/caption",
            },
            "event": {
                "name": "Caption",
                "unique_id": f"{node}_event",
                "icon": "mdi:image-plus",
                "state_topic": f"{self.topic}/event",
                "event_types": list(EVENT_TYPES),
            },
        }
        for component, part in parts.items():
            where = f"{self.discovery}/{component}/{node}/caption/config"
            yield where, json.dumps({**part, **common})


@dataclass(frozen=True, slots=True)
class _Mqtt:
    client: "Client"
    topic: str

    async def send(self, message: Message) -> None:
        """Return when the broker has acknowledged it all."""
        body = message.body
        event = {"event_type": body["type"], "message_id": message.id, **body}
        await _publish(self.client, f"{self.topic}/event", _json(event))
        if caption := body.get("caption"):
            await _publish(self.client, f"{self.topic}/caption", _json(caption))

    async def lost(self) -> None:
        from aiomqtt import MqttError  # noqa: PLC0415

        try:
            async for _ in self.client.messages:
                await asyncio.sleep(0)  # nothing was subscribed to
        except MqttError:
            return


async def _publish(
    client: "Client", topic: str, payload: str, *, retain: bool = False
) -> None:
    await client.publish(topic, payload, qos=_AT_LEAST_ONCE, retain=retain)


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False)
