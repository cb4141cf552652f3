"""Debian packages of any architecture and release, unpacked into a folder.

Nothing is installed: apt gets lists, status and cache of its own, so it needs no root
and leaves the system's packages alone.
"""

from collections.abc import Iterable
from pathlib import Path
import shutil
import subprocess
from typing import Final

QEMU_SUITE: Final = "trixie"
"""Debian 12's own qemu 7.2 crashes onnxruntime on aarch64; 10 runs it."""
KEYRING: Final = "/usr/share/keyrings/debian-archive-keyring.gpg"


class PackagesError(Exception):
    """Packages can't be had; the message says what failed."""


def unpack(
    packages: Iterable[str],
    target: Path,
    *,
    suite: str,
    arch: str,
    dependencies: bool = True,
) -> None:
    """Fetch packages, by default with all that they depend on, and unpack them."""
    work = target.resolve().with_name(f"{target.name}.apt")
    shutil.rmtree(work, ignore_errors=True)
    apt = ["apt-get", "-qq", *_private(work, suite, arch)]
    _must([*apt, "update"])
    if dependencies:
        names = ["install", "-y", "--download-only", "--no-install-recommends"]
        _must([*apt, *names, *packages])
    else:
        _must([*apt, "download", *packages], cwd=work / "archives")
    target.mkdir(parents=True, exist_ok=True)
    for package in sorted((work / "archives").glob("*.deb")):
        _must(["dpkg", "-x", str(package), str(target)])
    shutil.rmtree(work)


def mirror() -> str:
    """Return where this system's own Debian packages come from."""
    asked = ["apt-get", "indextargets", "--format", "$(REPO_URI)", "Label: Debian"]
    found = _must(asked).split()
    if not found:
        raise PackagesError("apt knows no Debian packages here: run apt-get update")
    return found[0]


def _private(work: Path, suite: str, arch: str) -> list[str]:
    """Return the options of an apt that knows nothing of this system."""
    for name in ("lists/partial", "archives/partial", "parts", "state"):
        (work / name).mkdir(parents=True, exist_ok=True)
    (work / "status").touch()
    (work / "sources.list").write_text(
        f"deb [signed-by={KEYRING} check-valid-until=no] {mirror()} {suite} main\n",
        encoding="utf-8",
    )
    options = {
        "APT::Architecture": arch,
        "APT::Architectures": arch,
        "APT::Sandbox::User": "root",
        "Debug::NoLocking": "1",
        "Dir::Cache": work,
        "Dir::Etc::SourceList": work / "sources.list",
        "Dir::Etc::SourceParts": work / "parts",
        "Dir::State": work / "state",
        "Dir::State::Lists": work / "lists",
        "Dir::State::status": work / "status",
    }
    return [f"-o{key}={value}" for key, value in options.items()]


def _must(command: list[str], cwd: Path | None = None) -> str:
    try:
        done = subprocess.run(  # noqa: S603
            command, cwd=cwd, capture_output=True, text=True, check=False
        )
    except OSError as err:
        raise PackagesError(f"{command[0]} can't be run: {err.strerror}") from None
    if done.returncode:
        said = (done.stderr or done.stdout).strip()[-300:]
        raise PackagesError(f"{command[0]} failed: {said}")
    return done.stdout
