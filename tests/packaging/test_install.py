"""`scripts/install`: what it refuses, what it writes, and a fresh Debian root."""

import os
from pathlib import Path
import shutil
import subprocess
import sys

import pytest
from trial import ROOT, try_out

INSTALL = ROOT / "scripts" / "install"
UNITS = ROOT / "packaging" / "systemd"


def install(*arguments: str, path: str = "/usr/bin:/bin", home: Path | None = None):
    return subprocess.run(
        [str(INSTALL), *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": path, "HOME": str(home or "/nonexistent")},
    )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--fast",), "unknown option --fast"),
        (("--purge",), "--purge goes with --uninstall"),
        (("--memory", "lots"), "write it like 300M, 2G or 60%"),
        (("--memory",), "--memory needs a size"),
    ],
)
def test_a_wrong_option_is_refused_before_anything_happens(arguments, sentence):
    done = install(*arguments)
    assert done.returncode != 0
    assert sentence in done.stderr
    assert "installing" not in done.stdout


def test_help_names_every_option():
    done = install("--help")
    assert done.returncode == 0
    for option in ("--network", "--llm", "--memory", "--no-service", "--purge"):
        assert option in done.stdout


def test_language_models_without_a_compiler_say_what_to_install(tmp_path):
    """One line, and nothing was changed."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in (
        "bash",
        "uname",
        "getconf",
        "df",
        "dirname",
        "id",
        "sort",
        "tail",
        "tr",
    ):
        (programs / name).symlink_to(shutil.which(name))
    done = install("--llm", path=str(programs), home=tmp_path / "home")
    if list((ROOT / "dist").glob(f"llama_cpp_python-*_{os.uname().machine}.whl")):
        pytest.skip("a wheel in dist/ needs no compiler")
    assert done.returncode == 1
    assert "sudo apt install cmake g++" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize(
    "name", ["edge-captions.service", "edge-captions.user.service"]
)
def test_systemd_accepts_the_units(name, tmp_path):
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("no systemd-analyze here")
    text = (UNITS / name).read_text(encoding="utf-8")
    program = Path(sys.executable).parent.parent  # it must be there to be accepted
    for mark, value in {
        "@program@": str(program),
        "@home@": str(tmp_path),
        "@memory@": "75%",
        "@docs@": "https://example.org/",
    }.items():
        text = text.replace(mark, value)
    # this machine has no such user, which is not the unit's fault
    for key in ("User", "Group"):
        text = text.replace(f"{key}=edge-captions", f"{key}=root")
    assert "@" not in text
    unit = tmp_path / "edge-captions.service"
    unit.write_text(text, encoding="utf-8")
    done = subprocess.run(
        [analyze, "verify", "--man=no", str(unit)],
        capture_output=True,
        text=True,
        check=False,
    )
    own = [line for line in done.stderr.splitlines() if "edge-captions" in line]
    assert (done.returncode, own) == (0, [])


def test_a_worker_that_is_killed_for_memory_does_not_stop_the_service():
    for unit in UNITS.iterdir():
        text = unit.read_text(encoding="utf-8")
        assert "OOMPolicy=continue" in text
        assert "MemoryMax=@memory@" in text
        assert "MemorySwapMax=0" in text
        assert "Nice=10" in text


@pytest.mark.slow
@pytest.mark.network
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("arch", ["amd64", "arm64"])
def test_a_fresh_debian_captions_a_photo_and_serves_the_api(arch, capsys):
    try_out("try_install.py", "--arch", arch, capsys=capsys)


@pytest.mark.slow
@pytest.mark.network
@pytest.mark.timeout(600)
@pytest.mark.parametrize("tool", ["pipx", "uv"])
def test_tools_that_keep_programs_apart_install_it(tool, tmp_path, astronaut):
    """`pipx install .` and `uv tool install .`, in folders of this test."""
    tools = tmp_path / "tools"
    subprocess.run([sys.executable, "-m", "venv", str(tools)], check=True)
    pip = [str(tools / "bin" / "pip"), "install", "--quiet", tool]
    if subprocess.run(pip, check=False).returncode:
        pytest.skip(f"no package index gives {tool}")
    environment = {
        **os.environ,
        "PIPX_HOME": str(tmp_path / "home"),
        "PIPX_BIN_DIR": str(tmp_path / "bin"),
        "UV_TOOL_DIR": str(tmp_path / "home"),
        "UV_TOOL_BIN_DIR": str(tmp_path / "bin"),
    }
    verb = ["tool", "install"] if tool == "uv" else ["install"]
    subprocess.run(
        [str(tools / "bin" / tool), *verb, "--python", sys.executable, str(ROOT)],
        check=True,
        env=environment,
    )
    done = subprocess.run(
        [str(tmp_path / "bin" / "edge-captions"), "caption", str(astronaut)],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().endswith(".")
