"""Each broken file says itself, in its last line, what the error must be."""

from pathlib import Path

import pytest

from edge_runtime.errors import ManifestError
from edge_runtime.manifest import load_manifest

BROKEN = Path(__file__).parents[1] / "fixtures" / "manifests" / "broken"
FILES = sorted(BROKEN.glob("*.yaml"))
ERROR = "# error "


def test_there_are_broken_manifests():
    assert len(FILES) > 80


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_broken_manifest_fails_with_file_line_key_and_problem(path):
    last_line = path.read_text(encoding="utf-8").splitlines()[-1]
    assert last_line.startswith(ERROR)
    with pytest.raises(ManifestError) as caught:
        load_manifest(path, {})
    assert str(caught.value) == f"{path}:{last_line.removeprefix(ERROR)}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_message_is_one_line(path):
    with pytest.raises(ManifestError) as caught:
        load_manifest(path, {})
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_named(tmp_path):
    path = tmp_path / "models.yaml"
    with pytest.raises(ManifestError) as caught:
        load_manifest(path)
    assert str(caught.value) == f"{path}: can't be read: No such file or directory"


def test_a_folder_is_no_manifest(tmp_path):
    with pytest.raises(ManifestError) as caught:
        load_manifest(tmp_path)
    assert str(caught.value) == f"{tmp_path}: can't be read: Is a directory"


def test_a_file_that_is_not_text_is_named(tmp_path):
    path = tmp_path / "models.yaml"
    path.write_bytes(b"schema_version: 1\n\xff")
    with pytest.raises(ManifestError) as caught:
        load_manifest(path)
    assert str(caught.value) == f"{path}: is not UTF-8 text (byte 18)"


def test_a_newer_file_asks_for_an_update_whatever_else_it_holds(tmp_path):
    path = tmp_path / "models.yaml"
    path.write_text("models_v2: {}\nschema_version: 7\ntitle: ${X}\n")
    with pytest.raises(ManifestError, match=r":2: schema_version: is 7, .*update"):
        load_manifest(path)
