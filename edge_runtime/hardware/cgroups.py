"""Limits that control groups put on this process: version 1, version 2 and both."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

_NumberT = TypeVar("_NumberT", int, float)

V1_NO_LIMIT = 0x7FFFFFFFFFFFF000
"""From here on a v1 memory limit means that there is none."""

_V2_MOUNTS = ("", "unified")
_V2_FILES = ("memory.max", "memory.current", "memory.stat", "cpu.max")
_STAT_KEYS = ("inactive_file", "total_inactive_file", "hierarchical_memory_limit")
_V1_FILES = {
    "memory": ("memory.limit_in_bytes", "memory.usage_in_bytes", "memory.stat"),
    "cpu": ("cpu.cfs_quota_us", "cpu.cfs_period_us"),
}


@dataclass(frozen=True, slots=True)
class CgroupLimits:
    """The tightest limits of all groups that enclose this process."""

    memory_bytes: int | None = None
    memory_available_bytes: int | None = None
    """What the tightest group still allows; reclaimable page cache counts as free."""
    cpus: float | None = None


@dataclass(frozen=True, slots=True)
class _Level:
    folder: str
    version: int


def files_to_read(cgroup: str | None) -> tuple[str, ...]:
    """Return the paths below the cgroup mount that hold this process's limits."""
    wanted: dict[str, None] = {}
    for level in _levels(cgroup):
        names = _v1_names(level.folder) if level.version == 1 else _V2_FILES
        wanted.update(dict.fromkeys(_join(level.folder, name) for name in names))
    return tuple(wanted)


def read_limits(cgroup: str | None, files: Mapping[str, str]) -> CgroupLimits:
    """Return the tightest limits found in the files of the enclosing groups."""
    limits: list[int | None] = []
    available: list[int | None] = []
    cpus: list[float | None] = []
    for level in _levels(cgroup):
        limit, left = _memory(level, files)
        limits.append(limit)
        available.append(left)
        cpus.append(_cpus(level, files))
    return CgroupLimits(_lowest(limits), _lowest(available), _lowest(cpus))


def without_names(
    cgroup: str | None, files: Mapping[str, str]
) -> tuple[str | None, dict[str, str]]:
    """Return both with the groups numbered: names of containers are private."""
    if cgroup is None:
        return None, _short_files(files)
    lines, renamed = [], {"": ""}
    for line in cgroup.splitlines():
        head, _, path = line.partition(":/")
        mounts, _version = _mounts(head)
        if not mounts:
            continue
        old, new = _upwards(path), _upwards(_numbered(path))
        lines.append(f"{head}:/{new[0]}\n")
        for before, after in zip(old, new, strict=True):
            for mount in mounts:
                renamed[_join(mount, before)] = _join(mount, after)
    kept = {}
    for name, text in _short_files(files).items():
        folder, _, leaf = name.rpartition("/")
        if folder in renamed:
            kept[_join(renamed[folder], leaf)] = text
    return "".join(lines), kept


def _numbered(path: str) -> str:
    depth = len(_upwards(path)) - 1
    return "/".join(f"group{number}" for number in range(1, depth + 1))


def _short_files(files: Mapping[str, str]) -> dict[str, str]:
    short = {}
    for name, text in files.items():
        lines = text.splitlines(keepends=True)
        if name.endswith("memory.stat"):
            lines = [line for line in lines if line.partition(" ")[0] in _STAT_KEYS]
        short[name] = "".join(lines)
    return short


def _levels(cgroup: str | None) -> list[_Level]:
    """Return every folder from the process's own group up to the mount's root.

    A container sees its own group as the mount's root while /proc/self/cgroup
    still names the host's path: the folders that do not exist are simply not
    found, and the root, which is always among them, is the container's group.
    """
    # A kernel without control groups, or a hidden /proc, still leaves the mount.
    text = "0::/" if cgroup is None else cgroup
    levels: dict[_Level, None] = {}
    for line in text.splitlines():
        head, _, path = line.partition(":/")
        mounts, version = _mounts(head)
        for mount in mounts:
            for folder in _upwards(path):
                levels[_Level(_join(mount, folder), version)] = None
    return list(levels)


def _mounts(head: str) -> tuple[list[str], int]:
    """Return where the hierarchy of a line such as `4:cpu,cpuacct` is mounted."""
    number, _, controllers = head.partition(":")
    if number == "0" and not controllers:
        return list(_V2_MOUNTS), 2
    return _v1_mounts(controllers), 1


def _v1_mounts(controllers: str) -> list[str]:
    wanted = [name for name in controllers.split(",") if name in _V1_FILES]
    joined = [controllers] if wanted and controllers not in wanted else []
    return [*joined, *wanted]


def _v1_names(folder: str) -> tuple[str, ...]:
    mount = folder.partition("/")[0].split(",")
    return tuple(n for name in mount for n in _V1_FILES.get(name, ()))


def _upwards(path: str) -> list[str]:
    # `..` stands for groups outside this container's view: nothing to read there.
    parts = [part for part in path.split("/") if part not in {"", ".", ".."}]
    return ["/".join(parts[:end]) for end in range(len(parts), -1, -1)]


def _join(*parts: str) -> str:
    return "/".join(part for part in parts if part)


def _memory(level: _Level, files: Mapping[str, str]) -> tuple[int | None, int | None]:
    """Return the limit of one group and what is left of it."""
    if level.version == 1:
        names = (
            "memory.limit_in_bytes",
            "memory.usage_in_bytes",
            "total_inactive_file",
        )
    else:
        names = ("memory.max", "memory.current", "inactive_file")
    stat = files.get(_join(level.folder, "memory.stat"))
    limit = _limit(files.get(_join(level.folder, names[0])))
    if level.version == 1:
        # A parent that is out of sight is known by this line alone.
        limit = _lowest([limit, _limit(_stat(stat, "hierarchical_memory_limit"))])
    if limit is None:
        return None, None
    used = _number(files.get(_join(level.folder, names[1])))
    if used is None:
        return limit, None
    reclaimable = _number(_stat(stat, names[2])) or 0
    return limit, max(0, min(limit, limit - used + reclaimable))


def _cpus(level: _Level, files: Mapping[str, str]) -> float | None:
    if level.version == 1:
        quota = files.get(_join(level.folder, "cpu.cfs_quota_us"))
        period = files.get(_join(level.folder, "cpu.cfs_period_us"))
    else:
        quota, _, period = files.get(_join(level.folder, "cpu.max"), "").partition(" ")
    allowed, every = _number(quota), _number(period)
    return allowed / every if allowed and every else None


def _limit(text: str | None) -> int | None:
    value = _number(text)
    return None if value is None or value >= V1_NO_LIMIT else value


def _stat(text: str | None, key: str) -> str | None:
    for line in (text or "").splitlines():
        name, _, value = line.partition(" ")
        if name == key:
            return value
    return None


def _number(text: str | None) -> int | None:
    stripped = (text or "").strip()
    # `max` and -1 mean no limit and are no numbers here, on purpose.
    return int(stripped) if stripped.isascii() and stripped.isdigit() else None


def _lowest(values: Iterable[_NumberT | None]) -> _NumberT | None:
    return min((value for value in values if value is not None), default=None)
