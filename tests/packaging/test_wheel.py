"""What ships: the wheel holds everything that runs, and stays small."""

from pathlib import Path
import subprocess
import sys
import zipfile

from packaging.requirements import Requirement
import pytest

ROOT = Path(__file__).parents[2]
PIP = (sys.executable, "-m", "pip", "--quiet")
MAX_WHEEL_BYTES = 45_000_000
MAX_MODEL_BYTES = 20_000_000


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """Build the wheel as an index would get it."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "wheel",
            "--quiet",
            "--no-deps",
            "--no-build-isolation",
            "--wheel-dir",
            str(folder),
            str(ROOT),
        ],
        check=True,
        capture_output=True,
    )
    (path,) = folder.glob("*.whl")
    return path


def test_the_wheel_holds_what_runs_and_nothing_else(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    for wanted in (
        "edge_runtime/models.yaml",
        "edge_runtime/py.typed",
        "edge_runtime/manifest/models.schema.json",
        "edge_runtime/hardware/machines/pi4-2gb.yaml",
        "edge_runtime/bundled/tiny_captioner/encoder.onnx",
        "edge_runtime/bundled/tiny_captioner/MODEL_CARD.md",
        "edge_runtime/bundled/samples/README.md",
        "edge_runtime/bundled/samples/samples.yaml",
    ):
        assert wanted in names
    tops = {name.split("/")[0] for name in names}
    assert {top.partition("-")[0] for top in tops} == {"edge_runtime", "edge_captions"}
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_a_plain_install_is_right_on_the_oldest_x86_64(wheel):
    """numpy from 2.4 on needs SSE4.2, and dies before it can say so."""
    archive = zipfile.ZipFile(wheel)
    (name,) = (n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
    lines = archive.read(name).decode().splitlines()
    needs = [Requirement(line[15:]) for line in lines if line.startswith("Requires-D")]
    numpy = [r for r in needs if r.name == "numpy" and "extra" not in str(r.marker)]
    for machine, newest in (("x86_64", "2.3.5"), ("aarch64", "2.4.6")):
        here = {"platform_machine": machine, "extra": ""}
        (wanted,) = (r for r in numpy if r.marker.evaluate(here))
        assert newest in wanted.specifier
        assert ("2.4.0" in wanted.specifier) == (machine == "aarch64")


def test_wheel_and_model_stay_small(wheel):
    assert wheel.stat().st_size < MAX_WHEEL_BYTES
    model = ROOT / "edge_runtime" / "bundled" / "tiny_captioner"
    assert sum(path.stat().st_size for path in model.iterdir()) < MAX_MODEL_BYTES


def test_a_wheel_installed_elsewhere_captions_a_photo(wheel, tmp_path, astronaut):
    """The libraries come from this environment; only the wheel itself is new."""
    target = tmp_path / "site"
    subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--no-deps",
            "--target",
            str(target),
            str(wheel),
        ],
        check=True,
        capture_output=True,
    )
    program = (
        f"import sys; sys.path.insert(0, {str(target)!r})\n"
        "import edge_runtime, os\n"
        f"assert edge_runtime.__file__.startswith({str(target)!r})\n"
        "from edge_runtime.cli import main\n"
        f"sys.exit(main(['caption', {str(astronaut)!r}]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", program],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={
            "PATH": "/usr/bin:/bin",
            "HOME": str(tmp_path),
            "PYTHONPATH": str(target),
        },
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().endswith(".")
