"""Read annotation files: COCO's JSON, name -> captions in JSON, Flickr8k's text."""

from collections.abc import Iterable, Iterator
import csv
from dataclasses import dataclass
import json
from pathlib import Path, PurePosixPath
import re
from typing import Any, Final, NoReturn

from ..errors import DocumentError

_TOKEN_LINE: Final = re.compile(r"(?P<name>[^\t]+?)#\d+\t(?P<caption>.*)")
_CSV_HEADER: Final = ["image", "caption"]
_NAMES_SHOWN: Final = 40


class DatasetError(DocumentError):
    """A data set is missing, unclear or wrong; the message names file and place."""

    code = "dataset_invalid"


@dataclass(frozen=True, slots=True)
class Annotations:
    """What an annotation file says."""

    source: Path
    title: str
    captions: dict[str, tuple[str, ...]]
    """Photo name -> references, in the file's order."""


def read_annotations(source: Path) -> dict[str, tuple[str, ...]]:
    """Return photo name -> references of a file in any of the known formats."""
    text = _read_text(source)
    if source.suffix.lower() == ".json":
        captions = _read_json(source, text)
    elif text.partition("\n")[0].strip().lower() == ",".join(_CSV_HEADER):
        captions = _collect(_csv_rows(source, text))
    elif _TOKEN_LINE.match(text):
        captions = _collect(_token_rows(source, text))
    else:
        _fail(
            source,
            "not a known format: wanted are COCO captions (.json), photo name -> "
            "captions (.json), 'image,caption' (.csv, .txt) or 'name#0<tab>caption'",
        )
    if not captions:
        _fail(source, "holds no captions")
    return captions


def read_split(source: Path) -> list[str]:
    """Return the photo names that a split's list holds, one a line."""
    return [line.strip() for line in _read_text(source).splitlines() if line.strip()]


def _read_json(source: Path, text: str) -> dict[str, tuple[str, ...]]:
    try:
        content = json.loads(text)
    except json.JSONDecodeError as err:
        _fail(f"{source}:{err.lineno}", f"is no JSON ({err.msg}, column {err.colno})")
    except RecursionError:
        _fail(source, "is nested too deep to be a caption file")
    if not isinstance(content, dict):
        _fail(source, f"must be an object, not {_kind(content)}")
    if {"images", "annotations"} <= set(content):
        return _read_coco(source, content)
    return _read_mapping(source, content)


def _read_mapping(source: Path, content: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    captions: dict[str, tuple[str, ...]] = {}
    for name, texts in content.items():
        where = f"{source}: '{name[:_NAMES_SHOWN]}'"
        if not isinstance(texts, list) or not texts:
            _fail(
                where,
                f"must be a list of captions, not {_kind(texts)}; known are COCO "
                "captions ('images' and 'annotations') and photo name -> captions",
            )
        for text in texts:
            if not isinstance(text, str):
                _fail(where, f"a caption must be a text, not {_kind(text)}")
        captions[_checked_name(where, name)] = tuple(texts)
    return captions


def _read_coco(source: Path, content: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    names: dict[Any, str] = {}
    for where, row in _rows(source, content, "images"):
        number = _field(where, row, "id", (int, str))
        if number in names:
            _fail(where, f"has the id {number} of an image before it")
        name = _checked_name(where, _field(where, row, "file_name", str))
        names[number] = name
    if len(set(names.values())) < len(names):
        _fail(f"{source}: images", "two of them have the same file_name")
    found: dict[str, list[str]] = {name: [] for name in names.values()}
    for where, row in _rows(source, content, "annotations"):
        number = _field(where, row, "image_id", (int, str))
        if number not in names:
            _fail(where, f"is about image {number}, which is not among the images")
        found[names[number]].append(_field(where, row, "caption", str))
    # an image that nobody described can't be scored
    return {name: tuple(texts) for name, texts in found.items() if texts}


def _rows(
    source: Path, content: dict[str, Any], key: str
) -> Iterator[tuple[str, dict[str, Any]]]:
    rows = content[key]
    if not isinstance(rows, list):
        _fail(f"{source}: {key}", f"must be a list, not {_kind(rows)}")
    for number, row in enumerate(rows):
        where = f"{source}: {key}[{number}]"
        if not isinstance(row, dict):
            _fail(where, f"must be an object, not {_kind(row)}")
        yield where, row


def _field(
    where: str, row: dict[str, Any], key: str, kind: type | tuple[type, ...]
) -> Any:
    if key not in row:
        _fail(where, f"has no '{key}'" + _instances_hint(row))
    value = row[key]
    if not isinstance(value, kind) or isinstance(value, bool):
        _fail(where, f"its '{key}' can't be {_kind(value)}")
    return value


def _instances_hint(row: dict[str, Any]) -> str:
    is_other = "bbox" in row or "segmentation" in row
    return "; the file with the captions is named captions_*.json" if is_other else ""


def _csv_rows(source: Path, text: str) -> Iterator[tuple[str, str, str]]:
    reader = csv.reader(text.splitlines(keepends=True), strict=True)
    try:
        next(reader)
        for row in reader:
            where = f"{source}:{reader.line_num}"
            if not row:
                continue
            if len(row) != len(_CSV_HEADER):
                _fail(where, f"has {len(row)} columns and not 2 (image,caption)")
            yield where, row[0].strip(), row[1]
    except csv.Error as err:
        _fail(f"{source}:{reader.line_num}", f"is no row of a csv file ({err})")


def _token_rows(source: Path, text: str) -> Iterator[tuple[str, str, str]]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        found = _TOKEN_LINE.fullmatch(line.rstrip("\r"))
        if found is None:
            _fail(f"{source}:{number}", "is not 'name#number<tab>caption'")
        yield f"{source}:{number}", found["name"], found["caption"]


def _collect(rows: Iterable[tuple[str, str, str]]) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for where, name, caption in rows:
        found.setdefault(_checked_name(where, name), []).append(caption)
    return {name: tuple(texts) for name, texts in found.items()}


def _checked_name(where: str | Path, name: str) -> str:
    """Return a photo's name if it stays inside the folder of the photos."""
    path = PurePosixPath(name)
    is_odd = not name.isprintable() or not name.strip(". ")
    if is_odd or path.is_absolute() or ".." in path.parts:
        _fail(where, f"'{name[:_NAMES_SHOWN]}' is no name of a photo in a folder")
    return name


def _read_text(source: Path) -> str:
    try:
        return source.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as err:
        _fail(source, f"is no UTF-8 text (byte {err.start})")
    except OSError as err:
        _fail(source, f"can't be read: {err.strerror}")


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "a text", bool: "true or false"}
    if isinstance(value, list) and not value:
        return "an empty list"
    return names.get(type(value), "a number" if value is not None else "null")


def _fail(where: str | Path, text: str) -> NoReturn:
    raise DatasetError(f"{where}: {text}")
