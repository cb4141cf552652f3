"""Which libraries are installed, found without importing a single one of them."""

from collections.abc import Mapping
import ctypes.util
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
import platform
import re
from shutil import which
import sys
from typing import Final

from .model import HardwareInfo
from .nvidia import DISTRIBUTION, NvidiaLack, nvidia_lack

LIBRARIES: Final[dict[str, tuple[str, ...]]] = {
    "onnxruntime": ("onnxruntime", "onnxruntime-gpu", "onnxruntime-openvino"),
    "tflite-runtime": ("tflite-runtime", "tflite-runtime-nightly"),
    "ai-edge-litert": ("ai-edge-litert", "ai-edge-litert-nightly"),
    "llama-cpp-python": ("llama-cpp-python",),
    "numpy": ("numpy",),
    "pillow": ("pillow", "pillow-simd"),
    "pi-heif": ("pi-heif",),
    "tokenizers": ("tokenizers",),
    "huggingface-hub": ("huggingface-hub",),
    "psutil": ("psutil",),
}
"""Our name of a library, and the distributions that bring its module."""

_MODULES: Final = {
    "ai-edge-litert": "ai_edge_litert",
    "huggingface-hub": "huggingface_hub",
    "llama-cpp-python": "llama_cpp",
    "pi-heif": "pi_heif",
    "pillow": "PIL",
    "tflite-runtime": "tflite_runtime",
}
_STAND_INS: Final = {"ai-edge-litert": ("tflite-runtime",)}
"""Libraries that run the same files: by which a model can run too."""
_METADATA: Final = re.compile(r"([^-]+)-([^-]+)(?:-.*)?\.(?:dist|egg)-info")
"""The folder of an installed distribution; reading it by `importlib.metadata` would
take 1 MB for as long as the service runs."""
_BUILDERS: Final = {"cmake": "cmake", "c++": "g++"}
"""What builds llama-cpp-python, and the Debian packages that bring it."""
_GRAPHICS: Final = frozenset(
    {"cann", "cuda", "hip", "metal", "musa", "opencl", "sycl", "vulkan"}
)
"""What llama.cpp calls its libraries for graphics cards."""
VERSION_UNKNOWN: Final = "unknown"
_32_BIT: Final = 32


@dataclass(frozen=True, slots=True)
class SoftwareInfo:
    """The Python and the libraries that models run on here."""

    python: str
    libraries: Mapping[str, str | None]
    """Version by name; None where it is not installed."""
    has_libgomp: bool | None = None
    """Whether libgomp.so.1 is there; None where nothing needs it."""
    lacks_to_build: tuple[str, ...] | None = None
    """Debian packages without which llama-cpp-python can't be built; None: it is here,
    or nobody looked."""
    llama_graphics: tuple[str, ...] = ()
    """For which graphics llama-cpp-python was built; empty: the processor alone."""
    lacks_for_nvidia: NvidiaLack | None = None
    """What keeps an onnxruntime for NVIDIA graphics from its card; None: nothing, or it
    is not installed."""

    def version(self, library: str) -> tuple[int, ...] | None:
        """Return the leading numbers of a version, or None if there are none."""
        numbers: list[int] = []
        for part in (self.libraries.get(library) or "").split("."):
            if not (part.isascii() and part.isdigit()):
                break
            numbers.append(int(part))
        return tuple(numbers) or None

    def has(self, library: str) -> bool:
        """Return whether the library is installed."""
        return self.libraries.get(library) is not None


def inspect_software() -> SoftwareInfo:
    """Return what is installed for this Python."""
    libraries = {name: installed_version(name) for name in LIBRARIES}
    needs_gomp = libraries["llama-cpp-python"] is not None
    return SoftwareInfo(
        python=platform.python_version(),
        libraries=libraries,
        # The search runs other programs: only where something links to it.
        has_libgomp=_has_libgomp() if needs_gomp else None,
        lacks_to_build=None if needs_gomp else _lacks_to_build(),
        llama_graphics=llama_graphics(),
        lacks_for_nvidia=nvidia_lack() if DISTRIBUTION in _versions() else None,
    )


def llama_graphics(package: Path | None = None) -> tuple[str, ...]:
    """Return the graphics that the installed llama.cpp can put a model's layers on."""
    if package is None:
        found = find_spec("llama_cpp")
        if found is None or found.origin is None:
            return ()
        package = Path(found.origin).parent
    files = [*(package / "lib").glob("libggml-*"), *(package.parent / "bin").glob("*")]
    names = {file.name.partition("libggml-")[2].partition(".")[0] for file in files}
    return tuple(sorted(names & _GRAPHICS))


def base_install(hardware: HardwareInfo) -> dict[str, str | None]:
    """Return what a plain install brings: wheels want glibc and 64 bits.

    What is unknown of a machine does not count against it.
    """
    has_wheels = hardware.cpu.userland_bits != _32_BIT and "musl" not in (
        hardware.libc or ""
    )
    return {"onnxruntime": "installed" if has_wheels else None}


def can_serve(library: str) -> bool:
    """Return whether the library is here, or another that runs the same files."""
    return any(map(is_installed, (library, *_STAND_INS.get(library, ()))))


def is_installed(library: str) -> bool:
    """Return whether the library's module can be found."""
    try:
        spec = find_spec(_MODULES.get(library, library))
    except (ImportError, ValueError):
        return False
    # an empty folder that an uninstall left is found too, without an origin
    return spec is not None and spec.origin is not None


def installed_version(library: str) -> str | None:
    """Return a library's version, `unknown` without metadata, None without module."""
    if not is_installed(library):
        return None
    versions = _versions()
    names = (_folded(name) for name in LIBRARIES.get(library, (library,)))
    return next((versions[n] for n in names if n in versions), VERSION_UNKNOWN)


def _versions() -> dict[str, str]:
    """Return the version of every distribution on this Python's path."""
    found: dict[str, str] = {}
    for folder in filter(Path.is_dir, map(Path, sys.path)):
        for entry in folder.iterdir():
            if (parts := _METADATA.fullmatch(entry.name)) is not None:
                found.setdefault(_folded(parts[1]), parts[2])
    return found


def _folded(name: str) -> str:
    return re.sub(r"[-_.]+", "_", name).lower()


def _lacks_to_build() -> tuple[str, ...]:
    return tuple(
        package for program, package in _BUILDERS.items() if which(program) is None
    )


def _has_libgomp() -> bool:
    return ctypes.util.find_library("gomp") is not None
