"""Machines as files: what `hardware --capture` writes and `--machine` reads."""

from collections.abc import Callable
from dataclasses import fields, replace
import json
from pathlib import Path
from typing import Final

from edge_runtime.errors import HardwareCaptureError
from edge_runtime.yaml_reader import YamlValue, parse_yaml, suggest

from .cgroups import without_names
from .facts import SystemFacts

CAPTURE_VERSION: Final = 1
_VERSION_KEY: Final = "capture_version"
_SUFFIXES: Final = (".yaml", ".yml")

_TEXTS: Final = (
    "machine", "cpuinfo", "loader_help", "libc_flags", "meminfo", "cgroup",
    "render_driver", "device_tree_model", "dmi_vendor", "dmi_product",
    "hypervisor_type", "libc",
)  # fmt: skip
_NUMBERS: Final = ("elf_machine", "userland_bits", "affinity", "disk_free_bytes")
_LISTS: Final = ("devices", "usb_ids")

_CPU_LINES: Final = frozenset(
    {
        "processor", "vendor_id", "cpu family", "model", "model name", "stepping",
        "physical id", "core id", "cpu cores", "flags", "Features", "Processor",
        "CPU implementer", "CPU architecture", "CPU variant", "CPU part",
        "CPU revision", "Hardware", "Revision", "Model",
    }
)  # fmt: skip
"""What a capture keeps of cpuinfo; a Raspberry Pi's serial number stays out."""
_CPU_LONG_LINES: Final = frozenset({"flags", "Features"})
_MEMORY_LINES: Final = frozenset(
    {
        "MemTotal", "MemFree", "MemAvailable", "Buffers", "Cached", "SReclaimable",
        "Shmem", "SwapTotal", "SwapFree",
    }
)  # fmt: skip


def known_machines() -> tuple[str, ...]:
    """Return the names of the captured machines that ship with the package."""
    return tuple(sorted(path.stem for path in _folder().glob("*.yaml")))


def load_machine(name_or_path: str) -> SystemFacts:
    """Return a shipped machine by its name, or one from a file by its path."""
    path = Path(name_or_path)
    if name_or_path in known_machines():
        path = _folder() / f"{name_or_path}.yaml"
    elif not (path.exists() or "/" in name_or_path or path.suffix in _SUFFIXES):
        raise HardwareCaptureError(_unknown(name_or_path))
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as err:
        message = f"{path}: is not UTF-8 text (byte {err.start})"
        raise HardwareCaptureError(message) from None
    except OSError as err:
        message = f"{path}: can't be read: {err.strerror}"
        raise HardwareCaptureError(message) from None
    return from_yaml(text, str(path))


def from_yaml(text: str, source: str) -> SystemFacts:
    """Return the machine that a capture describes; errors name `source` and line."""
    root = parse_yaml(text, source, HardwareCaptureError)
    if root is None:
        raise HardwareCaptureError(f"{source}: the capture is empty")
    names = [field.name for field in fields(SystemFacts)]
    found = root.fields(known=[_VERSION_KEY, *names], required=[_VERSION_KEY])
    version = found[_VERSION_KEY]
    if version.integer() != CAPTURE_VERSION:
        version.fail(f"this version reads captures of version {CAPTURE_VERSION} only")
    values: dict[str, object] = {
        name: _read_value(name, value)
        for name, value in found.items()
        if name != _VERSION_KEY and not value.is_null
    }
    return replace(SystemFacts(), **values)  # type: ignore[arg-type]


def to_yaml(facts: SystemFacts, comment: str = "") -> str:
    """Return the capture of a machine, without anything that is private.

    Serial numbers, names of containers and lines that nothing is concluded from
    are left out, so reading it back gives `without_private_data(facts)`.
    """
    safe = without_private_data(facts)
    lines = [f"# {line}".rstrip() for line in comment.splitlines()]
    lines.append(f"{_VERSION_KEY}: {CAPTURE_VERSION}")
    for field in fields(SystemFacts):
        value = getattr(safe, field.name)
        if field.name == "cgroup_files":
            lines += _files_lines(dict(value))
        elif field.name in _LISTS:
            lines.append(f"{field.name}: {json.dumps(list(value))}")
        elif isinstance(value, str):
            lines += _text_lines(field.name, value, "")
        else:
            lines.append(f"{field.name}: {json.dumps(value)}")
    return "\n".join(lines) + "\n"


def without_private_data(facts: SystemFacts) -> SystemFacts:
    """Return the facts with what identifies a machine or its containers removed."""
    cgroup, files = without_names(facts.cgroup, facts.cgroup_files)
    return replace(
        facts,
        cpuinfo=_optional(facts.cpuinfo, _short_cpuinfo),
        meminfo=_optional(facts.meminfo, _short_meminfo),
        cgroup=cgroup,
        cgroup_files=files,
    )


def _optional(text: str | None, shorten: Callable[[str], str]) -> str | None:
    return None if text is None else shorten(text)


def _folder() -> Path:
    return Path(__file__).with_name("machines")


def _unknown(name: str) -> str:
    names = known_machines()
    hint = suggest(name, names)
    stop = "" if hint.endswith("?") else "."
    everything = "" if hint.startswith("known") else f" Known: {', '.join(names)}."
    return (
        f"Unknown machine '{name}'; {hint}{stop}{everything} A capture is named with "
        "its path, such as ./machine.yaml."
    )


def _read_value(name: str, value: YamlValue) -> object:
    if name in _TEXTS:
        return _text(value)
    if name in _NUMBERS:
        return value.integer()
    if name in _LISTS:
        return value.texts()
    if name == "cgroup_files":
        return {key: _text(item) for key, item in value.fields().items()}
    return value.boolean()


def _text(value: YamlValue) -> str:
    # A file of a machine may be empty, which `YamlValue.text` takes for an error.
    text = value.plain()
    if not isinstance(text, str):
        value.fail("must be a text")
    return text


def _short_cpuinfo(text: str) -> str:
    """Return the lines that matter; a feature list once, unless the cores differ."""
    kept: list[str] = []
    seen: dict[str, str] = {}
    for line in text.splitlines():
        key = line.partition(":")[0].strip()
        repeated = key in _CPU_LONG_LINES and seen.get(key) == line
        if not key or (key in _CPU_LINES and not repeated):
            kept.append(line)
        if key in _CPU_LONG_LINES:
            seen.setdefault(key, line)
    return "\n".join(kept).strip("\n") + "\n" if any(kept) else ""


def _short_meminfo(text: str) -> str:
    kept = [line for line in text.splitlines() if _meminfo_key(line) in _MEMORY_LINES]
    return "".join(f"{line}\n" for line in kept)


def _meminfo_key(line: str) -> str:
    return line.partition(":")[0].strip()


def _files_lines(files: dict[str, str]) -> list[str]:
    if not files:
        return ["cgroup_files: {}"]
    lines = ["cgroup_files:"]
    for name, text in files.items():
        lines += _text_lines(json.dumps(name), text, "  ")
    return lines


def _text_lines(key: str, text: str, indent: str) -> list[str]:
    """Return a text as a block that people can read, where YAML keeps it exactly."""
    body = text.removesuffix("\n")
    rows = body.split("\n")
    readable = text.endswith("\n") and len(rows) > 1 and body == body.strip("\n")
    if not readable or not all(c.isprintable() or c in "\t\n" for c in body):
        return [f"{indent}{key}: {json.dumps(text)}"]
    return [
        f"{indent}{key}: |2",
        *(f"{indent}  {row}" if row else "" for row in rows),
    ]
