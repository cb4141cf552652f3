"""SentencePiece models, read without its library: a protocol buffer of pieces."""

import json
from pathlib import Path
import struct

from ..errors import CheckpointError

_NEVER = -1e9
"""Score of a piece that only the other language has: no text is cut into it."""


def write_unigram(folder: Path, target: Path) -> None:
    """Write a Marian checkpoint's pieces by id, with their scores, as one file."""
    try:
        ids = json.loads((folder / "vocab.json").read_text(encoding="utf-8"))
        scores = dict(pieces(folder / "source.spm"))
        lowest = min(scores.values()) - 10.0
        table: list[list[str | float]] = [["", lowest]] * len(ids)
        for piece, index in ids.items():
            table[index] = [piece, round(scores.get(piece, _NEVER), 4)]
        model = {"type": "Unigram", "unk_id": ids["<unk>"], "vocab": table}
    except OSError as err:
        raise CheckpointError(f"{err.filename}: can't be read") from None
    except (ValueError, KeyError, IndexError, struct.error) as err:
        raise CheckpointError(
            f"{folder}: vocab.json and source.spm are no tokenizer of Marian ({err!r})"
        ) from None
    text = json.dumps({"model": model}, ensure_ascii=False, separators=(",", ":"))
    target.write_text(text + "\n", encoding="utf-8")


def pieces(path: Path) -> list[tuple[str, float]]:
    """Return pieces and scores of a SentencePiece model: a protocol buffer."""
    found = []
    for number, value in _fields(path.read_bytes()):
        if number == 1 and isinstance(value, bytes):
            entry = dict(_fields(value))
            piece, score = entry[1], entry.get(2, 0.0)
            if isinstance(piece, bytes) and isinstance(score, float):
                found.append((piece.decode(), score))
    return found


def _fields(data: bytes) -> list[tuple[int, bytes | float | int]]:
    place = 0
    found: list[tuple[int, bytes | float | int]] = []
    while place < len(data):
        key, place = _varint(data, place)
        number, kind = key >> 3, key & 7
        value: bytes | float | int
        if kind == 0:
            value, place = _varint(data, place)
        elif kind == 2:  # noqa: PLR2004 - a length and bytes
            length, place = _varint(data, place)
            value, place = data[place : place + length], place + length
        elif kind == 5:  # noqa: PLR2004 - four bytes
            (value,) = struct.unpack_from("<f", data, place)
            place += 4
        else:
            raise ValueError(f"unexpected wire type {kind}")
        found.append((number, value))
    return found


def _varint(data: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[place]
        value |= (byte & 127) << shift
        place, shift = place + 1, shift + 7
        if byte < 128:  # noqa: PLR2004 - no more bytes follow
            return value, place
