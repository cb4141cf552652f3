"""Which x86 features this process may use, as glibc itself found by CPUID.

/proc/cpuinfo shows the host's features under user-mode emulation, while CPUID is
answered by the emulator. glibc has kept its answer readable since 2.33 (the
interface behind <sys/platform/x86.h>).
"""

import ctypes
import platform
from typing import Final

_EAX, _EBX, _ECX = 0, 1, 2
_BASIC, _EXTENDED, _AMD, _EXTENDED_1 = 0, 1, 2, 6

_BITS: Final[dict[tuple[int, int], dict[str, int]]] = {
    (_BASIC, _ECX): {
        "pni": 0, "pclmulqdq": 1, "ssse3": 9, "fma": 12, "cx16": 13, "sse4_1": 19,
        "sse4_2": 20, "movbe": 22, "popcnt": 23, "aes": 25, "xsave": 26, "avx": 28,
        "f16c": 29,
    },
    (_EXTENDED, _EBX): {
        "bmi1": 3, "avx2": 5, "bmi2": 8, "avx512f": 16, "avx512dq": 17,
        "avx512ifma": 21, "avx512cd": 28, "avx512bw": 30, "avx512vl": 31,
    },
    (_EXTENDED, _ECX): {
        "avx512vbmi": 1, "avx512_vbmi2": 6, "gfni": 8, "vaes": 9, "vpclmulqdq": 10,
        "avx512_vnni": 11, "avx512_bitalg": 12, "avx512_vpopcntdq": 14,
    },
    (_AMD, _ECX): {"lahf_lm": 0, "abm": 5, "sse4a": 6, "xop": 11, "fma4": 16},
    (_EXTENDED_1, _EAX): {"avx_vnni": 4, "avx512_bf16": 5},
}  # fmt: skip
"""glibc's leaf number and register, then cpuinfo's name and the bit."""

KNOWN_FLAGS: Final = frozenset(name for bits in _BITS.values() for name in bits)
"""What glibc was asked about; a flag outside this set says nothing by its absence."""


class _Leaf(ctypes.Structure):
    """One CPUID leaf: what the CPU offers, then what the system lets one use."""

    _fields_ = (("cpuid", ctypes.c_uint32 * 4), ("active", ctypes.c_uint32 * 4))


def usable_flags() -> str | None:
    """Return the usable features in cpuinfo's names, or None if glibc can't say."""
    if platform.machine() not in {"x86_64", "AMD64"}:
        return None
    try:
        leaf_of = ctypes.CDLL(None)["__x86_get_cpuid_feature_leaf"]
    except (AttributeError, OSError):
        return None
    leaf_of.argtypes = [ctypes.c_uint]
    leaf_of.restype = ctypes.POINTER(_Leaf)
    found = []
    for (leaf, register), bits in _BITS.items():
        active = leaf_of(leaf).contents.active[register]
        found += [name for name, bit in bits.items() if active >> bit & 1]
    return " ".join(found)
