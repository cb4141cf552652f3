import pytest

from edge_runtime.files import FileWriteError, write_text


def test_a_file_is_replaced_as_a_whole(tmp_path):
    path = tmp_path / "new" / "file.txt"
    write_text(path, "one")
    write_text(path, "two")
    assert path.read_text() == "two"
    assert [p.name for p in path.parent.iterdir()] == ["file.txt"]


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "kept").touch()
    with pytest.raises(FileWriteError, match="folder: can't be written"):
        write_text(folder, "text")
    assert [p.name for p in tmp_path.iterdir()] == ["folder"]
    with pytest.raises(FileWriteError, match="kept/x: can't be written"):
        write_text(folder / "kept" / "x", "text")
