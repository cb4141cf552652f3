"""The raw texts and numbers that a machine gives, read in one place."""

from collections.abc import Mapping
from dataclasses import dataclass, field
import logging
import os
from pathlib import Path
import platform
import shutil
import subprocess
import sys

from .accelerators import DEVICE_PATHS, RENDER_NODE, USB_IDS
from .cgroups import files_to_read
from .libc_features import usable_flags

_LOGGER = logging.getLogger(__name__)

LOADER = "lib64/ld-linux-x86-64.so.2"
LOADER_TIMEOUT_S = 2.0
_ELF_HEADER_BYTES = 20
_ELF_CLASS_BITS = {1: 32, 2: 64}


@dataclass(frozen=True, slots=True)
class SystemFacts:
    """What a machine says of itself, before anything is concluded from it."""

    machine: str | None = None
    """The kernel's word for the processor, as `uname -m` prints it."""
    elf_machine: int | None = None
    """`e_machine` of this Python's own file: 3, 40, 62 and 183 are i386 to aarch64."""
    userland_bits: int | None = None
    affinity: int | None = None
    """How many CPUs this process may be scheduled on."""
    cpuinfo: str | None = None
    loader_help: str | None = None
    """Output of the dynamic loader's `--help`: the x86-64 levels it may use."""
    libc_flags: str | None = None
    """The x86 features that glibc found usable by CPUID, in cpuinfo's names."""
    meminfo: str | None = None
    cgroup: str | None = None
    cgroup_files: Mapping[str, str] = field(default_factory=dict)
    """Content of control group files, by path below the cgroup mount."""
    devices: tuple[str, ...] = ()
    """Those of the known accelerators' device paths that exist."""
    usb_ids: tuple[str, ...] = ()
    render_driver: str | None = None
    """Kernel driver behind the first render node, such as `i915` or `v3d`."""
    device_tree_model: str | None = None
    dmi_vendor: str | None = None
    dmi_product: str | None = None
    hypervisor_type: str | None = None
    libc: str | None = None
    musl_loader: bool = False
    disk_free_bytes: int | None = None


def collect(models_home: Path, root: Path = Path("/")) -> SystemFacts:
    """Return the facts of this machine; texts are read from below `root`.

    A missing or unreadable file gives None. The process's own facts (uname,
    affinity, bits, libc) do not depend on `root`.
    """
    machine, bits = _python_build()
    cgroup = _read(root / "proc/self/cgroup")
    real = root == Path("/")
    libc_flags = usable_flags() if real else None
    return SystemFacts(
        machine=platform.machine() or None,
        elf_machine=machine,
        userland_bits=bits,
        affinity=_affinity(),
        cpuinfo=_read(root / "proc/cpuinfo"),
        # glibc's own answer needs no child, and an emulator that does not follow
        # child processes cannot falsify it; the loader is asked where it has none.
        loader_help=None if libc_flags else _loader_help(root / LOADER),
        libc_flags=libc_flags,
        meminfo=_read(root / "proc/meminfo"),
        cgroup=cgroup,
        cgroup_files=_cgroup_files(root / "sys/fs/cgroup", cgroup),
        devices=tuple(p for p in DEVICE_PATHS if _exists(root / p.lstrip("/"))),
        usb_ids=_usb_ids(root / "sys/bus/usb/devices"),
        render_driver=_render_driver(root / "sys/class/drm"),
        device_tree_model=_line(root / "proc/device-tree/model"),
        dmi_vendor=_line(root / "sys/class/dmi/id/sys_vendor"),
        dmi_product=_line(root / "sys/class/dmi/id/product_name"),
        hypervisor_type=_line(root / "sys/hypervisor/type"),
        libc=_libc(),
        musl_loader=_exists_any(root / "lib", "ld-musl-*.so.1"),
        disk_free_bytes=_disk_free(models_home),
    )


def collect_memory(root: Path = Path("/")) -> SystemFacts:
    """Return only what tells how much memory there is now; cheap enough per photo."""
    cgroup = _read(root / "proc/self/cgroup")
    return SystemFacts(
        meminfo=_read(root / "proc/meminfo"),
        cgroup=cgroup,
        cgroup_files=_cgroup_files(root / "sys/fs/cgroup", cgroup),
    )


def _read(path: Path) -> str | None:
    try:
        return path.read_bytes().decode("utf-8", errors="replace")
    except OSError:
        return None


def _line(path: Path) -> str | None:
    # Device tree strings end in a NUL byte.
    text = _read(path)
    return (text.replace("\0", "").strip() or None) if text else None


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        return False


def _exists_any(folder: Path, pattern: str) -> bool:
    return any(folder.glob(pattern))


def _python_build() -> tuple[int | None, int]:
    # A 64-bit kernel reports its own name to a 32-bit userland, so the machine is
    # read from the header of the program that runs here.
    bits = 64 if sys.maxsize > 2**32 else 32
    try:
        with Path(sys.executable).open("rb") as file:
            header = file.read(_ELF_HEADER_BYTES)
    except OSError:
        return None, bits
    if len(header) < _ELF_HEADER_BYTES or not header.startswith(b"\x7fELF"):
        return None, bits
    return (
        int.from_bytes(header[18:20], sys.byteorder),
        _ELF_CLASS_BITS.get(header[4], bits),
    )


def _affinity() -> int | None:
    try:
        return len(os.sched_getaffinity(0))
    except (AttributeError, OSError):
        return None


def _libc() -> str | None:
    try:
        return os.confstr("CS_GNU_LIBC_VERSION") or None
    except (AttributeError, OSError, ValueError):
        return None


def _loader_help(loader: Path) -> str | None:
    if not _exists(loader):
        return None
    try:
        done = subprocess.run(  # noqa: S603
            [loader, "--help"],
            capture_output=True,
            check=False,
            env={},
            stdin=subprocess.DEVNULL,
            timeout=LOADER_TIMEOUT_S,
        )
    except (OSError, subprocess.SubprocessError) as err:
        _LOGGER.debug("The dynamic loader could not be asked: %s", err)
        return None
    text = done.stdout.decode("utf-8", errors="replace")
    return text if done.returncode == 0 and text else None


def _cgroup_files(mount: Path, cgroup: str | None) -> dict[str, str]:
    found = {}
    for name in files_to_read(cgroup):
        text = _read(mount / name)
        if text is not None:
            found[name] = text
    return found


def _usb_ids(devices: Path) -> tuple[str, ...]:
    found = set()
    for folder in devices.glob("*"):
        vendor, product = _line(folder / "idVendor"), _line(folder / "idProduct")
        # Only what could run models: the rest of a person's devices is private.
        if (usb_id := f"{vendor}:{product}") in USB_IDS:
            found.add(usb_id)
    return tuple(sorted(found))


def _render_driver(drm: Path) -> str | None:
    text = _read(drm / RENDER_NODE / "device/uevent") or ""
    for line in text.splitlines():
        if line.startswith("DRIVER="):
            return line.removeprefix("DRIVER=").strip() or None
    return None


def _disk_free(folder: Path) -> int | None:
    """Return the free bytes where `folder` is, or will be once it is made."""
    for place in (folder, *folder.absolute().parents):
        try:
            return shutil.disk_usage(place).free
        except FileNotFoundError:
            continue
        except OSError:
            return None
    return None
