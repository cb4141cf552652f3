"""Several writers of one photo: they wait, or they are told, and nothing is lost."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
import fcntl
import hashlib
import os
import threading
import time

from metadata_children import write_in_child
from metadata_photos import CAPTION, ENGLISH, ONLY_ENGLISH
import pytest

from edge_runtime.metadata import (
    PhotoBusyError,
    PhotoChangedError,
    WriteMode,
    WriteOptions,
    read_metadata,
    remove_leftover,
    restore,
    write_caption,
)
from edge_runtime.metadata.containers.base import Plan
from edge_runtime.metadata.errors import MetadataNotWrittenError
from edge_runtime.metadata.photo_file import MemoryBytes, open_photo
from edge_runtime.metadata.rewrite import NewFile, replace_file

NOBODY = 65534


def test_writers_at_once_lose_nothing(jpeg):
    """Each adds its own language; a lost update would lose one."""
    options = WriteOptions(fall_back=False, add=True, lock_timeout_s=20)
    tags = ["en", "de", "fr", "it", "ja", "pl", "nl", "sv"]

    def work(tag):
        caption = replace(ONLY_ENGLISH, texts={tag: f"text in {tag}"})
        write_caption(jpeg, caption, WriteMode.EMBED, options)

    before = jpeg.read_bytes()
    with ThreadPoolExecutor(len(tags)) as pool:
        list(pool.map(work, tags))
    found = {c.language: c.text for c in read_metadata(jpeg).captions}
    assert {tag: found.get(tag) for tag in tags} == {t: f"text in {t}" for t in tags}
    assert list(jpeg.parent.iterdir()) == [jpeg]
    restore(jpeg)
    assert jpeg.read_bytes() == before


def test_writers_in_several_processes_take_turns(jpeg):
    with ThreadPoolExecutor(3) as pool:
        jobs = [
            pool.submit(write_in_child, jpeg, "embed", f"text {n}") for n in range(3)
        ]
        results = [job.result() for job in jobs]
    assert not any("error" in result for result in results)
    (text,) = {c.text for c in read_metadata(jpeg).captions}
    assert text.startswith("text ")
    assert list(jpeg.parent.iterdir()) == [jpeg]


def test_a_photo_that_somebody_holds_is_busy(jpeg):
    with jpeg.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        started = time.monotonic()
        with pytest.raises(PhotoBusyError, match="try again"):
            write_caption(jpeg, CAPTION, options=WriteOptions(lock_timeout_s=0.1))
        assert time.monotonic() - started < 2
    write_caption(jpeg, CAPTION)


def test_a_photo_that_another_program_changes_meanwhile_is_not_overwritten(jpeg):
    with open_photo(jpeg) as photo:
        new = NewFile(
            jpeg, photo.status, photo, Plan((b"new",)), photo.status, is_photo=True
        )

        def other_program(_written):
            jpeg.write_bytes(b"edited by somebody")
            return True

        with pytest.raises(PhotoChangedError):
            replace_file(new, other_program)
    assert jpeg.read_bytes() == b"edited by somebody"
    assert list(jpeg.parent.iterdir()) == [jpeg]


def test_a_sidecar_that_appears_meanwhile_is_not_overwritten(jpeg):
    sidecar = jpeg.with_name("photo.jpg.xmp")
    new = NewFile(sidecar, None, MemoryBytes(b""), Plan((b"new",)), jpeg.stat())

    def other_program(_written):
        sidecar.write_bytes(b"theirs")
        return True

    with pytest.raises(PhotoChangedError, match="appeared"):
        replace_file(new, other_program)
    assert sidecar.read_bytes() == b"theirs"


def test_a_file_that_does_not_read_back_is_thrown_away(jpeg):
    before = jpeg.read_bytes()
    with open_photo(jpeg) as photo:
        new = NewFile(jpeg, photo.status, photo, Plan((b"new",)), photo.status)
        with pytest.raises(MetadataNotWrittenError, match="read back"):
            replace_file(new, lambda _written: False)
    assert jpeg.read_bytes() == before
    assert list(jpeg.parent.iterdir()) == [jpeg]


def test_what_a_power_cut_left_is_swept_away(jpeg):
    write_caption(jpeg, CAPTION)
    (sidecar,) = set(jpeg.parent.iterdir()) - {jpeg}
    names = []

    def look(_written):
        names.extend(p for p in jpeg.parent.iterdir() if p not in {jpeg, sidecar})
        return True

    new = NewFile(sidecar, sidecar.stat(), MemoryBytes(b""), Plan((b"x",)), jpeg.stat())
    replace_file(new, look)
    (temporary,) = names
    assert temporary.name.startswith(".edge-captions-")
    assert temporary.suffix == ".tmp"
    sidecar.unlink()
    temporary.write_bytes(b"half a file")
    write_caption(jpeg, CAPTION)
    assert set(jpeg.parent.iterdir()) == {jpeg, sidecar}
    assert read_metadata(jpeg).caption().text == ENGLISH


def test_a_temporary_file_that_somebody_still_writes_is_left_alone(jpeg, monkeypatch):
    """As on a network folder, where two writers could not see each other's lock."""
    name = hashlib.sha256(b"photo.jpg.xmp").hexdigest()[:16]
    temporary = jpeg.with_name(f".edge-captions-{name}.tmp")
    temporary.touch()
    with temporary.open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(PhotoBusyError):
            write_caption(jpeg, CAPTION)
        assert not remove_leftover(temporary)
        os.utime(temporary, (0, 0))  # a photo's new file gets its time before its name
        assert not remove_leftover(temporary)
        monkeypatch.setattr("edge_runtime.metadata.leftovers.STALE_S", 0)
        write_caption(jpeg, CAPTION)
    assert not temporary.exists()


def test_only_our_own_leftovers_are_taken_away(tmp_path):
    ours = tmp_path / ".edge-captions-0123456789abcdef.tmp"
    other = tmp_path / ".syncthing.photo.jpg.tmp"
    for path in (ours, other):
        path.write_bytes(b"half a file")
    assert [remove_leftover(path) for path in (ours, other, ours)] == [
        True,
        False,
        False,
    ]
    assert list(tmp_path.iterdir()) == [other]


def test_leftovers_are_taken_away_while_others_are_written(jpeg):
    """The look at a folder and a writer meet at the same file again and again."""
    folder = jpeg.parent
    stop = threading.Event()

    def sweep():
        while not stop.is_set():
            for path in folder.glob(".edge-captions-*.tmp"):
                remove_leftover(path)

    sweeper = threading.Thread(target=sweep)
    sweeper.start()
    try:
        for mode in (WriteMode.EMBED, WriteMode.SIDECAR) * 10:
            write_caption(jpeg, CAPTION, mode)
            restore(jpeg)
    finally:
        stop.set()
        sweeper.join()
    assert list(folder.iterdir()) == [jpeg]
