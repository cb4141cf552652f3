"""Where the kernel tells of changes, and what it tells."""

from pathlib import Path

import pytest

from edge_runtime.watcher import (
    Inotify,
    InotifyUnavailableError,
    mount_of,
    parse_mounts,
    tells_of_changes,
)

MOUNTINFO = """\
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 22 0:25 / /proc rw,nosuid - proc proc rw
41 22 0:40 / /mnt/nas rw - cifs //nas/photos rw
42 22 0:41 / /mnt/my\\040disk rw shared:9 - fuse.sshfs me@there: rw
43 22 8:17 / /mnt/usb rw - exfat /dev/sdb1 rw
44 43 0:44 / /mnt/usb/deep rw - nfs4 server:/x rw
cut off
"""


@pytest.mark.parametrize(
    ("path", "kind", "tells"),
    [
        ("/home/ada/Photos", "ext4", True),
        ("/mnt/nas", "cifs", False),
        ("/mnt/nas/2026/a", "cifs", False),
        ("/mnt/nasty", "ext4", True),
        ("/mnt/my disk/x", "fuse.sshfs", False),
        ("/mnt/usb/a", "exfat", True),
        ("/mnt/usb/deep/a", "nfs4", False),
    ],
)
def test_the_mount_that_holds_a_folder_decides(path, kind, tells):
    mount = mount_of(path, parse_mounts(MOUNTINFO.splitlines()))
    assert (mount.kind, mount.tells) == (kind, tells)


def test_a_silent_mount_below_a_folder_makes_it_be_looked_at(monkeypatch):
    mounts = parse_mounts(MOUNTINFO.splitlines())
    monkeypatch.setattr("edge_runtime.watcher.file_systems.read_mounts", lambda: mounts)
    assert tells_of_changes(Path("/home"))
    assert not tells_of_changes(Path("/mnt/usb"))
    assert not tells_of_changes(Path("/mnt/nas"))


@pytest.fixture
def inotify():
    listener = Inotify.open()
    yield listener
    listener.close()


def test_changes_below_watched_folders_are_heard(inotify, folder):
    inside = folder / "inside"
    inside.mkdir()
    assert inotify.watch(folder, [b"", b"inside"]) is True
    assert inotify.watch(folder, [b"", b"inside"]) is False
    assert inotify.drain() is False
    (inside / "a.jpg").write_bytes(b"x")
    assert inotify.drain() is True
    (inside / "a.jpg").rename(folder / "b.jpg")
    assert inotify.drain() is True
    (folder / "b.jpg").unlink()
    assert inotify.drain() is True
    assert inotify.watch(folder, [b""]) is False
    inotify.drain()
    (inside / "c.jpg").write_bytes(b"x")
    assert inotify.drain() is False


def test_a_folder_that_went_is_passed_by(inotify, folder):
    assert inotify.watch(folder, [b"gone"]) is False


def test_a_kernel_without_room_for_watches_is_told(inotify, folder, monkeypatch):
    class Full:
        def inotify_add_watch(self, *_):
            return -1

    monkeypatch.setattr(inotify, "_library", Full())
    monkeypatch.setattr("ctypes.get_errno", lambda: 28)
    with pytest.raises(InotifyUnavailableError, match="No space left"):
        inotify.watch(folder, [b""])
