"""Read one row of a manifest: what is known of a model."""

from collections.abc import Mapping
from enum import StrEnum
import re
from types import MappingProxyType
from typing import Any, Final

from ..schemas import Task
from ..yaml_reader import YamlValue, suggest
from .blocks import (
    GENERATE,
    PREPROCESS,
    PROVENANCE,
    QUALITY,
    Reader,
    at_least,
    block,
    read_options,
    read_positive,
)
from .cpu_features import ARM_FEATURES, X86_FEATURES
from .files import Environ, read_files
from .model import Measurement, ModelFormat, ModelSpec, Requirements, Tuning
from .thresholds import read_thresholds

# an id is a folder's name and a command's argument
_ID: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_LICENSE: Final = re.compile(
    r"LicenseRef-[A-Za-z0-9.-]+|[A-Za-z0-9]+(?:[.-][A-Za-z0-9]+)*\+?"
)
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(?:-[A-Z][a-z]{3})?(?:-(?:[A-Z]{2}|\d{3}))?")


class Arch(StrEnum):
    """Architectures that the runtime is built for."""

    X86_64 = "x86_64"
    AARCH64 = "aarch64"


def read_id(value: YamlValue) -> str:
    """Return an id that is also a safe folder name."""
    text = value.text()
    if not _ID.fullmatch(text):
        value.fail(
            f"'{text}' must begin with a lower-case letter or a digit and hold only "
            "those, '.', '_' and '-', at most 64"
        )
    return text


def read_license(value: YamlValue) -> str:
    """Return an SPDX id, or `LicenseRef-...` for a licence that SPDX does not list."""
    text = value.text()
    if not _LICENSE.fullmatch(text):
        value.fail(
            f"'{text}' must be an SPDX id such as Apache-2.0, or LicenseRef-<name>"
        )
    return text


def read_languages(value: YamlValue) -> tuple[str, ...]:
    """Return at least one BCP 47 tag."""
    items = value.items()
    if not items:
        value.fail("must name at least one language")
    for item in items:
        if not _LANGUAGE.fullmatch(item.text()):
            item.fail(
                f"'{item.text()}' must be a BCP 47 tag such as en, pt-BR or zh-Hant"
            )
    return value.texts()


def _read_arch(value: YamlValue) -> tuple[str, ...]:
    return tuple(item.choice(Arch).value for item in value.items())


def _read_cpu_features(value: YamlValue) -> tuple[str, ...]:
    known = X86_FEATURES | ARM_FEATURES
    for item in value.items():
        if item.text() not in known:
            item.fail(
                f"unknown CPU feature '{item.text()}'; {suggest(item.text(), known)}"
            )
    return value.texts()


REQUIRES: Final[Mapping[str, Reader]] = MappingProxyType(
    {
        "arch": _read_arch,
        "cpu_features": _read_cpu_features,
        "memory_bytes": at_least(1),
        "encoder_peak_bytes": at_least(0),
        "kv_bytes_per_token": at_least(0),
        "context_tokens": at_least(0),
        "compute_buffer_bytes": at_least(0),
    }
)

MEASURED: Final[Mapping[str, Reader]] = MappingProxyType(
    {
        "device": YamlValue.text,
        "seconds": read_positive,
        "peak_rss_bytes": at_least(1),
        "source": YamlValue.text,
    }
)


def _read_requires(value: YamlValue) -> Requirements:
    return Requirements(**block(REQUIRES)(value))


def _read_measured(value: YamlValue) -> tuple[Measurement, ...]:
    rows = value.items()
    for row in rows:
        row.fields(required=["device", "source"])
    return tuple(Measurement(**block(MEASURED)(row)) for row in rows)


READERS: Final[Mapping[str, Reader]] = MappingProxyType(
    {
        "id": read_id,
        "title": YamlValue.text,
        "task": lambda value: value.choice(Task),
        "family": YamlValue.text,
        "library": YamlValue.text,
        "format": lambda value: value.choice(ModelFormat),
        "quantization": YamlValue.text,
        "tuning": lambda value: value.choice(Tuning),
        "license": read_license,
        "license_note": YamlValue.text,
        "requires_acceptance": YamlValue.boolean,
        "languages": read_languages,
        "source_languages": read_languages,
        "verified": YamlValue.boolean,
        "quality": block(QUALITY),
        "requires": _read_requires,
        "measured": _read_measured,
        "provenance": block(PROVENANCE),
        "compute_gmac": read_positive,
        "preprocess": block(PREPROCESS),
        "generate": block(GENERATE),
        "options": read_options,
        "shares_encoder": read_id,
        "thresholds": read_thresholds,
    }
)
FILES_KEY: Final = "files"
LOOKING_FAMILY: Final = "encoder_decoder"
"""The only one whose decoder reads what several looks saw."""
REQUIRED_KEYS: Final = (
    "id", "task", "family", "library", "format", "tuning", "license", "languages",
    FILES_KEY,
)  # fmt: skip


def read_model(row: YamlValue, environ: Environ) -> ModelSpec:
    """Return the model that a complete row describes."""
    fields = row.fields([*READERS, FILES_KEY], REQUIRED_KEYS)
    values: dict[str, Any] = {
        key: READERS[key](value)
        for key, value in fields.items()
        if key in READERS and (key in REQUIRED_KEYS or not value.is_null)
    }
    values[FILES_KEY] = read_files(fields[FILES_KEY], environ)
    looks = values.get("preprocess", {}).get("looks", ())
    if len(looks) > 1 and values["family"] != LOOKING_FAMILY:
        fields["preprocess"].fail(f"several looks are for the family {LOOKING_FAMILY}")
    return ModelSpec(**values, source=f"{row.source}:{row.line}")
