"""The published JSON schema and the loader agree."""

import json
from pathlib import Path

from jsonschema import Draft202012Validator
import pytest
import yaml

from edge_runtime.hardware.libc_features import KNOWN_FLAGS
from edge_runtime.hardware.x86_levels import LEVELS
from edge_runtime.manifest import (
    blocks,
    files,
    loader,
    manifest_path,
    model,
    rows,
    thresholds,
)
from edge_runtime.manifest.cpu_features import ARM_FEATURES, X86_FEATURES
from edge_runtime.preferences import Preference
from edge_runtime.schemas import Task

SCHEMA_PATH = Path(loader.__file__).with_name("models.schema.json")
SCHEMA = json.loads(SCHEMA_PATH.read_text(encoding="utf-8"))
DEFS = SCHEMA["$defs"]
FIXTURES = Path(__file__).parents[1] / "fixtures" / "manifests"
BROKEN = {path.stem: path for path in sorted((FIXTURES / "broken").glob("*.yaml"))}

BEYOND_A_SCHEMA = {
    # two places of a file or of two files are compared
    "file_path_twice",
    "file_role_twice",
    "id_twice",
    "key_twice",
    "new_row_incomplete",
    "new_row_license_missing",
    "selection_broken_by_merge",
    "selection_other_task",
    "selection_unknown_model",
    "preprocess_looks_family",
    "shares_encoder_unknown",
    "thresholds_crossed",
    # an address is taken to pieces
    "source_url_not_an_address",
    "source_url_port_too_high",
    # the environment
    "source_variable_malformed",
    "source_variable_misplaced",
    "source_variable_unset",
    "variable_misplaced",
    # values that JSON does not know
    "generate_penalty_infinite",
    "nested_in_itself",
    "not_yaml",
    "options_not_plain",
}


def errors_of(document, schema=SCHEMA):
    return [
        f"{error.json_path}: {error.message}"
        for error in Draft202012Validator(schema).iter_errors(document)
    ]


def read(path):
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def test_the_schema_is_a_valid_schema():
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$id"] == "models.schema.json"


def test_the_shipped_manifest_satisfies_the_schema():
    assert errors_of(read(manifest_path())) == []


def test_every_shipped_row_is_complete():
    complete = {"$ref": "#/$defs/complete_model", "$defs": DEFS}
    for row in read(manifest_path())["models"]:
        assert errors_of(row, complete) == []


def test_an_override_satisfies_the_schema():
    assert errors_of(read(FIXTURES / "override.yaml")) == []


@pytest.mark.parametrize("name", sorted(BROKEN.keys() - BEYOND_A_SCHEMA))
def test_the_schema_rejects_what_the_loader_rejects(name):
    assert errors_of(read(BROKEN[name]))


@pytest.mark.parametrize(
    ("definition", "keys"),
    [
        ("model", [*rows.READERS, rows.FILES_KEY]),
        ("file", files.FILE_KEYS),
        ("source", {*files.KIND_KEYS, *sum(files.DETAIL_KEYS.values(), ())}),
        ("part", files.PART_KEYS),
        ("quality", blocks.QUALITY),
        ("requires", rows.REQUIRES),
        ("measurement", rows.MEASURED),
        ("preprocess", blocks.PREPROCESS),
        ("generate", blocks.GENERATE),
        ("thresholds", thresholds.THRESHOLD_KEYS),
        ("selection", [*map(str, Task), "prefer", "seconds_per_photo"]),
    ],
)
def test_schema_and_loader_know_the_same_keys(definition, keys):
    assert set(DEFS[definition]["properties"]) == set(keys)
    assert DEFS[definition]["additionalProperties"] is False


@pytest.mark.parametrize(
    ("block", "keys", "required"),
    [
        ("caption", thresholds.CAPTION, {"sure"}),
        ("noun", thresholds.NOUN, {"present", "absent"}),
        ("living", thresholds.NOUN, {"present", "absent"}),
        ("asked", thresholds.NOUN, {"present", "absent"}),
        ("label", thresholds.LABEL, {"present"}),
    ],
)
def test_schema_and_loader_know_the_same_thresholds(block, keys, required):
    definition = DEFS["thresholds"]["properties"][block]
    assert set(definition["properties"]) == set(keys)
    assert set(definition["required"]) == required
    assert definition["additionalProperties"] is False


def test_schema_and_loader_know_the_same_top_level_keys():
    assert set(SCHEMA["properties"]) == set(loader.TOP_LEVEL_KEYS)
    assert SCHEMA["properties"]["schema_version"]["const"] == loader.SCHEMA_VERSION
    assert set(DEFS["complete_model"]["required"]) == set(rows.REQUIRED_KEYS)


@pytest.mark.parametrize(
    ("definition", "key", "choices"),
    [
        ("model", "task", Task),
        ("model", "format", model.ModelFormat),
        ("model", "tuning", model.Tuning),
        ("file", "pin", files.Pin),
        ("quality", "basis", blocks.Basis),
        ("preprocess", "resize", blocks.Resize),
        ("preprocess", "resample", blocks.Resample),
        ("preprocess", "layout", blocks.Layout),
        ("thresholds", "unknown_word", model.UnknownWord),
        ("selection", "prefer", Preference),
    ],
)
def test_schema_and_loader_know_the_same_choices(definition, key, choices):
    listed = DEFS[definition]["properties"][key]["enum"]
    assert {value for value in listed if value is not None} == set(map(str, choices))


def test_schema_and_loader_know_the_same_architectures_and_features():
    requires = DEFS["requires"]["properties"]
    assert set(requires["arch"]["items"]["enum"]) == set(map(str, rows.Arch))
    features = set(requires["cpu_features"]["items"]["enum"])
    assert features == X86_FEATURES | ARM_FEATURES


def test_a_model_may_ask_for_every_feature_that_is_detected():
    assert KNOWN_FLAGS <= X86_FEATURES
    assert frozenset().union(*LEVELS.values()) <= X86_FEATURES


def test_every_key_has_a_description_for_editors():
    for name, definition in DEFS.items():
        assert definition["description"], name
        for key, value in definition.get("properties", {}).items():
            target = value.get("$ref") or value.get("anyOf", [{}])[0].get("$ref")
            assert value.get("description") or target, f"{name}.{key}"
