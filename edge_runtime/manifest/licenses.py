"""Which licences a row may name, and what it must say beside them."""

from typing import Final

from .model import ModelSpec

SPDX_IDS: Final = frozenset(
    {
        "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC-BY-4.0", "CC-BY-NC-4.0",
        "CC-BY-NC-SA-4.0", "CC-BY-SA-4.0", "CC0-1.0", "GPL-3.0-only",
        "GPL-3.0-or-later", "ISC", "LGPL-3.0-only", "MIT", "MPL-2.0", "Unlicense",
    }
)  # fmt: skip
"""Those of SPDX that models are published under."""
_OWN: Final = "LicenseRef-"


def license_problem(spec: ModelSpec) -> str | None:
    """Return what is wrong with a row's licence, or None."""
    if spec.license.startswith(_OWN):
        if not spec.license_note:
            return f"{spec.license} is not SPDX's: a license_note must say what it is"
        if not spec.requires_acceptance:
            return f"{spec.license} is not SPDX's: it needs requires_acceptance: true"
        return None
    if spec.license not in SPDX_IDS:
        return f"'{spec.license}' is no SPDX licence known here: write {_OWN}<name>"
    if not spec.license_note and _asks_something(spec.license):
        return f"{spec.license} asks for attribution: a license_note must name whom"
    return None


def _asks_something(name: str) -> bool:
    return name.startswith("CC-BY")
