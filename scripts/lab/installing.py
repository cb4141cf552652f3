"""What the lab's machines run: qemu, Debian's arm64 libraries, the installed product.

Everything lies in .cache/lab; what is there is used again. The product is installed
from this checkout's own wheel, by each architecture's own pip.
"""

from collections.abc import Callable
from dataclasses import dataclass
import hashlib
from importlib.metadata import version
import os
from pathlib import Path
import shutil
import subprocess
import sys
from typing import Final

from debian_packages import QEMU_SUITE, unpack

ROOT: Final = Path(__file__).resolve().parents[2]
LAB: Final = Path(os.environ.get("EDGE_CAPTIONS_LAB", ROOT / ".cache" / "lab"))
EMULATORS: Final = LAB / "qemu" / "usr" / "bin"
SUITE: Final = "bookworm"
DEBIAN_NAMES: Final = {"x86_64": "amd64", "aarch64": "arm64"}
USERLAND: Final = ("python3", "python3-venv", "python3-pip", "libgomp1", "libstdc++6")
PIP: Final = "usr/lib/python3/dist-packages/pip"
LLM: Final = "smollm2-135m-instruct"


class CannotInstallError(Exception):
    """A part of the lab can't be set up; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Installed:
    """The product on one architecture."""

    python: Path
    product: str
    """Hash of the product's wheel."""
    llama: str = ""
    """Hash of llama.cpp's wheel; empty: it is not installed."""


def emulators() -> Path:
    """Return the folder of qemu's programs, fetched on first use."""
    folder = LAB / "qemu"
    if not (EMULATORS / "qemu-aarch64").exists():
        say("fetching qemu")
        part = LAB / "qemu.part"
        shutil.rmtree(part, ignore_errors=True)
        arch = DEBIAN_NAMES[os.uname().machine]
        unpack(["qemu-user"], part, suite=QEMU_SUITE, arch=arch, dependencies=False)
        for program in (part / "usr" / "bin").iterdir():
            if program.name not in {"qemu-x86_64", "qemu-aarch64"}:
                program.unlink()
        shutil.rmtree(folder, ignore_errors=True)
        part.rename(folder)
    return EMULATORS


def install(arch: str, wheel: Path) -> Installed:
    """Return the installed product of an architecture, with llama.cpp if it is here."""
    folder = LAB / arch
    before = _prefix(arch)
    python = folder / "bin" / "python"
    product = hashlib.sha256(wheel.read_bytes()).hexdigest()
    if _stamp(folder, "product") != product:
        say(f"installing the product for {arch}")
        shutil.rmtree(folder, ignore_errors=True)
        base = before[-1] + "/usr/bin/python3.11" if before else sys.executable
        # A venv's pip would be started as a program of its own, on the real CPU.
        own_pip = ["--without-pip"] if before else []
        run([*before, base, "-m", "venv", *own_pip, str(folder)])
        _pip(before, python, "install", str(wheel))
        (folder / "product").write_text(product, encoding="utf-8")
    llama = ""
    for portable in llama_wheels(arch):
        llama = hashlib.sha256(portable.read_bytes()).hexdigest()
        if _stamp(folder, "llama") != llama:
            say(f"installing llama.cpp for {arch}")
            _pip(before, python, "uninstall", "--yes", "llama_cpp_python")
            _pip(before, python, "install", str(portable))
            (folder / "llama").write_text(llama, encoding="utf-8")
    return Installed(python, product, llama)


def _stamp(folder: Path, name: str) -> str:
    stamp = folder / name
    return stamp.read_text(encoding="utf-8") if stamp.exists() else ""


def _pip(prefix: list[str], python: Path, order: str, *arguments: str) -> None:
    pip = [f"{prefix[-1]}/{PIP}"] if prefix else ["-m", "pip"]
    quiet = ["--quiet", "--disable-pip-version-check"]
    run([*prefix, str(python), *pip, order, *quiet, *arguments])


def _prefix(arch: str) -> list[str]:
    """Return what runs a foreign architecture's programs, its libraries included."""
    if arch == os.uname().machine:
        return []
    libraries = LAB / f"debian-{arch}"
    if not libraries.exists():
        say(f"fetching Debian's libraries and Python for {arch}")
        part = LAB / f"debian-{arch}.part"
        shutil.rmtree(part, ignore_errors=True)
        unpack(USERLAND, part, suite=SUITE, arch=DEBIAN_NAMES[arch])
        part.rename(libraries)
    return [str(emulators() / f"qemu-{arch}"), "-cpu", "max", "-L", str(libraries)]


def product_wheel() -> Path:
    """Return the wheel of this checkout."""
    folder = LAB / "wheel"
    shutil.rmtree(folder, ignore_errors=True)
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps"]
    run([*pip, "--wheel-dir", str(folder), str(ROOT)])
    (wheel,) = folder.glob("edge_captions-*.whl")
    return wheel


def llama_wheels(arch: str) -> list[Path]:
    """Return the portable llama.cpp of an architecture, if it was built."""
    found = sorted((ROOT / "dist").glob(f"llama_cpp_python-*_{arch}.whl"))
    return found[-1:]


def language_model_home() -> Path:
    """Return a home that holds a small language model, fetched on first use."""
    home = LAB / "home"
    weights = home / "models" / LLM
    if not weights.exists():
        say("fetching a small language model")
        command = [sys.executable, "-m", "edge_runtime", "download", LLM]
        # Without llama.cpp here its self-test fails, but the file is there.
        run([*command, "--home", str(home)], may_fail=weights.exists)
    return home


def environment(extra: dict[str, str] | None = None) -> dict[str, str]:
    """Return this process's environment without what breaks emulated CPUs."""
    harmful = ("OPENBLAS_", "PYTHON", "EDGE_CAPTIONS_")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(harmful)}
    return {**kept, **(extra or {})}


def versions() -> str:
    """Return what the results depend on, for a sentence."""
    qemu = subprocess.run(  # noqa: S603
        [str(emulators() / "qemu-x86_64"), "--version"],
        capture_output=True,
        text=True,
        check=True,
    )
    number = qemu.stdout.split("version ")[1].split()[0]
    return f"Edge Captions {version('edge-captions')}, qemu {number}"


def run(command: list[str], may_fail: Callable[[], bool] = bool) -> None:
    """Run a command; raise CannotInstallError with its last lines if it fails."""
    done = subprocess.run(  # noqa: S603
        command,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode and not may_fail():
        raise CannotInstallError(f"{command[0]} failed: {done.stdout.strip()[-400:]}")


def say(sentence: str) -> None:
    """Tell what takes a while."""
    print(f"  {sentence} ...", flush=True)
