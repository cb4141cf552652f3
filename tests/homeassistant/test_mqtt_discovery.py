"""Home Assistant's own MQTT integration with what the runtime announces to a broker."""

import json

from homeassistant.helpers import device_registry as dr, entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import async_fire_mqtt_message

from edge_runtime.connectors.mqtt import MqttSender

pytest.importorskip("paho.mqtt", reason="paho-mqtt could not be installed")
CAPTION = {"id": "01K", "text": "A dog runs on the grass.", "verdict": "sure"}


@pytest.fixture
def expected_lingering_timers() -> bool:
    """Let the integration's own look at its connection outlive a test."""
    return True


@pytest.fixture
async def announced(hass, mqtt_mock):
    """Announce a runtime and let Home Assistant find it."""
    sender = MqttSender("mqtt://127.0.0.1", identity="01KB")
    for topic, payload in sender.announcements():
        async_fire_mqtt_message(hass, topic, payload)
    await hass.async_block_till_done()
    async_fire_mqtt_message(hass, sender.status_topic, "online")
    await hass.async_block_till_done()
    return sender


async def test_a_sensor_has_the_last_caption(hass, announced):
    sensor = "sensor.edge_captions_last_caption"
    assert hass.states.get(sensor).state == "unknown"
    async_fire_mqtt_message(hass, "edge-captions/caption", json.dumps(CAPTION))
    await hass.async_block_till_done()
    state = hass.states.get(sensor)
    assert state.state == CAPTION["text"]
    assert state.attributes["verdict"] == "sure"
    long = {**CAPTION, "text": "word" * 100}
    async_fire_mqtt_message(hass, "edge-captions/caption", json.dumps(long))
    await hass.async_block_till_done()
    assert len(hass.states.get(sensor).state) == 255
    async_fire_mqtt_message(hass, announced.status_topic, "offline")
    await hass.async_block_till_done()
    assert hass.states.get(sensor).state == "unavailable"


async def test_an_event_fires_with_each_caption(hass, announced):
    body = {"event_type": "caption.ready", "message_id": "x-1", "caption": CAPTION}
    async_fire_mqtt_message(hass, "edge-captions/event", json.dumps(body))
    await hass.async_block_till_done()
    state = hass.states.get("event.edge_captions_caption")
    assert state.attributes["event_type"] == "caption.ready"
    assert state.attributes["caption"]["text"] == CAPTION["text"]


async def test_both_belong_to_one_device(hass, announced):
    entities = er.async_get(hass).entities.values()
    devices = {e.device_id for e in entities if e.platform == "mqtt"}
    (device_id,) = devices
    assert dr.async_get(hass).async_get(device_id).name == "Edge Captions"
