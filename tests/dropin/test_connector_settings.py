"""Settings of connectors: read like all others, and their secrets are shown nowhere."""

import pytest

from edge_runtime.config import HIDDEN, load_settings, plain_settings
from edge_runtime.errors import ConfigError

ALL = """
webhook_url: https://example.org/hook/
webhook_secret: "whsec_MTIz"
mqtt_url: mqtts://broker.example:8884
mqtt_username: me
mqtt_password: "123 456"
mqtt_topic: house/captions/
mqtt_discovery: off
image_hosts: [photos.example]
immich_url: http://192.168.1.4:2283
immich_api_key: a key
immich_tags: yes
immich_per_minute: 6
"""


def settings_of(tmp_path, text="", **environ):
    (tmp_path / "config.yaml").write_text(text)
    return load_settings({"EDGE_CAPTIONS_HOME": str(tmp_path), **environ})


def test_every_key_is_read(tmp_path):
    settings = settings_of(tmp_path, ALL)
    assert settings.webhook_url == "https://example.org/hook/"
    assert settings.webhook_secret == "whsec_MTIz"
    assert settings.mqtt_url == "mqtts://broker.example:8884"
    assert (settings.mqtt_username, settings.mqtt_password) == ("me", "123 456")
    assert (settings.mqtt_topic, settings.mqtt_discovery) == ("house/captions", "")
    assert settings.image_hosts == ("photos.example",)
    assert settings.immich_url == "http://192.168.1.4:2283"
    assert (settings.immich_tags, settings.immich_per_minute) == (True, 6)


def test_texts_in_the_environment_are_no_yaml(tmp_path):
    settings = settings_of(
        tmp_path,
        EDGE_CAPTIONS_WEBHOOK_SECRET="no: 1",
        EDGE_CAPTIONS_MQTT_DISCOVERY="off",
        EDGE_CAPTIONS_MQTT_PASSWORD="0123",
    )
    assert settings.webhook_secret == "no: 1"
    assert settings.mqtt_discovery == ""
    assert settings.mqtt_password == "0123"


def test_secrets_are_hidden_where_settings_are_shown(tmp_path):
    shown = plain_settings(settings_of(tmp_path, ALL))
    assert shown["webhook_secret"] == shown["mqtt_password"] == HIDDEN
    assert shown["immich_api_key"] == HIDDEN
    assert shown["mqtt_username"] == "me"
    assert plain_settings(settings_of(tmp_path))["webhook_secret"] is None


@pytest.mark.parametrize(
    "line",
    [
        "webhook_url: example.org",
        "webhook_url: http://me:secret@example.org/",
        "mqtt_url: mqtt://",
        "mqtt_topic: a/#",
        "mqtt_topic: two words",
        "immich_per_minute: 0",
    ],
)
def test_what_can_not_be_meant_is_an_error_with_its_key(tmp_path, line):
    with pytest.raises(ConfigError, match=f"config.yaml:1: {line.split(':')[0]}"):
        settings_of(tmp_path, line)


async def test_the_api_says_how_they_stand(http, service):
    async with http.get("/api/v1/connectors") as response:
        assert await response.json() == {"items": []}
