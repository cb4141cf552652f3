"""`folders` in `config.yaml` and in the environment."""

from pathlib import Path

import pytest

from edge_runtime.config import load_settings, plain_settings
from edge_runtime.errors import ConfigError
from edge_runtime.folder_settings import FolderSettings, Policy, Schedule

FOLDERS = """\
folders:
  - pictures
  - path: /mnt/nas
    name: Family
    language: de
    policy: accept_sure
    write_metadata: off
    poll_s: 30
    schedule: {hours: "22:00-06:00", max_load: 0.3, on_battery: true}
"""


def load(tmp_path: Path, text: str, **environment: str):
    (tmp_path / "config.yaml").write_text(text)
    return load_settings(environment, home=tmp_path)


def test_folders_are_paths_or_have_settings(tmp_path):
    settings = load(tmp_path, FOLDERS)
    first, second = settings.folders
    assert (first.path, dict(first.settings)) == (tmp_path / "pictures", {})
    assert (second.path, second.name) == (Path("/mnt/nas"), "Family")
    wanted = FolderSettings.from_dict(second.settings)
    assert (wanted.language, wanted.policy) == ("de", Policy.ACCEPT_SURE)
    assert wanted.write_metadata == "off"
    assert wanted.schedule == Schedule("22:00-06:00", 0.3, on_battery=True)
    assert FolderSettings.from_dict(wanted.to_dict()) == wanted
    shown = plain_settings(settings)["folders"]
    assert shown[0] == {"path": str(tmp_path / "pictures")}
    assert shown[1]["policy"] == "accept_sure"


def test_the_environment_names_folders_with_commas(tmp_path):
    settings = load(tmp_path, "", EDGE_CAPTIONS_FOLDERS="/a, /b")
    assert [folder.path for folder in settings.folders] == [Path("/a"), Path("/b")]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("folders: [{name: x}]", "key 'path' is missing"),
        ("folders: [{path: /a, polcy: x}]", "did you mean 'policy'?"),
        ("folders: [{path: /a, policy: all}]", "unknown value 'all'"),
        ("folders: [{path: /a, poll_s: 1}]", "must be at least 5"),
        ("folders: [{path: /a, poll_s: 90000}]", "must be at most 86400"),
        ("folders: [{path: /a, language: d}]", "must be like en, de or pt-BR"),
        ("folders: [{path: /a, schedule: {hours: late}}]", "must be like 22:00-06:00"),
        ("folders: [{path: /a, schedule: {nights: x}}]", "unknown key 'nights'"),
        ("folders: [~nobody-of-this-name/x]", "no home folder here"),
    ],
)
def test_a_wrong_wish_names_the_line_and_what_would_be_right(tmp_path, text, words):
    with pytest.raises(ConfigError, match=r"config\.yaml:1: ") as caught:
        load(tmp_path, text)
    assert words in str(caught.value)


def test_settings_of_a_later_version_are_passed_over():
    later = {"language": "de", "brand_new": 1, "schedule": {"moon": "full"}}
    assert FolderSettings.from_dict(later) == FolderSettings(language="de")
