"""A fresh Debian root for each try: debootstrap once, copied for every use.

Another architecture runs under qemu, which the kernel starts by itself (binfmt_misc).
Needs root. Roots and qemu are kept in $EDGE_CAPTIONS_ROOTS, by default .cache/roots.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
import os
from pathlib import Path
import platform
import shutil
import subprocess
import sys
from typing import Final

from lab.debian_packages import QEMU_SUITE, PackagesError, mirror, unpack

ROOT: Final = Path(__file__).resolve().parent.parent
FOLDER: Final = Path(os.environ.get("EDGE_CAPTIONS_ROOTS", ROOT / ".cache" / "roots"))
SUITE: Final = "bookworm"
ARCHES: Final = {"amd64": "x86_64", "arm64": "aarch64"}
_BINFMT: Final = Path("/proc/sys/fs/binfmt_misc")
_MAGIC: Final = (
    r"\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00"
    r":\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff"
)
_AUTHORITIES: Final = "/etc/authorities-of-the-host.crt"
# In a mount and process namespace of its own: nothing is left behind, whatever happens.
_ENTER: Final = """
root=$1; data=$2; shift 2
if [ -n "$data" ]; then
    mount --bind "$root" "$root" && mount -o remount,bind,ro "$root" || exit 125
    mount --bind "$data" "$root/data" && mount -t tmpfs tmpfs "$root/tmp" || exit 125
    mount --bind /dev "$root/dev" || exit 125
fi
mount -t proc proc "$root/proc" && mount -t sysfs sysfs "$root/sys" || exit 125
exec chroot "$root" "$@"
"""


class UnavailableError(Exception):
    """What a try needs can't be had here; the message says what."""


def native_arch() -> str:
    """Return Debian's name of this machine's architecture."""
    names = {machine: arch for arch, machine in ARCHES.items()}
    return names.get(platform.machine(), platform.machine())


def base(arch: str) -> Path:
    """Return the untouched root of an architecture, made on first use."""
    if os.geteuid() != 0:
        raise UnavailableError("a Debian root can be made by root alone")
    if shutil.which("debootstrap") is None:
        raise UnavailableError("debootstrap is missing: apt install debootstrap")
    folder = FOLDER / f"base-{arch}"
    if (folder / "etc" / "debian_version").exists():
        return folder
    print(f"making a Debian {SUITE} root for {arch} (once, some minutes)", flush=True)
    unfinished = FOLDER / f"base-{arch}.part"
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.parent.mkdir(parents=True, exist_ok=True)
    command = ["debootstrap", "--variant=minbase", f"--arch={arch}", SUITE]
    try:
        done = _run([*command, str(unfinished), mirror()])
    except PackagesError as err:
        raise UnavailableError(str(err)) from None
    if done.returncode:
        raise UnavailableError(f"debootstrap failed: {done.stdout.strip()[-300:]}")
    unfinished.rename(folder)
    return folder


@contextmanager
def fresh_root(arch: str, name: str) -> Iterator[Path]:
    """Yield a copy of the untouched root; it is gone afterwards."""
    with _emulated(arch):
        origin = base(arch)
        root = FOLDER / f"{name}-{arch}-{os.getpid()}"
        _must("cp", "-a", "--reflink=auto", str(origin), str(root))
        try:
            shutil.copy("/etc/resolv.conf", root / "etc" / "resolv.conf")
            if authorities := os.environ.get("PIP_CERT"):
                shutil.copy(authorities, root / _AUTHORITIES.lstrip("/"))
            yield root
        finally:
            shutil.rmtree(root, ignore_errors=True)


def entering(root: Path, command: Sequence[str], data: Path | None = None) -> list[str]:
    """Return the command that runs another one inside a root.

    With `data` the root can't be written to, as in a container: that folder is /data.
    """
    inside = ["unshare", "--mount", "--pid", "--fork", "--kill-child"]
    volume = "" if data is None else str(data)
    return [*inside, "sh", "-c", _ENTER, "enter", str(root), volume, *command]


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return what a new machine has set, and where this one's pip finds packages."""
    kept = ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_DEFAULT_TIMEOUT")
    found = {name: os.environ[name] for name in kept if name in os.environ}
    if "PIP_CERT" in os.environ:
        found |= {"PIP_CERT": _AUTHORITIES, "SSL_CERT_FILE": _AUTHORITIES}
    path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    return {"PATH": path, "HOME": "/root", "LANG": "C.UTF-8", **found, **(extra or {})}


def run_in(
    root: Path, *command: str, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command in a root and return how it ended, with its output."""
    return _run(entering(root, command), environment(env))


def copy_checkout(target: Path) -> None:
    """Copy what git keeps, and what is new, as a person's clone would have it."""
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = _must(*listing, cwd=ROOT)
    for name in filter(None, names.split("\0")):
        source = ROOT / name
        if source.is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target / name)


def qemu(machine: str) -> Path:
    """Return a qemu that runs a machine's programs, fetched from Debian at first."""
    program = FOLDER / "qemu" / f"qemu-{machine}"
    if program.exists():
        return program
    unpacked = FOLDER / "qemu-package"
    try:
        unpack(
            ["qemu-user"],
            unpacked,
            suite=QEMU_SUITE,
            arch=native_arch(),
            dependencies=False,
        )
    except PackagesError as err:
        raise UnavailableError(str(err)) from None
    program.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(unpacked / "usr" / "bin" / program.name, program)
    shutil.rmtree(unpacked)
    return program


@contextmanager
def _emulated(arch: str) -> Iterator[None]:
    """Have the kernel start another architecture's programs by qemu meanwhile."""
    if arch == native_arch():
        yield
        return
    if arch != "arm64":
        raise UnavailableError(f"programs of {arch} can't be run here")
    entry = _BINFMT / "edge-captions-aarch64"
    register(entry)
    try:
        yield
    finally:
        if entry.exists():
            entry.write_text("-1", encoding="ascii")


def register(entry: Path) -> None:
    """Tell the kernel to start aarch64 programs by qemu."""
    program = qemu("aarch64")
    try:
        if not (_BINFMT / "register").exists():
            _must("mount", "-t", "binfmt_misc", "binfmt_misc", str(_BINFMT))
        if entry.exists():
            entry.write_text("-1", encoding="ascii")
        rule = f":{entry.name}:M::{_MAGIC}:{program}:F"
        (_BINFMT / "register").write_text(rule, encoding="ascii")
    except OSError as err:
        raise UnavailableError(f"binfmt_misc can't be used: {err}") from None


def _must(*command: str, cwd: Path | None = None) -> str:
    """Run a command and return its output; raise UnavailableError if it fails."""
    done = _run(command, cwd=cwd)
    if done.returncode:
        raise UnavailableError(f"{command[0]} failed: {done.stdout.strip()[-300:]}")
    return done.stdout


def _run(
    command: Sequence[str],
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603
        command,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        errors="replace",
        env=None if env is None else dict(env),
        cwd=cwd,
    )


if __name__ == "__main__":
    sys.exit("a part of scripts/try_install.py and scripts/replay_dockerfile.py")
