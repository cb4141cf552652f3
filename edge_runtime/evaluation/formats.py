"""Find the annotations and the photos of a data set, whatever form it has."""

from pathlib import Path
import re
from typing import Final

from .annotations import Annotations, DatasetError, read_annotations, read_split
from .dataset import Dataset, Wanted, choose_photos

_SPLIT_NAME: Final = re.compile(r"captions_(?P<split>.+)\.json")
_TEXT_NAMES: Final = ("Flickr8k.token.txt", "results_20130124.token", "captions.txt")
"""What Flickr8k, Flickr30k and their copies call their captions."""
_PHOTO_FOLDERS: Final = (
    "Images",
    "images",
    "Flicker8k_Dataset",
    "Flickr8k_Dataset",
    "flickr30k-images",
    ".",
)
_NAMES_TRIED: Final = 100


def load_dataset(place: Path, wanted: Wanted) -> Dataset:
    """Return the photos of a folder or annotation file; raise DatasetError."""
    source = place if place.is_file() else _find_source(place, wanted.split)
    split = _split_of(source)
    captions = read_annotations(source)
    title = source.parent.resolve().name
    if split is not None:
        title += f" {split}"
        if wanted.split not in {None, split}:
            raise DatasetError(
                f"{source}: holds the split '{split}', not '{wanted.split}'"
            )
    elif wanted.split is not None:
        captions = _only(captions, source, wanted.split)
        title += f" {wanted.split}"
    annotations = Annotations(source, title, captions)
    images = wanted.images or _find_images(annotations, split)
    if not images.is_dir():
        raise DatasetError(f"{images}: there is no such folder")
    return choose_photos(annotations, images, wanted)


def _find_source(folder: Path, split: str | None) -> Path:
    if not folder.is_dir():
        raise DatasetError(f"{folder}: there is no such file or folder")
    by_split = {
        name: path
        for place in (folder / "annotations", folder)
        for path in sorted(place.glob("captions_*.json"))
        if (name := _split_of(path))
    }
    if split is not None and split in by_split:
        return by_split[split]
    texts = [path for name in _TEXT_NAMES if (path := folder / name).is_file()]
    if len(texts) == 1 and (split is not None or not by_split):
        return texts[0]
    if len(by_split) == 1 and not texts and split is None:
        return next(iter(by_split.values()))
    raise DatasetError(_unclear(folder, split, list(by_split), texts))


def _unclear(
    folder: Path, split: str | None, splits: list[str], texts: list[Path]
) -> str:
    if not splits and not texts:
        return (
            f"{folder}: holds no captions (looked for captions_*.json, also in "
            f"annotations/, and {', '.join(_TEXT_NAMES)})"
        )
    if split is not None and not texts:
        return f"{folder}: has no split '{split}'; it has {', '.join(splits)}"
    if texts:
        names = [path.name for path in texts] + [f"captions_{s}.json" for s in splits]
        return f"{folder}: holds {', '.join(names)}: name one of the files"
    return f"{folder}: has the splits {', '.join(splits)}: choose one with --split"


def _split_of(source: Path) -> str | None:
    found = _SPLIT_NAME.fullmatch(source.name)
    return found["split"] if found else None


def _only(
    captions: dict[str, tuple[str, ...]], source: Path, split: str
) -> dict[str, tuple[str, ...]]:
    """Return the captions of the photos that Flickr8k's list of a split names."""
    chosen = source.parent / f"Flickr_8k.{split}Images.txt"
    if not chosen.is_file():
        raise DatasetError(
            f"{chosen}: there is no such file, so the split '{split}' is unknown"
        )
    names = read_split(chosen)
    lost = [name for name in names if name not in captions]
    if lost:
        raise DatasetError(
            f"{chosen}: {len(lost)} of its {len(names)} photos have no captions in "
            f"{source.name}, the first is '{lost[0]}'"
        )
    return {name: captions[name] for name in names}


def _find_images(annotations: Annotations, split: str | None) -> Path:
    """Return the first usual folder that holds one of the first photos."""
    beside = annotations.source.parent
    names = ([split] if split else []) + list(_PHOTO_FOLDERS)
    folders = [base / name for base in (beside, beside.parent) for name in names]
    some = list(annotations.captions)[:_NAMES_TRIED]
    for folder in folders:
        if any((folder / name).is_file() for name in some):
            return folder
    raise DatasetError(
        f"{annotations.source}: no photo such as '{some[0]}' is in the usual folders "
        f"beside it ({', '.join(names[:-1])}); name the folder with --images"
    )
