"""`edge-captions manifest check`: what is wrong with a list that can be read."""

from dataclasses import replace
import json
from pathlib import Path

import pytest

from edge_runtime.cli.main import main
from edge_runtime.downloads.locate import BUNDLED_FOLDER
from edge_runtime.inference.registry import FAMILIES, SESSIONS
from edge_runtime.manifest import load_manifest
from edge_runtime.manifest.checks import check_manifest
from edge_runtime.manifest.converted import record_measurement
from edge_runtime.manifest.findings import Grade

KNOWN = (frozenset(FAMILIES), frozenset(SESSIONS))
ZEROS = "0" * 64
NEW = """\
  - id: mine
    task: text-generation
    family: text_chat
    library: llama-cpp-python
    format: gguf
    tuning: instruct
    license: Apache-2.0
    languages: [en]
    requires: {memory_bytes: 9000, kv_bytes_per_token: 1, context_tokens: 512}
    options: {n_ctx: 512}
    provenance: {files: its page, requires: measured}
    files:
      - path: mine.gguf
        bytes: 8000
        sha256: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
        sources: [{huggingface: me/mine, revision: abc}]
"""


def row(*changes: tuple[str, str]) -> str:
    text = NEW
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return text


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "models.yaml"
    path.write_text(f"schema_version: 1\nmodels:\n{text}", encoding="utf-8")
    return path


def errors_in(path: Path | None) -> list[tuple[str, str | None]]:
    found = check_manifest(load_manifest(path, environ={}), *KNOWN, BUNDLED_FOLDER)
    return [(item.code, item.model_id) for item in found if item.grade is Grade.ERROR]


def second(*changes: tuple[str, str]) -> str:
    """Return a row of another model with the same file."""
    return row(("id: mine", "id: other"), *changes)


BASE = "tuning: base"
SCORED = "    quality: {score: 1, basis: estimated}\n    files:"
WORK = "    compute_gmac: 1\n    files:"
WRONG = {
    "family_unknown": row(("family: text_chat", "family: text_chats")),
    "library_unknown": row(("library: llama-cpp-python", "library: llama.cpp")),
    "library_format": row(("library: llama-cpp-python", "library: onnxruntime")),
    "license": row(("license: Apache-2.0", "license: Apache-2")),
    "basis_missing": row(
        ("    files:", "    quality: {score: 1, source: a page}\n    files:")
    ),
    "estimate_unexplained": row(("    files:", SCORED)),
    "files_unsourced": row(("files: its page, ", "")),
    "requires_unsourced": row((", requires: measured", "")),
    "compute_gmac_unsourced": row(("    files:", WORK)),
    "source_missing": row(("    files:", "    quality: {cider: 1}\n    files:")),
    "memory_unknown": row(("memory_bytes: 9000, ", ""), ("        bytes: 8000\n", "")),
    "memory_below_weights": row(("memory_bytes: 9000", "memory_bytes: 7999")),
    "context_disagrees": row(("n_ctx: 512", "n_ctx: 1024")),
    "cache_unknown": row(("kv_bytes_per_token: 1, ", "")),
    "default_is_base": row(("tuning: instruct", BASE))
    + "selection: {text-generation: mine}\n",
}


def test_nothing_is_wrong_with_the_shipped_list():
    assert errors_in(None) == []


def test_a_sound_row_of_ones_own_is_no_finding(tmp_path):
    assert errors_in(written(tmp_path, NEW)) == []


def test_a_row_that_was_made_here_says_where_its_numbers_come_from(tmp_path):
    text = row(
        ("    provenance: {files: its page, requires: measured}\n", ""),
        ("[{huggingface: me/mine, revision: abc}]", "[{convert: me/mine}]"),
    )
    path = written(tmp_path, text)
    assert errors_in(path) == [("requires_unsourced", "mine")]
    record_measurement(path, "a laptop", 1.5, 9000)
    assert errors_in(path) == []


@pytest.mark.parametrize("code", WRONG)
def test_each_fault_is_found_alone(code, tmp_path):
    assert errors_in(written(tmp_path, WRONG[code])) == [(code, "mine")]


@pytest.mark.parametrize(
    "terms",
    [
        "license: LicenseRef-Mine",
        "license: LicenseRef-Mine\n    license_note: mine",
        "license: CC-BY-4.0",
    ],
)
def test_a_licence_says_what_it_asks_for(terms, tmp_path):
    text = row(("license: Apache-2.0", terms))
    assert errors_in(written(tmp_path, text)) == [("license", "mine")]


def test_rows_must_agree_about_one_file(tmp_path):
    other_size = NEW + second(("bytes: 8000", "bytes: 8001"))
    assert errors_in(written(tmp_path, other_size)) == [("size_disagrees", "other")]
    other_hash = NEW + second(("a" * 64, "b" * 64))
    assert errors_in(written(tmp_path, other_hash)) == [("hash_disagrees", "other")]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"bytes": 5}, "bundled_size"),
        ({"sha256": ZEROS}, "bundled_hash"),
    ],
)
def test_files_of_the_package_are_weighed_and_hashed(change, code):
    manifest = load_manifest(environ={})
    spec = manifest.get("tiny-captioner")
    files = (replace(spec.files[0], **change), *spec.files[1:])
    alone = replace(manifest, models=(replace(spec, files=files),))
    found = check_manifest(alone, *KNOWN, BUNDLED_FOLDER)
    assert [item.code for item in found] == [code]


def test_a_file_that_the_package_lacks_is_found(tmp_path):
    manifest = load_manifest(environ={})
    alone = replace(manifest, models=(manifest.get("tiny-captioner"),))
    found = check_manifest(alone, *KNOWN, tmp_path)
    assert {item.code for item in found} == {"bundled_missing"}


def test_the_command_says_what_is_known_and_leaves_with_0(tmp_path, capsys):
    assert main(["manifest", "check", "--home", str(tmp_path / "home")]) == 0
    said = capsys.readouterr().out
    assert "nothing is wrong" in said
    assert "tiny-captioner-tflite: sha256 recorded at the first download" in said


def test_the_command_names_line_and_code_and_leaves_with_1(tmp_path, capsys):
    path = written(tmp_path, WRONG["context_disagrees"])
    arguments = ["manifest", "check", str(path), "--home", str(tmp_path / "home")]
    assert main(arguments) == 1
    said = capsys.readouterr().out
    assert "mine: requires.context_tokens is 512, options.n_ctx 1024" in said
    assert f"[context_disagrees]  ({path}:3)" in said
    assert "1 wrong" in said


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("a" * 64, "a" * 63, "64 lower-case hexadecimal digits"),
        ("task: text-generation", "task: text", "models[mine].task"),
        ("bytes: 8000", "bytes: none", "models[mine].files[0].bytes"),
    ],
)
def test_a_list_that_can_not_be_read_is_a_finding_too(old, new, said, tmp_path, capsys):
    path = written(tmp_path, row((old, new)))
    arguments = ["manifest", "check", str(path), "--json", "--home", str(tmp_path)]
    assert main(arguments) == 1
    document = json.loads(capsys.readouterr().out)
    assert document["errors"] == 1
    assert document["findings"][0]["code"] == "form"
    assert said in document["findings"][0]["sentence"]
