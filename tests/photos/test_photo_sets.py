"""The two photo sets: each picture has a true row, a free licence and a small file."""

import hashlib
from pathlib import Path
import platform
import subprocess
import sys

import numpy as np
import PIL
from PIL import Image
import pytest
import yaml

ROOT = Path(__file__).parents[2]
PHOTOS = ROOT / "tests" / "fixtures" / "photos"
SCRIPT = ROOT / "scripts" / "make_camera_photos.py"
DOC = (ROOT / "docs" / "photo-sets.md").read_text(encoding="utf-8")
ROWS = yaml.safe_load((PHOTOS / "photos.yaml").read_text(encoding="utf-8"))
CAMERA = yaml.safe_load((PHOTOS / "camera.yaml").read_text(encoding="utf-8"))
SOURCES = {
    row["file"].removesuffix(".webp"): row
    for row in yaml.safe_load((PHOTOS / "camera_sources" / "sources.yaml").read_text())
}
LICENSES = {
    "BSD-3-Clause",
    "CC-BY-2.0",
    "CC-BY-3.0",
    "CC-BY-4.0",
    "CC-BY-SA-3.0",
    "CC-BY-SA-4.0",
    "CC0-1.0",
    "LicenseRef-Public-Domain",
}
KEYS = [
    *("file", "set", "title", "things", "people", "animals"),
    *("author", "license", "source", "changes"),
]
LONGEST_SIDE = 512
LARGEST_FILE = 40_000
LARGEST_SUM = {"out_of_domain": 2_500_000, "camera": 2_000_000}
DRAWN = {"cat", "parcel"}
CLOSE = 3.0  # mean difference of 255 that another Pillow or processor may make


def of_set(name):
    return [row for row in ROWS if row["set"] == name]


def by_file(row):
    return row["file"]


def files(folder):
    return sorted(f"{folder}/{path.name}" for path in (PHOTOS / folder).iterdir())


@pytest.mark.parametrize("name", ["out_of_domain", "camera"])
def test_every_picture_has_one_row(name):
    assert sorted(row["file"] for row in of_set(name)) == files(name)


def test_every_source_has_one_row():
    names = [f"camera_sources/{name}.webp" for name in SOURCES]
    assert sorted([*names, "camera_sources/sources.yaml"]) == files("camera_sources")


@pytest.mark.parametrize("row", ROWS, ids=by_file)
def test_row_says_what_is_in_the_picture(row):
    assert list(row) == KEYS
    assert row["set"] == row["file"].partition("/")[0]
    assert row["title"][0].isupper()
    assert row["title"].endswith(".")
    assert row["title"].count(". ") == 0
    assert row["people"] in {"yes", "no"}
    assert row["animals"] in {"yes", "no"}
    assert len(set(row["things"])) == len(row["things"]) > 0
    assert any(thing in row["title"].lower() for thing in row["things"])


@pytest.mark.parametrize("row", [*ROWS, *SOURCES.values()], ids=by_file)
def test_row_names_author_and_a_free_license(row):
    assert row["license"] in LICENSES
    for key in ("author", "source", "changes"):
        assert row[key].strip(), key


@pytest.mark.parametrize("row", ROWS, ids=by_file)
def test_picture_is_a_small_webp(row):
    path = PHOTOS / row["file"]
    assert path.stat().st_size <= LARGEST_FILE
    with Image.open(path) as image:
        assert image.format == "WEBP"
        assert max(image.size) <= LONGEST_SIDE
        assert not image.getexif()


@pytest.mark.parametrize("name", ["out_of_domain", "camera"])
def test_a_set_stays_small_and_without_doubles(name):
    content = [(PHOTOS / row["file"]).read_bytes() for row in of_set(name)]
    assert sum(map(len, content)) <= LARGEST_SUM[name]
    assert len({hashlib.sha256(data).digest() for data in content}) == len(content)


def test_camera_set_has_what_cameras_see():
    rows = of_set("camera")
    nobody = [r for r in rows if (r["people"], r["animals"]) == ("no", "no")]
    empty = [r for r in nobody if "-empty" in r["file"]]
    assert len(rows) >= 40
    assert len(empty) >= 10
    for kind in ("infrared", "fisheye", "rain", "fog", "night"):
        assert any(kind in r["file"] for r in rows), kind
    for thing in ("person", "car", "cat", "dog", "parcel"):
        assert any(thing in r["things"] for r in rows), thing


def test_a_frame_without_people_or_animals_has_none_in_its_things():
    living = {
        *("person", "people", "man", "woman"),
        *("cat", "dog", "bird", "pigeon", "cow"),
    }
    for row in of_set("camera"):
        if (row["people"], row["animals"]) == ("no", "no"):
            assert not living & set(row["things"]), row["file"]


@pytest.mark.parametrize("recipe", CAMERA["pictures"], ids=lambda r: r["name"])
def test_camera_row_names_what_its_recipe_uses(recipe):
    (row,) = [r for r in ROWS if r["file"] == f"camera/{recipe['name']}.webp"]
    things = {thing["thing"] for thing in recipe.get("things", ())}
    used = [recipe["scene"], *(f"cutout-{name}" for name in things - DRAWN)]
    named = row["source"].removeprefix("camera_sources/sources.yaml: ").split(", ")
    assert sorted(named) == sorted(used)
    for name in used:
        assert SOURCES[name]["author"] in row["author"]
    share_alike = {SOURCES[name]["license"] for name in used} - {"CC0-1.0"}
    assert {row["license"]} == (share_alike or {"CC0-1.0"})


@pytest.mark.parametrize("row", ROWS, ids=by_file)
def test_manual_lists_the_picture(row):
    name = Path(row["file"]).stem
    link = f"[{name}](../tests/fixtures/photos/{row['file']})"
    where = row["source"].removeprefix("camera_sources/sources.yaml: ")
    line = (link, row["title"], row["author"], row["license"], where)
    assert f"| {' | '.join(line)} |" in DOC


@pytest.mark.parametrize("source", SOURCES.values(), ids=by_file)
def test_manual_lists_the_source(source):
    keys = ("file", "author", "license", "source", "changes")
    assert f"| {' | '.join(source[key] for key in keys)} |" in DOC


@pytest.fixture(scope="module")
def made_again(tmp_path_factory):
    out = tmp_path_factory.mktemp("camera")
    run_script("--out", out)
    return out


def run_script(*arguments, code=0):
    done = subprocess.run(
        [sys.executable, SCRIPT, *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stderr
    return done


def same_as_made_with():
    here = {
        "pillow": PIL.__version__,
        "numpy": np.__version__,
        "machine": platform.machine(),
    }
    return here == CAMERA["made_with"]


def pixels(path):
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"), dtype=np.int16)


@pytest.mark.parametrize("row", of_set("camera"), ids=by_file)
def test_script_makes_the_picture_again(row, made_again):
    kept, made = PHOTOS / row["file"], made_again / Path(row["file"]).name
    if same_as_made_with():
        assert made.read_bytes() == kept.read_bytes()
    else:
        assert np.abs(pixels(made) - pixels(kept)).mean() < CLOSE


def test_script_makes_only_the_named_picture(tmp_path):
    run_script("--out", tmp_path, "yard-dog")
    assert [path.name for path in tmp_path.iterdir()] == ["yard-dog.webp"]


def test_script_refuses_an_unknown_name(tmp_path):
    done = run_script("--out", tmp_path, "yard-unicorn", code=2)
    assert "yard-unicorn" in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())
