"""Data sets in all their forms are read; what is wrong is named with its place."""

import json
from pathlib import Path

import pytest

from edge_runtime.evaluation import DatasetError, Wanted, load_dataset

TWO = {"a.jpg": ["a dog", "the dog"], "b.jpg": ["two cats", "cats"]}
COCO = {
    "images": [{"id": 7, "file_name": "a.jpg"}, {"id": 9, "file_name": "b.jpg"}],
    "annotations": [
        {"image_id": 9, "id": 1, "caption": "two cats"},
        {"image_id": 7, "id": 2, "caption": "a dog"},
        {"image_id": 7, "id": 3, "caption": "the dog"},
        {"image_id": 9, "id": 4, "caption": "cats"},
    ],
}
TOKENS = "a.jpg#0\ta dog\na.jpg#1\tthe dog\nb.jpg#0\ttwo cats\nb.jpg#1\tcats\n"
CSV = 'image,caption\na.jpg,a dog\na.jpg,the dog\nb.jpg,"two cats"\nb.jpg,cats\n'


def photos(folder: Path, *names: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names or TWO:
        (folder / name).write_bytes(b"x")
    return folder


def load(place: Path, **wanted: object):
    return load_dataset(place, Wanted(**wanted))


def references(dataset) -> dict[str, list[str]]:
    return {photo.name: list(photo.references) for photo in dataset.photos}


def test_a_folder_with_captions_of_a_split_beside_its_photos(tmp_path):
    (tmp_path / "captions_dev.json").write_text(json.dumps(TWO))
    photos(tmp_path / "dev")
    dataset = load(tmp_path)
    assert references(dataset) == TWO
    assert dataset.photos[0].path == tmp_path / "dev" / "a.jpg"
    assert dataset.title == f"{tmp_path.name} dev"
    assert load(tmp_path / "captions_dev.json").photos == dataset.photos


def test_one_of_several_splits_has_to_be_named(tmp_path):
    for split in ("dev", "train"):
        (tmp_path / f"captions_{split}.json").write_text(json.dumps(TWO))
        photos(tmp_path / split)
    with pytest.raises(DatasetError, match=r"has the splits dev, train.*--split"):
        load(tmp_path)
    assert load(tmp_path, split="train").images == tmp_path / "train"
    with pytest.raises(DatasetError, match="no split 'test'; it has dev, train"):
        load(tmp_path, split="test")
    with pytest.raises(DatasetError, match="holds the split 'dev', not 'train'"):
        load(tmp_path / "captions_dev.json", split="train")


def test_coco_in_its_own_folders_or_with_named_images(tmp_path):
    source = tmp_path / "annotations" / "captions_val2017.json"
    source.parent.mkdir()
    source.write_text(json.dumps(COCO))
    photos(tmp_path / "val2017")
    photos(tmp_path / "elsewhere")
    assert references(load(tmp_path)) == TWO
    assert references(load(source)) == TWO
    images = tmp_path / "elsewhere"
    assert load(source, images=images).photos[0].path == images / "a.jpg"


def test_coco_images_that_nobody_described_are_left_out(tmp_path):
    content = {**COCO, "images": [*COCO["images"], {"id": 1, "file_name": "c.jpg"}]}
    source = tmp_path / "captions_x.json"
    source.write_text(json.dumps(content))
    assert references(load(source, images=photos(tmp_path / "x"))) == TWO


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Flickr8k.token.txt", TOKENS),
        ("Flickr8k.token.txt", TOKENS.replace("\n", "\r\n")),
        ("captions.txt", CSV),
        ("captions.txt", "\ufeff" + CSV),
        ("results_20130124.token", TOKENS),
    ],
)
@pytest.mark.parametrize("images", ["Images", "Flicker8k_Dataset", "."])
def test_the_text_files_of_flickr_with_their_usual_folders(
    tmp_path, name, text, images
):
    (tmp_path / name).write_bytes(text.encode())
    photos(tmp_path / images)
    assert references(load(tmp_path)) == TWO
    assert references(load(tmp_path / name)) == TWO


def test_the_splits_of_flickr8k_are_its_lists(tmp_path):
    (tmp_path / "Flickr8k.token.txt").write_text(TOKENS)
    (tmp_path / "Flickr_8k.devImages.txt").write_text("b.jpg\n")
    photos(tmp_path / "Images")
    assert list(references(load(tmp_path, split="dev"))) == ["b.jpg"]
    with pytest.raises(DatasetError, match=r"testImages\.txt: there is no such file"):
        load(tmp_path, split="test")
    (tmp_path / "Flickr_8k.devImages.txt").write_text("b.jpg\nc.jpg\n")
    with pytest.raises(DatasetError, match="1 of its 2 photos have no captions"):
        load(tmp_path, split="dev")


def test_a_limit_takes_the_first_and_keeps_the_fingerprint(tmp_path):
    (tmp_path / "captions_dev.json").write_text(json.dumps(TWO))
    photos(tmp_path / "dev")
    some = load(tmp_path, limit=1)
    assert list(references(some)) == ["a.jpg"]
    assert some.fingerprint == load(tmp_path).fingerprint
    changed = {**TWO, "b.jpg": ["two cats", "dogs"]}
    (tmp_path / "captions_dev.json").write_text(json.dumps(changed))
    assert some.fingerprint != load(tmp_path).fingerprint


def test_absent_photos_are_counted_and_can_be_skipped(tmp_path):
    many = {f"{n}.jpg": ["a dog"] for n in range(5)}
    (tmp_path / "captions_dev.json").write_text(json.dumps(many))
    photos(tmp_path / "dev", "1.jpg", "3.jpg", "4.jpg")
    with pytest.raises(DatasetError, match=r"2 of 5 photos .*the first is '0\.jpg'"):
        load(tmp_path)
    dataset = load(tmp_path, skip_missing=True, limit=2)
    assert list(references(dataset)) == ["1.jpg", "3.jpg"]
    assert dataset.skipped == ("0.jpg", "2.jpg")
    with pytest.raises(DatasetError, match="none of its 5 photos"):
        load(tmp_path, skip_missing=True, images=photos(tmp_path / "other", "x.jpg"))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("[1, 2]", "must be an object, not a list"),
        ('{\n"a.jpg": [,]}', "captions_x.json:2: is no JSON"),
        ("[" * 100_000, "captions_x.json"),
        ("{}", "holds no captions"),
        ('{"a.jpg": []}', "'a.jpg': must be a list of captions, not an empty list"),
        ('{"a.jpg": "a dog"}', "'a.jpg': must be a list of captions, not a text"),
        ('{"a.jpg": ["a dog", 3]}', "'a.jpg': a caption must be a text, not a number"),
        ('{"../a.jpg": ["x"]}', "is no name of a photo in a folder"),
        ('{"/etc/a.jpg": ["x"]}', "is no name of a photo in a folder"),
        ('{"a\\u0000.jpg": ["x"]}', "is no name of a photo in a folder"),
        ('{"a\\ud800.jpg": ["x"]}', "is no name of a photo in a folder"),
        ('{"images": {}, "annotations": []}', "images: must be a list, not an object"),
        ('{"images": [3], "annotations": []}', "images[0]: must be an object"),
        ('{"images": [{"id": 1}], "annotations": []}', "images[0]: has no 'file_name'"),
        (
            (
                '{"images": [{"id": 1, "file_name": "a"}, {"id": 1, "file_name": "b"}],'
                ' "annotations": []}'
            ),
            "images[1]: has the id 1 of an image before it",
        ),
        (
            (
                '{"images": [{"id": 1, "file_name": "a"}, {"id": 2, "file_name": "a"}],'
                ' "annotations": []}'
            ),
            "two of them have the same file_name",
        ),
        (
            '{"images": [], "annotations": [{"image_id": 4, "caption": "x"}]}',
            "annotations[0]: is about image 4, which is not among the images",
        ),
        (
            (
                '{"images": [{"id": 1, "file_name": "a"}],'
                ' "annotations": [{"image_id": 1, "bbox": []}]}'
            ),
            "annotations[0]: has no 'caption'; the file with the captions is named",
        ),
        (
            (
                '{"images": [{"id": 1, "file_name": "a"}],'
                ' "annotations": [{"image_id": 1, "caption": null}]}'
            ),
            "annotations[0]: its 'caption' can't be null",
        ),
    ],
)
def test_broken_json_is_named_with_its_place(tmp_path, content, words):
    source = tmp_path / "captions_x.json"
    source.write_text(content)
    with pytest.raises(DatasetError) as caught:
        load(source, images=photos(tmp_path / "x"))
    assert words in caught.value.message
    assert str(source) in caught.value.message


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"hello\n", "not a known format"),
        (b"", "not a known format"),
        (b"\xff\xfe", "is no UTF-8 text"),
        (b"image,caption\n", "holds no captions"),
        (b"image,caption\na.jpg,b,c\n", "captions.txt:2: has 3 columns"),
        (b'image,caption\na.jpg,"b\n', "captions.txt:2: is no row of a csv file"),
        (b"a.jpg#0\ta dog\nb.jpg a cat\n", "captions.txt:2: is not 'name#number"),
        (b"../a.jpg#0\ta dog\n", "captions.txt:1: '../a.jpg' is no name of a photo"),
    ],
)
def test_broken_text_is_named_with_its_line(tmp_path, content, words):
    source = tmp_path / "captions.txt"
    source.write_bytes(content)
    with pytest.raises(DatasetError) as caught:
        load(source, images=photos(tmp_path / "x"))
    assert words in caught.value.message


def test_places_that_are_wrong_or_unclear(tmp_path):
    with pytest.raises(DatasetError, match="there is no such file or folder"):
        load(tmp_path / "missing")
    with pytest.raises(DatasetError, match="holds no captions"):
        load(tmp_path)
    (tmp_path / "captions.txt").write_text(CSV)
    with pytest.raises(DatasetError, match=r"no photo such as 'a\.jpg'.*--images"):
        load(tmp_path)
    with pytest.raises(DatasetError, match="there is no such folder"):
        load(tmp_path, images=tmp_path / "nowhere")
    (tmp_path / "captions_dev.json").write_text(json.dumps(TWO))
    with pytest.raises(DatasetError, match="name one of the files"):
        load(tmp_path)
