"""llama.cpp's builds for different CPUs in one package: which of them runs here."""

import ctypes
import logging
from pathlib import Path
from typing import Final

import llama_cpp

_LOGGER = logging.getLogger(__name__)
_VARIANT: Final = "libggml-cpu-{}.so"


def load_cpu_variants() -> str:
    """Let a build with several CPU variants take the best one; return its name.

    Such a build puts them beside the package, where llama.cpp doesn't look; they must
    go into the registry of the copy that libllama links, which is not libggml.so.
    """
    package = Path(llama_cpp.__file__).parent
    variants, library = package.parent / "bin", package / "lib" / "libggml.so.0"
    if not library.exists() or not any(variants.glob(_VARIANT.format("*"))):
        return ""
    ggml = ctypes.CDLL(str(library))
    ggml.ggml_backend_reg_by_name.argtypes = [ctypes.c_char_p]
    ggml.ggml_backend_reg_by_name.restype = ctypes.c_void_p
    if not ggml.ggml_backend_reg_by_name(b"CPU"):  # once: each call would add to it
        ggml.ggml_backend_load_all_from_path.argtypes = [ctypes.c_char_p]
        ggml.ggml_backend_load_all_from_path.restype = None
        ggml.ggml_backend_load_all_from_path(str(variants).encode())
    variant = _variant_of(ggml.ggml_backend_reg_by_name(b"CPU"))
    _LOGGER.debug("llama.cpp takes its CPU variant %s", variant)
    return variant


class _Origin(ctypes.Structure):
    """What `dladdr` tells of an address."""

    _fields_ = (
        ("path", ctypes.c_char_p),
        ("base", ctypes.c_void_p),
        ("symbol", ctypes.c_char_p),
        ("address", ctypes.c_void_p),
    )


def _variant_of(registry: int | None) -> str:
    """Return the variant whose library holds a registry; others may stay mapped."""
    origin = _Origin()
    if not registry:
        return ""
    ctypes.CDLL(None).dladdr(ctypes.c_void_p(registry), ctypes.byref(origin))
    before, after = _VARIANT.split("{}")
    name = Path((origin.path or b"").decode(errors="replace")).name
    return name.removeprefix(before).removesuffix(after)
