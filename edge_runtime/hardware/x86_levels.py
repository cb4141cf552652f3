"""The x86-64 levels of the psABI, from feature lists and from the loader's text."""

import re
from typing import Final

LEVELS: Final[dict[int, frozenset[str]]] = {
    1: frozenset(),
    2: frozenset({"cx16", "lahf_lm", "popcnt", "pni", "sse4_1", "sse4_2", "ssse3"}),
    3: frozenset(
        {"abm", "avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "movbe", "xsave"}
    ),
    4: frozenset({"avx512bw", "avx512cd", "avx512dq", "avx512f", "avx512vl"}),
}
"""What each level adds, in cpuinfo's names (`pni` is SSE3, `abm` has LZCNT)."""

_ABOVE: Final[dict[int, tuple[str, ...]]] = {
    2: ("sse4", "avx", "aes", "pclmulqdq", "vaes", "vpclmulqdq", "gfni", "fma", "xop"),
    3: ("avx", "vaes", "vpclmulqdq", "gfni", "fma", "xop"),
    4: ("avx512",),
}
"""Beginnings of features that are not part of a level and need its registers."""

_HIGHEST: Final = 4
_LOADER_LEVEL: Final = re.compile(
    r"^\s+x86-64-v([234])( \(supported\b.*)?$", re.MULTILINE
)


def level_of_features(features: frozenset[str] | None) -> int | None:
    """Return the highest level of which all features are there, or None."""
    if features is None:
        return None
    level = 1
    while level < _HIGHEST and features >= LEVELS[level + 1]:
        level += 1
    return level


def level_of_loader(text: str | None) -> int | None:
    """Return the highest level the loader supports; None if it lists no levels.

    glibc lists the levels from 2.33 on; one that it does not mark as supported is
    one that this CPU lacks.
    """
    found = _LOADER_LEVEL.findall(text or "")
    if not found:
        return None
    return max((int(level) for level, supported in found if supported), default=1)


def cut_to_level(features: frozenset[str], level: int) -> frozenset[str]:
    """Return the features without those that only higher levels have."""
    removed: set[str] = set()
    for above in range(level + 1, _HIGHEST + 1):
        removed |= LEVELS[above]
        removed |= {name for name in features if name.startswith(_ABOVE[above])}
    return features - removed
