"""Results survive whatever ends the program, and never mix with another basis's."""

from dataclasses import replace
from pathlib import Path

import pytest

from edge_runtime.errors import PhotoDamagedError, WorkerCrashedError
from edge_runtime.evaluation.dataset import ReferencePhoto
from edge_runtime.evaluation.records import PhotoResult, failed_result
from edge_runtime.evaluation.workfile import EvaluationBusyError, WorkFile
from edge_runtime.files import FileWriteError

BASIS = {"model": {"id": "m"}, "sizes": (1, 2)}
A = ReferencePhoto("a.jpg", Path("a.jpg"), ("a dog",), 10, 1)
B = ReferencePhoto("b.jpg", Path("b.jpg"), ("a cat",), 20, 2)
SAID = PhotoResult("a.jpg", "a dog", "A dog.", doubted=("dog",), stages={"decode": 0.1})


def work_file(folder: Path, basis: dict[str, object] = BASIS) -> WorkFile:
    return WorkFile.of(folder, "flickr8k dev/../m", basis)


def write_two(folder: Path) -> Path:
    with work_file(folder) as work:
        work.open(fresh=False)
        work.add(A, SAID)
        work.add(B, replace(SAID, name="b.jpg"))
        return work.path


def found(folder: Path, photo: ReferencePhoto = A, **options: bool):
    with work_file(folder) as work:
        work.open(fresh=options.get("fresh", False))
        return work.get(photo)


def test_results_come_back_as_they_were(tmp_path):
    path = write_two(tmp_path)
    assert path.parent == tmp_path
    assert path.name.startswith("flickr8k-dev-..-m-")
    assert found(tmp_path) == SAID


@pytest.mark.parametrize("tail", [b'{"size": 20, "mt', b"\0\0\0", b"x\xff"])
def test_a_torn_last_line_is_dropped_and_the_next_one_is_whole(tmp_path, tail):
    path = write_two(tmp_path)
    whole = path.read_bytes()
    path.write_bytes(whole + tail)
    c = replace(A, name="c.jpg")
    with work_file(tmp_path) as work:
        work.open(fresh=False)
        assert work.get(B) is not None
        work.add(c, replace(SAID, name="c.jpg"))
    assert path.read_bytes().startswith(whole)
    assert found(tmp_path, c) is not None


def test_every_cut_of_the_file_keeps_what_was_whole_before_it(tmp_path):
    path = write_two(tmp_path)
    whole = path.read_bytes()
    head = whole.index(b"\n") + 1
    first = whole.index(b"\n", head) + 1
    cuts = {*range(0, len(whole), 11), head - 1, head, first - 1, first}
    for cut in sorted(cuts):
        path.write_bytes(whole[:cut])
        assert (found(tmp_path) is not None) == (cut >= first), cut


def test_a_line_that_the_disk_spoilt_costs_only_itself(tmp_path):
    path = write_two(tmp_path)
    head, _, last = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(head + b"\0" * 40 + b"\n[]\n{}\n" + last)
    assert found(tmp_path, A) is None
    assert found(tmp_path, B) is not None


def test_another_basis_has_another_file(tmp_path):
    path = write_two(tmp_path)
    with work_file(tmp_path, {**BASIS, "sizes": (1, 3)}) as other:
        other.open(fresh=False)
        assert other.get(A) is None
        assert other.path != path


def test_a_file_whose_head_is_another_one_is_not_believed(tmp_path):
    path = write_two(tmp_path)
    path.write_bytes(path.read_bytes().replace(b'"id": "m"', b'"id": "n"'))
    assert found(tmp_path) is None


def test_a_replaced_photo_is_captioned_again(tmp_path):
    write_two(tmp_path)
    assert found(tmp_path, replace(A, mtime_ns=9)) is None
    assert found(tmp_path, replace(A, size=9)) is None


def test_fresh_forgets(tmp_path):
    write_two(tmp_path)
    assert found(tmp_path, fresh=True) is None
    assert found(tmp_path) is None


def test_a_broken_photo_stays_broken_but_a_dead_worker_gets_another_try(tmp_path):
    with work_file(tmp_path) as work:
        work.open(fresh=False)
        work.add(A, failed_result("a.jpg", PhotoDamagedError("cut off"), 0))
        work.add(B, failed_result("b.jpg", WorkerCrashedError("SIGKILL"), 0))
    assert found(tmp_path, A).error == {"code": "photo_damaged", "message": "cut off"}
    assert found(tmp_path, B) is None


def test_two_processes_cannot_write_the_same_results(tmp_path):
    with work_file(tmp_path) as work:
        work.open(fresh=False)
        with work_file(tmp_path) as other, pytest.raises(EvaluationBusyError):
            other.open(fresh=False)
        work.add(A, SAID)
    assert found(tmp_path) == SAID


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(FileWriteError, match="file"):
        work_file(tmp_path / "file" / "x").open(fresh=False)


def test_a_full_disk_is_an_error_and_the_rest_stays(tmp_path):
    path = write_two(tmp_path)
    with work_file(tmp_path) as work:
        work.open(fresh=False)
        with Path("/dev/full").open("wb", buffering=0) as full:
            real, work._file = work._file, full
            with pytest.raises(FileWriteError, match="No space left"):
                work.add(replace(A, name="c.jpg"), SAID)
            work._file = real
    assert len(path.read_bytes().splitlines()) == 3
