"""The settings of the service: read like all others, and never half."""

from pathlib import Path

import pytest

from edge_runtime.cli.serve import service_settings
from edge_runtime.config import Settings, load_settings, load_with_origins
from edge_runtime.errors import ConfigError

ALL = """
host: "[::1]"
port: 8080
allowed_hosts: [photos.example, nas]
allowed_folders: [~/photos, more, /mnt/nas]
max_upload_mib: 10
announce: no
ingress: true
queue_limit: 4
service_keep_alive_s: 0
"""


def settings_of(tmp_path: Path, text: str = "", **environ: str) -> Settings:
    (tmp_path / "config.yaml").write_text(text)
    return load_settings({"EDGE_CAPTIONS_HOME": str(tmp_path), **environ})


def test_every_key_of_the_service_is_read_from_the_file(tmp_path):
    settings = settings_of(tmp_path, ALL)
    assert (settings.host, settings.port) == ("::1", 8080)
    assert settings.allowed_hosts == ("photos.example", "nas")
    assert settings.allowed_folders == (
        Path("~/photos").expanduser(),
        tmp_path / "more",
        Path("/mnt/nas"),
    )
    assert (settings.max_upload_mib, settings.queue_limit) == (10, 4)
    assert (settings.announce, settings.ingress) == (False, True)
    assert settings.service_keep_alive_s == 0


def test_lists_and_switches_may_stand_in_the_environment(tmp_path):
    settings = settings_of(
        tmp_path,
        EDGE_CAPTIONS_HOST="0.0.0.0",  # noqa: S104 - what is read
        EDGE_CAPTIONS_PORT="0",
        EDGE_CAPTIONS_ALLOWED_FOLDERS="/a, /b",
        EDGE_CAPTIONS_ANNOUNCE="0",
    )
    assert settings.host == "0.0.0.0"  # noqa: S104
    assert settings.port == 0
    assert settings.allowed_folders == (Path("/a"), Path("/b"))
    assert settings.announce is False


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("port: 65536", "port: must be at most 65535, not 65536"),
        ("port: -1", "port: must be at least 0"),
        ("host: 'a b'", "host: must be an address or a name, not 'a b'"),
        ("max_upload_mib: 0", "max_upload_mib: must be at least 1"),
        ("queue_limit: 0", "queue_limit: must be at least 1"),
        ("allowed_folders: [~nobody-of-this-name/x]", "no home folder here"),
        ("allowed_host: x", "did you mean 'allowed_hosts'?"),
    ],
)
def test_a_wrong_value_is_an_error_with_its_line(tmp_path, text, message):
    with pytest.raises(ConfigError) as caught:
        settings_of(tmp_path, text)
    assert message in str(caught.value)
    assert "config.yaml:1" in str(caught.value)


def test_where_a_setting_comes_from_is_known(tmp_path):
    (tmp_path / "config.yaml").write_text("port: 1\nlanguage: de\nqueue_limit: 2\n")
    environ = {
        "EDGE_CAPTIONS_HOME": str(tmp_path),
        "EDGE_CAPTIONS_PORT": "2",
        "EDGE_CAPTIONS_LANGUAGE": "fr",
    }
    settings, origins = load_with_origins(environ, port=3, host=None)
    assert (settings.port, settings.language, settings.queue_limit) == (3, "fr", 2)
    assert origins == {
        "port": "option",
        "language": "environment",
        "queue_limit": "config.yaml",
    }


def test_options_and_the_services_own_keep_alive_win(settings):
    served = service_settings(settings, "::1", 0)
    assert (served.host, served.port) == ("::1", 0)
    assert served.keep_alive_s == settings.service_keep_alive_s
    unchanged = service_settings(settings, None, None)
    assert (unchanged.host, unchanged.port) == ("127.0.0.1", 8477)
