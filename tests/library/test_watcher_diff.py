"""Two looks at a real folder, and what lies between them."""

from itertools import pairwise
import os
from pathlib import Path
import shutil
from threading import Event

import pytest

from edge_runtime.store import FileState, KnownFiles
from edge_runtime.watcher import (
    LookStoppedError,
    Now,
    Seen,
    Settling,
    Walk,
    WalkReport,
    compare,
    look,
)
from edge_runtime.watcher.diff import EMPTY, UNREACHABLE


def fill(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * (len(name) + 1))


def walked(folder: Path) -> tuple[list[Seen], WalkReport]:
    walk = Walk(folder)
    return list(walk.photos()), walk.report


def known_of(seen: list[Seen], state: int = 0) -> KnownFiles:
    known = KnownFiles()
    for one in seen:
        known.add(one.path, one.size, one.mtime_ns, one.sidecars, state)
    return known


def difference(folder: Path, known: KnownFiles):
    walk = Walk(folder)
    return compare(walk.photos(), known, walk.report)


def test_paths_come_in_the_order_of_their_bytes(folder):
    fill(
        folder, "a.jpg", "a/b.jpg", "a-b/c.jpg", "a0.jpg", "Z.jpg", "ä.jpg", "a/a/z.png"
    )
    (folder / os.fsdecode(b"\xff.jpg")).write_bytes(b"1")
    (folder / "\U0001f9c0.jpg").write_bytes(b"1")
    paths = [one.path for one in walked(folder)[0]]
    assert len(paths) == 9
    assert all(one < other for one, other in pairwise(paths))


def test_names_with_newlines_emoji_and_broken_bytes_are_found(folder):
    names = ["two\nlines.jpg", "🧀 käse.jpg", "caf\udce9\udcff.jpg"]
    fill(folder, *names)
    assert {os.fsdecode(one.path) for one in walked(folder)[0]} == set(names)


def test_links_and_loops_are_not_followed(folder, tmp_path):
    fill(folder, "in/a.jpg")
    fill(tmp_path / "other", "b.jpg")
    (folder / "in" / "loop").symlink_to(folder)
    (folder / "out").symlink_to(tmp_path / "other")
    (folder / "link.jpg").symlink_to(folder / "in" / "a.jpg")
    assert [one.path for one in walked(folder)[0]] == [b"in/a.jpg"]


def test_a_path_of_5000_characters_costs_only_itself(folder):
    fill(folder, "a.jpg")
    here = Path.cwd()
    try:
        os.chdir(folder)
        for _ in range(25):  # deeper than any path that the system takes
            Path("d" * 200).mkdir()
            os.chdir("d" * 200)
        Path("deep.jpg").write_bytes(b"1")
    finally:
        os.chdir(here)
    seen, report = walked(folder)
    assert [one.path for one in seen] == [b"a.jpg"]
    assert list(report.unreadable.values()) == ["File name too long"]
    shutil.rmtree(folder)


def test_trash_and_temporary_files_are_passed_by(folder):
    fill(folder, "a.jpg", "@eaDir/a.jpg", ".stversions/a.jpg", "b/.syncthing.c.jpg.tmp")
    assert [one.path for one in walked(folder)[0]] == [b"a.jpg"]


def test_nothing_changed(folder):
    fill(folder, "a.jpg", "b/c.jpg")
    found = difference(folder, known_of(walked(folder)[0]))
    assert found.is_empty
    assert found.unchanged == 2


def test_new_changed_moved_and_deleted_files(folder):
    fill(folder, "a.jpg", "b.jpg", "c.jpg", "d/e.jpg")
    known = known_of(walked(folder)[0])
    (folder / "a.jpg").write_bytes(b"longer than before")
    (folder / "b.jpg").rename(folder / "d" / "b.jpg")
    (folder / "c.jpg").unlink()
    found = difference(folder, known)
    assert [one.path for one in found.new] == [b"d/b.jpg"]
    assert [one.path for one in found.changed] == [b"a.jpg"]
    assert found.gone == [b"b.jpg", b"c.jpg"]
    assert not found.problem


@pytest.mark.parametrize("name", ["a.jpg.xmp", "a.xmp", "a.JPG.XMP"])
def test_a_sidecar_that_comes_changes_or_goes_changes_its_photo(folder, name):
    fill(folder, "a.jpg", "b.jpg")
    known = known_of(walked(folder)[0])
    fill(folder, name)
    with_sidecar = known_of(walked(folder)[0])
    assert [one.path for one in difference(folder, known).changed] == [b"a.jpg"]
    assert difference(folder, with_sidecar).is_empty
    (folder / name).write_bytes(b"other words in it")
    assert [one.path for one in difference(folder, with_sidecar).changed] == [b"a.jpg"]
    (folder / name).unlink()
    assert [one.path for one in difference(folder, with_sidecar).changed] == [b"a.jpg"]


def test_a_folder_that_is_suddenly_empty_is_out_of_reach(folder):
    fill(folder, "a.jpg", "b/c.jpg")
    known = known_of(walked(folder)[0])
    for path in list(folder.iterdir()):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    found = difference(folder, known)
    assert (found.offline, found.gone) == ([b"a.jpg", b"b/c.jpg"], [])
    assert found.problem == EMPTY


def test_a_folder_that_is_not_there_is_out_of_reach(folder):
    fill(folder, "a.jpg")
    known = known_of(walked(folder)[0])
    shutil.rmtree(folder)
    found = difference(folder, known)
    assert (found.offline, found.problem) == ([b"a.jpg"], UNREACHABLE)


def test_what_was_out_of_reach_comes_back(folder):
    fill(folder, "a.jpg", "b.jpg")
    known = known_of(walked(folder)[0], state=2)
    assert known.state(0) is FileState.OFFLINE
    (folder / "b.jpg").unlink()
    found = difference(folder, known)
    assert (found.back, found.gone) == ([b"a.jpg"], [b"b.jpg"])


def test_an_unreadable_folder_keeps_its_photos():
    known = KnownFiles()
    for path in (b"in/a.jpg", b"in/b/c.jpg", b"inside.jpg", b"x.jpg"):
        known.add(path, 1, 1, 0, 0)
    report = WalkReport(is_root_there=True, photos=1)
    report.unreadable[b"in/"] = "Permission denied"
    found = compare([Seen(b"x.jpg", 1, 1, 1, 0)], known, report)
    assert found.offline == [b"in/a.jpg", b"in/b/c.jpg"]
    assert found.gone == [b"inside.jpg"]


def test_a_leftover_of_ours_is_removed_and_others_are_not(folder):
    ours = folder / ".edge-captions-0123456789abcdef.tmp"
    other = folder / ".syncthing.a.jpg.tmp"
    for path in (ours, other):
        path.write_bytes(b"half")
    look(folder, KnownFiles(), Settling())
    assert (ours.exists(), other.exists()) == (False, True)


SECOND = 1_000_000_000
DAY = 86_400 * SECOND


def file_at(changed_ns: int, size: int = 5) -> Seen:
    return Seen(b"a.jpg", size, changed_ns, changed_ns, 0)


def test_a_file_is_whole_when_it_has_rested():
    settling = Settling(3)
    now = Now(100 * DAY, 50.0)
    assert settling.split([file_at(99 * DAY)], now) == ([file_at(99 * DAY)], [])
    fresh = file_at(100 * DAY - SECOND)
    assert settling.split([fresh], now) == ([], [fresh])


def test_a_growing_file_waits_until_two_looks_agree():
    settling = Settling(3)
    # the clock of the folder's server is a day ahead: it can't tell
    for at, size, is_whole in [(0, 5, 0), (2, 9, 0), (4, 9, 0), (5.5, 9, 1)]:
        file = file_at(101 * DAY, size)
        whole, _ = settling.split([file], Now(100 * DAY, float(at)))
        assert bool(whole) == bool(is_whole), at


def test_a_clock_in_1970_only_makes_files_wait():
    settling = Settling(3)
    file = file_at(20_000 * DAY)
    assert settling.split([file], Now(5 * SECOND, 1.0)) == ([], [file])
    assert settling.split([file], Now(9 * SECOND, 5.0)) == ([file], [])


def test_an_empty_file_is_not_there_yet():
    settling = Settling(3)
    empty = file_at(1, size=0)
    assert settling.split([empty], Now(100 * DAY, 1.0)) == ([], [empty])


def test_a_look_ends_early_when_nobody_waits_for_it(folder):
    fill(folder, "a.jpg", "b/c.jpg", "d/e.jpg")
    stopping = Event()
    walk = Walk(folder, stopping).photos()
    assert next(walk).path == b"a.jpg"
    stopping.set()
    with pytest.raises(LookStoppedError):
        list(walk)
