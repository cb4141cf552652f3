"""Home Assistant's app: its description, its start, and a run without a Supervisor."""

from importlib.util import module_from_spec, spec_from_file_location
import json
import os
from pathlib import Path

from app_config import SCHEMA
import jsonschema
from PIL import Image
import pytest
import yaml

import edge_runtime
from edge_runtime.api import supervisor, uploads
from edge_runtime.config import DEFAULT_PORT

ROOT = Path(__file__).parents[2]
APP = ROOT / "packaging" / "home_assistant_app"
MANIFEST = json.loads(
    (ROOT / "custom_components" / "edge_captions" / "manifest.json").read_text()
)


def read(name: str):
    return yaml.safe_load((APP / name).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def config():
    return read("config.yaml")


@pytest.fixture
def start():
    spec = spec_from_file_location("app_start", APP / "start.py")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_description_has_documented_keys_alone(config):
    jsonschema.validate(config, SCHEMA)
    assert set(config["arch"]) == {"aarch64", "amd64"}
    assert "image" not in config  # until images are published
    assert set(config["options"]) <= set(config["schema"])


def test_it_speaks_of_this_version_and_this_integration(config):
    assert config["version"] == edge_runtime.__version__
    assert config["discovery"] == [MANIFEST["domain"]]
    assert "hassio" in MANIFEST["after_dependencies"]
    assert MANIFEST["domain"] == supervisor._SERVICE
    assert f"## {config['version']}" in (APP / "CHANGELOG.md").read_text()
    assert f"ARG BUILD_VERSION={config['version']}" in (APP / "Dockerfile").read_text()
    assert (ROOT / "repository.yaml").is_file()


def test_the_page_is_behind_ingress_at_the_services_port(config):
    assert (config["ingress"], config["ingress_port"]) == (True, DEFAULT_PORT)
    assert f"[PORT:{DEFAULT_PORT}]/health" in config["watchdog"]
    assert list(config["ports"].values()) == [None]  # nothing is open unasked


def test_photos_are_read_and_backups_leave_out_what_can_be_had_again(config):
    folders = {entry["type"]: entry["read_only"] for entry in config["map"]}
    assert folders == {"media": True, "share": True, "addon_config": True}
    assert config["backup"] == "cold"
    assert f"{uploads.FOLDER}/*" in config["backup_exclude"]
    for path in ("models/tiny", "thumbnails/01.webp"):
        assert any(Path("data", path).match(e) for e in config["backup_exclude"])
    for path in ("edge-captions.db", "config.yaml", "settings.yaml"):
        assert not any(Path("data", path).match(e) for e in config["backup_exclude"])


@pytest.mark.parametrize("language", ["en", "de"])
def test_every_option_and_port_is_told_in_each_language(config, language):
    words = read(f"translations/{language}.yaml")
    assert set(words["configuration"]) == set(config["schema"])
    assert all(
        set(text) == {"name", "description"} for text in words["configuration"].values()
    )
    assert set(words["network"]) == set(config["ports"])


def test_what_the_store_shows_is_there():
    with Image.open(APP / "icon.png") as icon:
        assert icon.format == "PNG"
        assert icon.width == icon.height
    assert (APP / "DOCS.md").read_text().startswith("# Edge Captions")


def test_options_become_the_services_settings(start, tmp_path):
    path = tmp_path / "options.json"
    path.write_text('{"verbose": true, "threads": 2, "memory_limit_mib": null}')
    options = start.read_options(path)
    assert start.command(options)[-1] == "--verbose"
    found = start.environment(options, {"SUPERVISOR_TOKEN": "x"})
    assert found["EDGE_CAPTIONS_THREADS"] == "2"
    assert "EDGE_CAPTIONS_MEMORY_LIMIT_MIB" not in found
    assert (found["EDGE_CAPTIONS_INGRESS"], found["SUPERVISOR_TOKEN"]) == ("true", "x")


@pytest.mark.parametrize("text", ["", "[]", "{broken"])
def test_options_that_cannot_be_read_are_none(start, tmp_path, text):
    path = tmp_path / "options.json"
    path.write_text(text)
    assert start.read_options(path) == {}
    assert start.command({}) == [start.PROGRAM, "serve", "--host", "0.0.0.0"]  # noqa: S104


def test_a_persons_config_counts_as_long_as_it_is_there(start, tmp_path):
    source, target = tmp_path / "config.yaml", tmp_path / "data.yaml"
    start.link_config(source, target)
    assert not target.exists()
    source.write_text("language: de\n")
    start.link_config(source, target)
    assert target.read_text() == "language: de\n"
    source.unlink()
    start.link_config(source, target)
    assert not target.is_symlink()
    target.write_text("ours\n")
    source.write_text("language: fr\n")
    start.link_config(source, target)
    assert target.read_text() == "ours\n"


@pytest.mark.skipif(os.geteuid() != 0, reason="root alone can hand files over")
def test_root_is_given_up_and_the_data_handed_over(start, tmp_path):
    (tmp_path / "options.json").write_text("{}")
    (tmp_path / "edge-captions.db").touch()
    child = os.fork()
    if child == 0:
        try:
            start.give_up_root("nobody", tmp_path)
            os._exit(0 if os.geteuid() and os.getegid() else 1)
        except BaseException:  # noqa: BLE001 - the parent reads the exit code
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert (tmp_path / "edge-captions.db").stat().st_uid != 0
    assert (tmp_path / "options.json").stat().st_uid == 0
