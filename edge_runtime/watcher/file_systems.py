"""Whether the kernel tells of changes in a folder, by the kind of its file system."""

from collections.abc import Iterable
from dataclasses import dataclass
import os
from pathlib import Path
import re
from typing import Final

MOUNTS: Final = Path("/proc/self/mountinfo")
_LOCAL: Final = frozenset({
    "ext2", "ext3", "ext4", "xfs", "btrfs", "f2fs", "zfs", "bcachefs", "jfs",
    "reiserfs", "nilfs2", "tmpfs", "ramfs", "overlay", "vfat", "exfat",
    "ntfs3", "hfsplus", "apfs",
})  # fmt: skip
"""Where every change is made by this machine. Others (NFS, SMB, SSHFS, 9p, virtiofs,
FUSE of all kinds) change without a word: a look now and then finds it."""
_ESCAPED: Final = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True, slots=True)
class Mount:
    """One mounted file system."""

    point: str
    kind: str

    @property
    def tells(self) -> bool:
        """Return whether inotify hears of every change there."""
        return self.kind in _LOCAL


def read_mounts(path: Path = MOUNTS) -> list[Mount]:
    """Return what is mounted; empty where the system does not say."""
    try:
        lines = path.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return []
    return parse_mounts(lines)


def parse_mounts(lines: Iterable[str]) -> list[Mount]:
    """Return the mounts that lines of `mountinfo` name; later ones lie on top."""
    found = []
    for line in lines:
        before, separator, after = line.partition(" - ")
        fields, kinds = before.split(" "), after.split(" ")
        if separator and len(fields) > 4:  # noqa: PLR2004 - the mount point is the fifth
            found.append(Mount(_unescaped(fields[4]), kinds[0]))
    return found


def mount_of(path: str, mounts: Iterable[Mount]) -> Mount | None:
    """Return the mount that a real path lies on."""
    best = None
    for mount in mounts:
        if _holds(mount.point, path) and (
            best is None or len(mount.point) >= len(best.point)
        ):
            best = mount
    return best


def tells_of_changes(folder: Path) -> bool:
    """Return whether inotify hears of every change below a folder."""
    mounts, real = read_mounts(), os.path.realpath(folder)
    here = mount_of(real, mounts)
    below = [m for m in mounts if m.point != real and _holds(real, m.point)]
    return here is not None and here.tells and all(m.tells for m in below)


def _holds(folder: str, path: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(lambda found: chr(int(found[1], 8)), text)
