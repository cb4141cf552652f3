"""scripts/pin_bundled_model.py."""

from pathlib import Path
import subprocess
import sys

import pytest
import yaml

from edge_runtime.manifest import load_manifest

SCRIPT = Path(__file__).parents[2] / "scripts" / "pin_bundled_model.py"
HELLO = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
BEFORE = """\
schema_version: 1
models:
  - id: other  # stays as it is
    files:
      - path: other.bin
        pin: first-download
        sources: [{bundled: other.bin}]
  - id: pocket
    task: image-to-text
    family: encoder_decoder
    library: onnxruntime
    format: onnx
    tuning: finetuned
    license: MIT
    languages: [en]
    files:
      # a file that was never pinned
      - path: a.bin
        pin: first-download  # until the first export
        sources:
          - bundled: pocket/a.bin
      - path: b.bin
        bytes: 99  # an old size
        sha256: b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53
        sources:
          - bundled: pocket/b.bin
      - path: c.bin
        pin: first-download
        sources:
          - url: https://example.org/c.bin
"""


@pytest.fixture(name="manifest")
def manifest_fixture(tmp_path):
    (tmp_path / "pocket").mkdir()
    for name in ("a.bin", "b.bin"):
        (tmp_path / "pocket" / name).write_bytes(b"hello")
    path = tmp_path / "models.yaml"
    path.write_text(BEFORE, encoding="utf-8")
    return path


def run(manifest, *arguments):
    return subprocess.run(
        [
            sys.executable,
            SCRIPT,
            *arguments,
            "--manifest",
            manifest,
            "--bundled",
            manifest.parent,
        ],
        check=False,
        capture_output=True,
        text=True,
    )


def test_sizes_and_hashes_are_written_and_all_else_stays(manifest):
    result = run(manifest, "pocket")
    assert (result.returncode, result.stderr) == (0, "")
    assert manifest.read_text(encoding="utf-8") == BEFORE.replace(
        "        pin: first-download  # until",
        f"        bytes: 5\n        sha256: {HELLO}  # until",
    ).replace("bytes: 99", "bytes: 5").replace(
        "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53", HELLO
    )
    assert [path.name for path in manifest.parent.glob("*models*")] == ["models.yaml"]


def test_the_result_is_a_manifest(manifest):
    run(manifest, "pocket")
    text = manifest.read_text(encoding="utf-8")
    head, _, tail = text.partition("  - id: other")
    manifest.write_text(head + tail[tail.index("  - id: pocket") :], encoding="utf-8")
    files = load_manifest(manifest, {}).get("pocket").files
    assert [(file.bytes, file.sha256) for file in files] == [
        (5, HELLO),
        (5, HELLO),
        (None, None),
    ]


def test_a_mapping_in_braces_stays_one(manifest):
    text = BEFORE.replace(
        """      - path: a.bin
        pin: first-download  # until the first export
        sources:
          - bundled: pocket/a.bin
""",
        """      - {path: a.bin, pin: first-download,
         sources: [{bundled: pocket/a.bin}]}
""",
    )
    assert text != BEFORE
    manifest.write_text(text, encoding="utf-8")
    assert run(manifest, "pocket").returncode == 0
    rows = yaml.safe_load(manifest.read_text(encoding="utf-8"))["models"]
    assert rows[1]["files"][0] == {
        "path": "a.bin",
        "bytes": 5,
        "sha256": HELLO,
        "sources": [{"bundled": "pocket/a.bin"}],
    }


def test_what_the_edit_would_break_is_left_to_a_person(manifest):
    shared = BEFORE.replace("pin: first-download  #", "pin: &pin first-download  #")
    text = shared.replace(
        "path: c.bin\n        pin: first-download", "path: c.bin\n        pin: *pin"
    )
    assert text != shared
    manifest.write_text(text, encoding="utf-8")
    result = run(manifest, "pocket")
    assert result.returncode == 2
    assert len(result.stderr.splitlines()) == 1
    assert manifest.read_text(encoding="utf-8") == text


def test_a_manifest_that_cant_be_written_leaves_no_half_of_one(manifest):
    # the name of the temporary file is a little too long for the disk
    long_name = manifest.with_name(f"{'m' * 250}.yaml")
    manifest.rename(long_name)
    result = run(long_name, "pocket")
    assert result.returncode == 2
    assert "can't be written" in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert [path.name for path in long_name.parent.glob("*m*")] == [long_name.name]


def test_check_writes_nothing_and_fails_until_it_is_right(manifest):
    result = run(manifest, "pocket", "--check")
    assert result.returncode == 1
    assert "out of date" in result.stderr
    assert manifest.read_text(encoding="utf-8") == BEFORE
    run(manifest, "pocket")
    assert run(manifest, "pocket", "--check").returncode == 0


@pytest.mark.parametrize(
    ("model", "problem"),
    [
        ("pockte", "no model 'pockte' with bundled files"),
        ("other", "No such file or directory"),
    ],
)
def test_a_wrong_model_or_a_missing_file_is_an_error_of_one_line(
    manifest, model, problem
):
    result = run(manifest, model)
    assert result.returncode == 2
    assert problem in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert manifest.read_text(encoding="utf-8") == BEFORE
