"""models.yaml is found from a checkout, a wheel and an editable install."""

from importlib.util import find_spec
import json
import os
from pathlib import Path
import subprocess
import sys

import pytest

from edge_runtime.errors import ManifestError
from edge_runtime.manifest import load_manifest, manifest_path

ROOT = Path(__file__).parents[2]
REPORT = """
import json, site, sys
site.addsitedir(sys.argv[1])
sys.path.remove(sys.argv[1])
sys.path.insert(0, sys.argv[1])
import edge_runtime.manifest as m
print(json.dumps([m.__file__, str(m.manifest_path()), len(m.load_manifest().models)]))
"""
needs_hatchling = pytest.mark.skipif(
    find_spec("hatchling") is None,
    reason="hatchling, the build backend, is not installed here",
)


def pip(*arguments):
    result = subprocess.run(
        [sys.executable, "-m", "pip", "--quiet", *arguments],
        check=False,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr


def report(site_packages, folder):
    """Return where the package and its manifest are found by a fresh Python."""
    # an installed copy is no part of the measured coverage
    environ = {k: v for k, v in os.environ.items() if not k.startswith("COV")}
    result = subprocess.run(
        [sys.executable, "-I", "-c", REPORT, site_packages],
        check=True,
        capture_output=True,
        text=True,
        cwd=folder,
        env=environ,
    )
    module, path, count = json.loads(result.stdout)
    return Path(module), Path(path), count


def make_package(folder, *, inside, beside, project):
    package = folder / "edge_runtime"
    package.mkdir()
    for wanted, path in (
        (inside, package / "models.yaml"),
        (beside, folder / "models.yaml"),
        (project, folder / "pyproject.toml"),
    ):
        if wanted:
            path.write_text("")
    return package


def test_a_checkout_uses_the_file_at_its_root():
    assert manifest_path() == ROOT / "models.yaml"


@pytest.mark.timeout(180)
@needs_hatchling
def test_a_wheel_carries_the_file(tmp_path):
    options = ("--no-deps", "--no-index")
    pip("wheel", *options, "--no-build-isolation", "-w", str(tmp_path), str(ROOT))
    (wheel,) = tmp_path.glob("edge_captions-*.whl")
    site_packages = tmp_path / "site-packages"
    pip("install", *options, "--target", str(site_packages), str(wheel))
    module, path, count = report(site_packages, tmp_path)
    assert module.is_relative_to(site_packages)
    assert path == site_packages / "edge_runtime" / "models.yaml"
    assert path.read_bytes() == (ROOT / "models.yaml").read_bytes()
    assert count == len(load_manifest(environ={}).models)
    assert (module.parent / "models.schema.json").is_file()


@pytest.mark.timeout(180)
@needs_hatchling
def test_an_editable_install_uses_the_file_that_is_edited(tmp_path):
    code = f"import os; os.chdir({str(ROOT)!r}); import hatchling.build as b; "
    code += f"b.build_editable({str(tmp_path)!r})"
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
    (wheel,) = tmp_path.glob("edge_captions-*.whl")
    site_packages = tmp_path / "site-packages"
    pip("install", "--no-deps", "--no-index", "--target", site_packages, wheel)
    # the copy that an editable install leaves behind; no edit reaches it
    stale = site_packages / "edge_runtime" / "models.yaml"
    stale.parent.mkdir(exist_ok=True)
    stale.write_text("schema_version: 1\n")
    module, path, count = report(site_packages, tmp_path)
    assert module.is_relative_to(ROOT)
    assert path == ROOT / "models.yaml"
    assert count == len(load_manifest(environ={}).models)


def test_the_root_of_a_checkout_wins_over_a_stale_copy(tmp_path):
    package = make_package(tmp_path, inside=True, beside=True, project=True)
    assert manifest_path(package) == tmp_path / "models.yaml"


def test_a_stranger_in_site_packages_is_not_taken_for_the_manifest(tmp_path):
    package = make_package(tmp_path, inside=True, beside=True, project=False)
    assert manifest_path(package) == package / "models.yaml"


def test_a_checkout_without_its_file_uses_the_copy(tmp_path):
    package = make_package(tmp_path, inside=True, beside=False, project=True)
    assert manifest_path(package) == package / "models.yaml"


def test_a_package_without_any_file_says_so(tmp_path):
    package = make_package(tmp_path, inside=False, beside=False, project=True)
    with pytest.raises(ManifestError) as caught:
        manifest_path(package)
    assert str(caught.value) == (
        f"{package / 'models.yaml'}: the list of models is missing, and so is "
        f"{tmp_path / 'models.yaml'}; install the package again"
    )
