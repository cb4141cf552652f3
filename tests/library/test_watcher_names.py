"""What is a photo, and what is another program's business."""

import pytest

from edge_runtime.watcher import is_ignored_file, is_ignored_folder, is_photo

TEMPORARY = [
    ".syncthing.IMG_1.jpg.tmp",
    "~syncthing~IMG_1.jpg.tmp",
    "IMG_1.sync-conflict-20261127-101112-ABCDEF7.jpg",
    "IMG_1.jpg.ocTransferId1234.part",
    ".~IMG_1.jpg.1a2b",
    "IMG_1 (conflicted copy 2026-11-27 101112).jpg",
    "IMG_1_conflict-20261127-101112.jpg",
    "IMG_1 (Ada's conflicted copy 2026-11-27).jpg",
    ".pending-1764200000-IMG_1.jpg",
    ".trashed-1764200000-IMG_1.jpg",
    ".IMG_1.HEIC.icloud",
    "IMG_1.jpg.part",
    "IMG_1.jpg.partial",
    "IMG_1.jpg.filepart",
    "IMG_1.jpg.crdownload",
    "IMG_1.jpg.kei-tmp",
    ".IMG_1.jpg.aB3xY9",
    "._IMG_1.jpg",
    ".DS_Store",
    "Thumbs.db",
    "SYNOFILE_THUMB_M.jpg",
    "IMG_1.jpg_original",
    ".edge-captions-0123456789abcdef.tmp",
    "~$photo.jpg",
]
PHOTOS = [
    "IMG_1.jpg",
    "IMG_1.JPEG",
    "PXL_20261127.MP.jpg",
    "a b\n.heic",
    "Käse 🧀.png",
    "1.avif",
    "x.CR3",
    "conflict.jpg",
    "part.jpg",
    "IMG~2.jpg",
    "IMG_1 (2).jpg",
    "thumbs.db.jpg",
]


@pytest.mark.parametrize("name", TEMPORARY)
def test_names_of_programs_are_left_alone(name):
    assert is_ignored_file(name.encode())
    assert not is_photo(name.encode())


@pytest.mark.parametrize("name", PHOTOS)
def test_photos_are_known_by_their_suffix(name):
    assert is_photo(name.encode())


def test_a_name_that_is_no_text_is_a_photo():
    assert is_photo(b"caf\xe9\xff.jpg")


@pytest.mark.parametrize(
    "name", ["film.mov", "notes.txt", ".jpg", "jpg", "IMG_1.jpg.xmp", "a."]
)
def test_other_files_are_no_photos(name):
    assert not is_photo(name.encode())


@pytest.mark.parametrize(
    "name",
    [".stversions", ".stfolder", "@eaDir", "#recycle", ".@__thumb", "$RECYCLE.BIN",
     ".thumbnails", ".Trash-1000", "lost+found", "@Recycle"],
)  # fmt: skip
def test_trash_versions_and_thumbnails_are_folders_to_pass_by(name):
    assert is_ignored_folder(name.encode())


@pytest.mark.parametrize("name", ["2026", "Recycle bins of Rome", "eaDir", "#art"])
def test_a_persons_folders_are_walked(name):
    assert not is_ignored_folder(name.encode())
