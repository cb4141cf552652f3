"""Files, rights and other writers: whole files only, and typed errors."""

from contextlib import suppress
import json
import os
from pathlib import Path
import resource
import stat
import subprocess
import sys
import tempfile
import time

from metadata_children import write_in_child
from metadata_photos import CAPTION, ENGLISH, ONLY_ENGLISH, STRICT, encoded
import pytest

from edge_runtime.metadata import (
    EmbedRefusedError,
    WriteMode,
    WriteOptions,
    read_metadata,
    restore,
    write_caption,
)

NOBODY = 65534
ROOT = Path(__file__).parents[2]


def rights_of(path):
    status = path.stat()
    return status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode)


def test_rights_owner_attributes_and_time_stay(jpeg):
    jpeg.chmod(0o640)
    if os.getuid() == 0:
        os.chown(jpeg, 1234, 4321)
    try:
        os.setxattr(jpeg, "user.rating", b"5")
    except OSError:
        pytest.skip("this file system has no extended attributes")
    os.utime(jpeg, ns=(10**18, 10**18 + 123456789))
    rights = rights_of(jpeg)
    write_caption(jpeg, CAPTION, WriteMode.EMBED, STRICT)
    assert rights_of(jpeg) == rights
    assert os.getxattr(jpeg, "user.rating") == b"5"
    assert jpeg.stat().st_mtime_ns == 10**18 + 123456789
    restore(jpeg, WriteOptions(keep_mtime=False))
    assert jpeg.stat().st_mtime > time.time() - 60
    assert rights_of(jpeg) == rights


def test_a_new_sidecar_has_the_photos_rights_but_is_no_program(jpeg):
    jpeg.chmod(0o755)
    sidecar = write_caption(jpeg, CAPTION).file
    assert rights_of(sidecar) == (*rights_of(jpeg)[:2], 0o644)
    sidecar.chmod(0o600)
    write_caption(jpeg, ONLY_ENGLISH)
    assert rights_of(sidecar)[2] == 0o600


def test_a_hard_linked_photo_is_not_parted_from_its_other_name(tmp_path, jpeg):
    os.link(jpeg, tmp_path / "other.jpg")
    with pytest.raises(EmbedRefusedError, match="hard links"):
        write_caption(jpeg, CAPTION, WriteMode.EMBED, STRICT)
    result = write_caption(jpeg, CAPTION, WriteMode.EMBED)
    assert result.mode is WriteMode.SIDECAR
    assert jpeg.stat().st_nlink == 2


def test_a_read_only_photo_is_left_alone(jpeg):
    before = jpeg.read_bytes()
    jpeg.chmod(0o444)
    with pytest.raises(EmbedRefusedError, match="read-only"):
        write_caption(jpeg, CAPTION, WriteMode.EMBED, STRICT)
    assert write_caption(jpeg, CAPTION, WriteMode.EMBED).mode is WriteMode.SIDECAR
    assert jpeg.read_bytes() == before


def test_a_link_leads_to_the_photo_and_stays_a_link(tmp_path):
    (tmp_path / "real").mkdir()
    photo, link = tmp_path / "real" / "photo.jpg", tmp_path / "link.jpg"
    photo.write_bytes(encoded("JPEG"))
    link.symlink_to(photo)
    write_caption(link, CAPTION, WriteMode.EMBED, STRICT)
    assert link.is_symlink()
    assert read_metadata(photo).caption().text == ENGLISH
    assert restore(link).identical is True
    sidecar = write_caption(link, CAPTION).file
    assert sidecar == tmp_path / "link.jpg.xmp"


@pytest.fixture
def shared_folder():
    """Return a folder that every user can get to, as `tmp_path` is not."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.mark.parametrize("mode", WriteMode)
def test_a_folder_that_cannot_be_written_to(shared_folder, mode):
    folder = shared_folder / "album"
    folder.mkdir()
    photo = folder / "photo.jpg"
    photo.write_bytes(encoded("JPEG"))
    before = photo.read_bytes()
    photo.chmod(0o666)
    folder.chmod(0o555)
    user = ()
    if os.getuid() == 0:  # who may write everywhere
        user = (str(NOBODY),)
    try:
        error = write_in_child(photo, mode, user=user)["error"]
    finally:
        folder.chmod(0o755)
    assert error["code"] == "photo_folder_read_only"
    assert "album" in error["message"]
    assert photo.read_bytes() == before
    assert list(folder.iterdir()) == [photo]


@pytest.mark.parametrize("mode", WriteMode)
def test_a_full_disk_leaves_everything_as_it_was(jpeg, mode):
    before = jpeg.read_bytes()

    def no_room():
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))

    error = write_in_child(jpeg, mode, preexec_fn=no_room)["error"]
    assert error["code"] == "photo_disk_full"
    assert jpeg.read_bytes() == before
    assert list(jpeg.parent.iterdir()) == [jpeg]


def test_a_really_full_disk(tmp_path):
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", tmp_path],  # noqa: S607
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip("no right to mount a small disk here")
    try:
        photo = tmp_path / "photo.jpg"
        photo.write_bytes(encoded("JPEG"))
        filler = tmp_path / "filler"
        with filler.open("wb", buffering=0) as file, suppress(OSError):
            while file.write(bytes(4096)):
                pass
        before = photo.read_bytes()
        for mode in WriteMode:
            assert write_in_child(photo, mode)["error"]["code"] == "photo_disk_full"
        assert photo.read_bytes() == before
        assert set(tmp_path.iterdir()) == {photo, filler}
        filler.unlink()
        write_caption(photo, CAPTION, WriteMode.EMBED, STRICT)
        assert read_metadata(photo).caption().text == ENGLISH
    finally:
        subprocess.run(["umount", "-l", tmp_path], check=False)  # noqa: S607


@pytest.mark.parametrize(
    "name",
    ["two\nlines.jpg", "🐕 dög.jpg", "no suffix", "-rf.jpg", "a.tar.jpg", ".hidden",
     b"broken \xff\xfe.jpg", "x" * 240 + ".jpg", "x" * 251 + ".jpg"],
)  # fmt: skip
def test_odd_names(tmp_path, name):
    path = tmp_path / os.fsdecode(name)
    path.write_bytes(encoded("JPEG"))
    before = path.read_bytes()
    for mode in WriteMode:
        write_caption(path, CAPTION, mode)
        assert read_metadata(path).caption().text == ENGLISH
        json.dumps(read_metadata(path).to_dict())
        assert restore(path).identical is True
        assert path.read_bytes() == before
        assert list(tmp_path.iterdir()) == [path]


def test_restoring_what_is_not_ours_touches_nothing(photo):
    before = photo.read_bytes(), photo.stat().st_mtime_ns
    result = restore(photo)
    assert (result.identical, result.removed, result.rewritten) == (None, (), ())
    assert (photo.read_bytes(), photo.stat().st_mtime_ns) == before


def test_memory_stays_small_with_a_large_photo(tmp_path):
    """50 MB of picture data, and less than 25 MB more than before at the peak."""
    script = """
import resource, sys
from pathlib import Path
sys.path.insert(0, {root!r})
from edge_runtime.metadata import *
path = Path(sys.argv[1])
caption = CaptionToWrite({{"en": "Hello"}}, Provenance("m"))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
write_caption(path, caption, WriteMode.EMBED, WriteOptions(fall_back=False))
restore(path)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    path = tmp_path / "large.jpg"
    data = encoded("JPEG")
    path.write_bytes(data[:-2] + b"\x12" * 50_000_000 + data[-2:])
    done = subprocess.run(
        [sys.executable, "-c", script.format(root=str(ROOT)), path],
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(done.stdout) < 25_000
