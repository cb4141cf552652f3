from pathlib import Path

import pytest

from edge_runtime.config import AutoDownload, Settings, default_home, load_settings
from edge_runtime.errors import ConfigError
from edge_runtime.preferences import Preference
from edge_runtime.schemas import Task


def settings_of(tmp_path: Path, text: str = "", **environ: str) -> Settings:
    (tmp_path / "config.yaml").write_text(text)
    return load_settings({"EDGE_CAPTIONS_HOME": str(tmp_path), **environ})


def test_defaults_need_no_file(tmp_path):
    settings = load_settings({"HOME": str(tmp_path)})
    assert settings.home == tmp_path / ".local/share/edge-captions"
    assert settings.auto_download is AutoDownload.ASK
    assert settings.models_home == settings.home / "models"
    assert not settings.offline


def test_the_data_folder_of_the_platform_is_used():
    assert default_home({"XDG_DATA_HOME": "/data"}) == Path("/data/edge-captions")
    relative = default_home({"XDG_DATA_HOME": "data", "HOME": "/h"})
    assert relative == Path("/h/.local/share/edge-captions")


def test_every_key_is_read_from_the_file(tmp_path):
    settings = settings_of(
        tmp_path,
        """
models_folder: ~/models
manifest: /etc/more.yaml
selection: {image-to-text: tiny-captioner, prefer: speed, seconds_per_photo: 3}
auto_download: no
offline: true
hub: https://mirror.example/
accepted_licenses: [a, b]
language: de
worker_command: [qemu, -cpu, core2duo, python3]
worker_timeout_s: 20
keep_alive_s: 0
threads: 2
memory_limit_mib: 300
""",
    )
    assert settings.models_folder == Path("~/models").expanduser()
    assert settings.manifest == Path("/etc/more.yaml")
    assert settings.selection is not None
    assert settings.selection.choices == {Task.IMAGE_TO_TEXT: "tiny-captioner"}
    assert settings.selection.prefer is Preference.SPEED
    assert settings.selection.seconds_per_photo == 3
    assert settings.auto_download is AutoDownload.NO
    assert settings.offline
    assert settings.hub == "https://mirror.example"
    assert settings.accepted_licenses == ("a", "b")
    assert settings.language == "de"
    assert settings.worker_command == ("qemu", "-cpu", "core2duo", "python3")
    assert (settings.worker_timeout_s, settings.keep_alive_s) == (20, 0)
    assert (settings.threads, settings.memory_limit_mib) == (2, 300)


def test_the_environment_wins_over_the_file_and_the_option_over_both(tmp_path):
    text = "offline: false\nlanguage: de\n"
    environ = {
        "EDGE_CAPTIONS_HOME": str(tmp_path),
        "EDGE_CAPTIONS_OFFLINE": "true",
        "EDGE_CAPTIONS_LANGUAGE": "no",
        "EDGE_CAPTIONS_AUTO_DOWNLOAD": "yes",
    }
    (tmp_path / "config.yaml").write_text(text)
    settings = load_settings(environ, language=None)
    assert settings.offline
    assert settings.language == "no"  # Norwegian, not a boolean
    assert settings.auto_download is AutoDownload.YES
    assert load_settings(environ, language="fr").language == "fr"
    assert load_settings(environ, home=tmp_path / "x").home == tmp_path / "x"


def test_commands_and_lists_can_stand_in_the_environment(tmp_path):
    settings = settings_of(
        tmp_path,
        EDGE_CAPTIONS_WORKER_COMMAND="qemu-x86_64 -cpu 'core2duo' python3",
        EDGE_CAPTIONS_ACCEPTED_LICENSES="a, b",
        EDGE_CAPTIONS_SELECTION="{ocr: none}",
        EDGE_CAPTIONS_MODELS_FOLDER="",
        HF_ENDPOINT="http://localhost:8080/",
    )
    expected = ("qemu-x86_64", "-cpu", "core2duo", "python3")
    assert settings.worker_command == expected
    assert settings.accepted_licenses == ("a", "b")
    assert settings.selection is not None
    assert settings.selection.choices == {Task.OCR: "none"}
    assert settings.models_folder is None
    assert settings.hub == "http://localhost:8080"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "ofline: true",
            "config.yaml:1: unknown key 'ofline'; did you mean 'offline'?",
        ),
        ("\nhub: ftp://x", "config.yaml:2: hub: must begin with http:// or https://"),
        ("threads: 0", "threads: must be at least 1, not 0"),
        ("manifest: ~nobody-of-this-name/x", "names a user that has no home folder"),
        ("language: no", "write Norwegian as 'no', in quotes"),
        ("language: english", "must be a language code such as en, de or pt-BR"),
        ("worker_command: 'a \"b'", "worker_command: can't be split into words"),
        ("worker_command: []", "worker_command: must name a program"),
        ("auto_download: maybe", "auto_download: unknown value 'maybe'"),
        ("selection: {prefer: sped}", "did you mean 'speed'?"),
        ("selection: {image: x}", "selection: unknown key 'image'"),
    ],
)
def test_a_wrong_file_is_an_error_with_its_line(tmp_path, text, message):
    with pytest.raises(ConfigError) as caught:
        settings_of(tmp_path, text)
    assert message in str(caught.value)
    assert str(tmp_path) in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("EDGE_CAPTIONS_OFLINE", "1", "did you mean 'EDGE_CAPTIONS_OFFLINE'?"),
        ("EDGE_CAPTIONS_THREADS", "many", "EDGE_CAPTIONS_THREADS: must be a whole"),
        ("EDGE_CAPTIONS_THREADS", "#", "environment variable EDGE_CAPTIONS_THREADS"),
        ("HF_ENDPOINT", "mirror", "HF_ENDPOINT: must begin with http:// or https://"),
    ],
)
def test_a_wrong_variable_is_an_error_with_its_name(tmp_path, name, value, message):
    with pytest.raises(ConfigError) as caught:
        settings_of(tmp_path, **{name: value})
    assert message in str(caught.value)


def test_a_relative_path_is_meant_from_the_file(tmp_path):
    settings = settings_of(tmp_path, "manifest: more.yaml\nmodels_folder: files\n")
    assert settings.manifest == tmp_path / "more.yaml"
    assert settings.models_folder == tmp_path / "files"


def test_variables_that_others_inject_are_left_alone(tmp_path):
    settings_of(
        tmp_path,
        EDGE_CAPTIONS_SERVICE_HOST="10.0.0.1",
        EDGE_CAPTIONS_PORT_8080_TCP="tcp://10.0.0.1:8080",
    )


@pytest.mark.parametrize(
    ("text", "offline"), [("1", True), ("0", False), ("yes", True)]
)
def test_switches_in_the_environment_may_be_numbers(tmp_path, text, offline):
    assert settings_of(tmp_path, EDGE_CAPTIONS_OFFLINE=text).offline is offline


def test_a_user_without_a_home_is_told(monkeypatch):
    def no_home(path):
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "expanduser", no_home)
    with pytest.raises(ConfigError, match="has no home folder"):
        load_settings({})


def test_a_home_that_may_not_be_looked_at_is_told(tmp_path, monkeypatch):
    def refused(path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "exists", refused)  # root may look anywhere
    with pytest.raises(ConfigError, match="can't be looked at: Permission denied"):
        load_settings({"EDGE_CAPTIONS_HOME": str(tmp_path)})
