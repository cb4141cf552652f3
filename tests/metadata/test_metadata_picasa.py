"""People that Picasa named, in the file that it leaves in a photo's folder."""

from PIL import Image
import pytest

from edge_runtime.metadata import Area, read_metadata
from edge_runtime.metadata.picasa import picasa_people

INI = """[Picasa]
name=Summer
[a.jpg]
star=yes
faces=rect64(40004000c000c000),8e62398ebda8c1a5;rect64(1),ffffffffffffffff
[b.jpg]
faces=rect64(0000000080008000),00000000000000a5;rect64(c000c00040004000),a6
[Contacts2]
8e62398ebda8c1a5=Anna Müller;anna@example.org;;
a5=Ben;;
a6=結衣;;
ffffffffffffffff=Nobody;;
"""


@pytest.fixture
def folder(tmp_path):
    for name in ("a.jpg", "b.jpg", "c.jpg"):
        Image.new("RGB", (64, 48), "red").save(tmp_path / name)
    (tmp_path / ".picasa.ini").write_text(INI, encoding="utf-8")
    return tmp_path


def test_named_faces_are_people(folder):
    (anna,) = read_metadata(folder / "a.jpg").people
    assert (anna.name, anna.place) == ("Anna Müller", "picasa:faces")
    assert anna.area == Area(0.500008, 0.500008, 0.500008, 0.500008)
    ben, yui = read_metadata(folder / "b.jpg").people
    assert (ben.name, yui.name) == ("Ben", "結衣")
    assert yui.area is None  # its corners are the wrong way round
    assert read_metadata(folder / "c.jpg").people == ()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[a.jpg]\nfaces=" + b"rect64(40004000c000c000),a5;" * 50_000,
        b"\xff\xfe\x00[a.jpg]\nfaces=rect64(zz),a5\n[Contacts2]\na5=Ben\n",
        b"[a.jpg]\nfaces=rect64(1),a5\n[Contacts2]\na5=\x1b]0;x\x07\n",
        b"[Contacts2]\n" + b"a5=Ben\n" * 100_000,
        b"x" * 5_000_000,
    ],
)
def test_a_file_of_whatever_kind_is_no_danger(folder, data):
    (folder / ".picasa.ini").write_bytes(data)
    assert picasa_people(folder / "a.jpg") == ()


def test_a_folder_of_that_name_is_no_file(folder):
    (folder / ".picasa.ini").unlink()
    (folder / ".picasa.ini").mkdir()
    assert picasa_people(folder / "a.jpg") == ()
