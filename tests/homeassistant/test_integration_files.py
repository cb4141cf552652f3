"""What Home Assistant's own check (hassfest) asks of a custom integration's files."""

import json
from pathlib import Path
import re
import struct

from awesomeversion import AwesomeVersion
import homeassistant.components
from homeassistant.components.automation.config import AUTOMATION_BLUEPRINT_SCHEMA
from homeassistant.components.blueprint import Blueprint
from homeassistant.util.yaml import load_yaml
import probatio as vol
import pytest
import yaml

from custom_components.edge_captions import const
from custom_components.edge_captions.failures import _OWN_WORDS
from custom_components.edge_captions.services import ACTIONS
from custom_components.edge_captions.sign_in_flow import FLOW_ERRORS

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "custom_components" / "edge_captions"
CODE = {path: path.read_text() for path in FOLDER.glob("*.py")}
SOURCE = "\n".join(CODE.values())


def load(name: str):
    return json.loads((FOLDER / name).read_text())


MANIFEST = load("manifest.json")
STRINGS = load("strings.json")
ICONS = load("icons.json")
SERVICES = yaml.safe_load((FOLDER / "services.yaml").read_text())


def test_manifest():
    first, second, *others = MANIFEST
    assert (first, second) == ("domain", "name")
    assert others == sorted(others)
    assert MANIFEST["domain"] == FOLDER.name
    assert MANIFEST["documentation"].startswith("https://")
    assert MANIFEST["issue_tracker"].startswith("https://")
    assert all(owner.startswith("@") for owner in MANIFEST["codeowners"])
    assert MANIFEST["integration_type"] in {"service", "hub", "device"}
    assert MANIFEST["iot_class"] in {"local_push", "local_polling"}
    assert MANIFEST["requirements"] == []
    assert AwesomeVersion(MANIFEST["version"]).valid
    known = Path(homeassistant.components.__file__).parent
    for domain in MANIFEST["dependencies"] + MANIFEST["after_dependencies"]:
        assert (known / domain / "manifest.json").exists()


def test_version_is_the_runtimes():
    text = (ROOT / "edge_runtime" / "__init__.py").read_text()
    (version,) = re.findall(r'__version__.*"([^"]+)"', text)
    assert MANIFEST["version"] == version


def test_hacs():
    hacs = json.loads((ROOT / "hacs.json").read_text())
    assert hacs["name"] == MANIFEST["name"]
    assert AwesomeVersion(hacs["homeassistant"]).valid


def test_english_is_the_source():
    assert load("translations/en.json") == STRINGS


def leaves(tree, path=()):
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from leaves(value, (*path, key))
        else:
            yield (*path, key), value


@pytest.mark.parametrize("path", sorted((FOLDER / "translations").glob("*.json")))
def test_translations_have_the_same_keys_and_placeholders(path):
    own = dict(leaves(json.loads(path.read_text())))
    source = dict(leaves(STRINGS))
    assert own.keys() == source.keys()
    for key, text in own.items():
        assert text.strip() == text != ""
        wanted = set(re.findall(r"{(\w+)}", source[key]))
        assert set(re.findall(r"{(\w+)}", text)) == wanted, key


def test_actions_have_names_icons_and_fields():
    assert SERVICES.keys() == STRINGS["services"].keys() == ICONS["services"].keys()
    for name, action in SERVICES.items():
        strings = STRINGS["services"][name]
        assert strings["name"]
        assert strings["description"]
        assert action["fields"].keys() == strings["fields"].keys(), name
        for field in strings["fields"].values():
            assert field["name"]
            assert field["description"]


def test_selectors_are_translated():
    keys = re.findall(r"translation_key: (\w+)", (FOLDER / "services.yaml").read_text())
    assert set(keys) == set(STRINGS["selector"])


def test_actions_take_the_fields_that_are_documented():
    assert ACTIONS.keys() == SERVICES.keys()
    for name, (_, schema, _) in ACTIONS.items():
        fields = SERVICES[name]["fields"]
        assert {str(key) for key in schema.schema} == fields.keys(), name
        for key in schema.schema:
            is_required = isinstance(key, vol.Required)
            assert fields[str(key)].get("required", False) is is_required, (name, key)


@pytest.mark.parametrize("flow", ["config", "options", "config_subentries"])
def test_steps_describe_each_field(flow):
    tree = STRINGS[flow]
    for one in tree.values() if flow == "config_subentries" else [tree]:
        for name, step in one["step"].items():
            described = step.get("data_description", {})
            assert step.get("data", {}).keys() == described.keys()
            if "menu_options" not in step:
                assert f"async_step_{name}" in SOURCE, name


def test_errors_and_aborts_that_are_used_are_translated():
    config = STRINGS["config"]
    flows = CODE[FOLDER / "config_flow.py"] + CODE[FOLDER / "sign_in_flow.py"]
    used = set(re.findall(r'(?:reason|error)="(\w+)"', flows))
    assert used <= config["abort"].keys() | config["error"].keys()
    for code in FLOW_ERRORS | {"unknown", "cannot_connect"}:
        assert code in config["error"]
        assert code in config["abort"]


def test_exceptions_that_are_raised_are_translated():
    used = set(re.findall(r'invalid\(\s*"(\w+)"', SOURCE))
    used |= set(re.findall(r'translation_key="(\w+)"', SOURCE))
    used |= {f"model_cannot_answer{end}" for end in ("", "_install", "_cure", "_ask")}
    used -= STRINGS["selector"].keys()
    used |= {"more_than_one_picture", "no_picture", "refused", "busy"} | _OWN_WORDS
    used |= {"runtime_too_old", "integration_too_old"}
    assert sorted(used) == sorted(STRINGS["exceptions"])


def test_entities_have_names_and_icons():
    names = {(d, key) for d, group in STRINGS["entity"].items() for key in group}
    icons = {(d, key) for d, group in ICONS["entity"].items() for key in group}
    assert names == icons
    for _, key in names:
        assert f'"{key}"' in SOURCE, key


def test_issues_are_translated():
    kinds = {v for k, v in vars(const).items() if k.startswith("ISSUE_")}
    assert {*kinds, "no_model_answers_by_hand"} == STRINGS["issues"].keys()
    for kind, issue in STRINGS["issues"].items():
        is_fixable = kind in kinds
        assert issue.keys() == {"title", "fix_flow" if is_fixable else "description"}


def test_quality_scale_names_every_rule():
    rules = yaml.safe_load((FOLDER / "quality_scale.yaml").read_text())["rules"]
    immich = Path(homeassistant.components.__file__).parent / "immich"
    known = yaml.safe_load((immich / "quality_scale.yaml").read_text())["rules"]
    assert rules.keys() == known.keys()
    for rule in rules.values():
        if rule != "done":
            assert rule["status"] in {"todo", "exempt"}
            assert rule["comment"]


@pytest.mark.parametrize(
    ("name", "size"),
    [("icon", 256), ("icon@2x", 512), ("dark_icon", 256), ("dark_icon@2x", 512)],
)
def test_brand_icons(name, size):
    data = (FOLDER / "brand" / f"{name}.png").read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", data[16:24]) == (size, size)


def test_the_integration_never_needs_the_runtimes_code():
    assert not re.search(r"^\s*(?:from|import) edge_runtime", SOURCE, re.MULTILINE)


@pytest.mark.parametrize(
    "path", sorted((FOLDER / "blueprints").rglob("*.yaml")), ids=lambda p: p.stem
)
async def test_blueprints_are_ones(hass, path):
    data = await hass.async_add_executor_job(load_yaml, str(path))
    blueprint = Blueprint(
        data,
        expected_domain="automation",
        path=path.name,
        schema=AUTOMATION_BLUEPRINT_SCHEMA,
    )
    assert blueprint.validate() is None
