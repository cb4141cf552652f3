"""Recognise files and read their metadata, in the imaging worker."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
import json
import os
from pathlib import Path
import re
from typing import Final

from ..errors import EdgeRuntimeError
from ..facts import camera_name
from ..imaging.header import read_header
from ..metadata import Camera, DateTaken, PhotoMetadata, read_metadata
from ..picture_hash import picture_hash
from .index_messages import FileFacts, IndexAnswer, IndexJob

_ANSWER_BYTES: Final = 400_000
"""Where an answer ends: a frame has room for more than twice as much."""
_MAX_CAPTIONS: Final = 40
_MAX_TEXT: Final = 20_000
_MAX_TEXTS: Final = 50_000
_MAX_NAMES: Final = 100
_MAX_NAME: Final = 200
_DATE: Final = re.compile(r"(\d{4})(?:-(\d\d))?(?:-(\d\d))?$")
_EARLIEST: Final = -62_135_596_800_000


def index(job: IndexJob) -> IndexAnswer:
    """Return what the first files of a job are, as many as an answer holds."""
    # hashing lets go of the interpreter: two files at a time fill two cores
    with ThreadPoolExecutor(min(2, os.cpu_count() or 1)) as pool:
        return IndexAnswer(tuple(_fitting(pool.map(facts_of, job.paths))))


def facts_of(path: str) -> FileFacts:
    """Return what a file is; whatever is wrong with it stands in the record."""
    try:
        header = read_header(path)
        width, height = header.upright_size
        found = read_metadata(Path(path))
        return _facts(found, picture_hash(Path(path)), width, height)
    except EdgeRuntimeError as err:
        return FileFacts(code=err.code, message=_storable(err.message))


def _fitting(files: Iterator[FileFacts]) -> Iterator[FileFacts]:
    size = 0
    for file in files:
        length = len(json.dumps(file.to_dict()))
        if size and size + length > _ANSWER_BYTES:
            return
        size += length
        yield file


def _facts(found: PhotoMetadata, picture: str, width: int, height: int) -> FileFacts:
    place = found.position
    return FileFacts(
        picture_hash=picture,
        width=width,
        height=height,
        taken_at=None if found.taken is None else moment_of(found.taken),
        camera=None if found.camera is None else _camera(found.camera),
        latitude=None if place is None else place.latitude,
        longitude=None if place is None else place.longitude,
        captions=tuple(_captions(found)),
        keywords=_names(found.keywords),
        people=_names(tuple(person.name for person in found.people)),
    )


def moment_of(taken: DateTaken) -> int | None:
    """Return Unix milliseconds; a time without a zone is one of this machine's."""
    text = taken.value
    if short := _DATE.fullmatch(text):
        text = f"{short[1]}-{short[2] or '01'}-{short[3] or '01'}"
    with suppress(ValueError, OverflowError, OSError):
        at = round(datetime.fromisoformat(text).timestamp() * 1000)
        return at if at > _EARLIEST else None
    return None


def _camera(camera: Camera) -> str | None:
    make, model = _storable(camera.make).strip(), _storable(camera.model).strip()
    return camera_name(make, model)[:_MAX_NAME] or None


def _captions(found: PhotoMetadata) -> Iterator[tuple[str, str, bool]]:
    """Yield the most trusted text of each language, the camera's noise left out."""
    seen: set[str] = set()
    texts: set[str] = set()
    room = _MAX_TEXTS
    named = [one for one in found.captions if one.language != "x-default"]
    others = [one for one in found.captions if one.language == "x-default"]
    for one in [*named, *others][:_MAX_CAPTIONS]:
        text = _storable(one.text).strip()
        if not text or one.language in seen or text in texts:
            continue
        seen.add(one.language)
        texts.add(text)
        room -= len(text)
        if len(text) <= _MAX_TEXT and room >= 0:
            yield one.language, text, one.ours


def _names(names: tuple[str, ...]) -> tuple[str, ...]:
    clean = (_storable(name).strip()[:_MAX_NAME] for name in names[:_MAX_NAMES])
    return tuple(dict.fromkeys(name for name in clean if name))


def _storable(text: str) -> str:
    return text.encode("utf-8", "replace").decode().replace("\0", "")
