"""A picture in the parts that a model reads: embeddings, and the marks around them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
import ctypes
from dataclasses import dataclass
from typing import Any, Final

import llama_cpp
from llama_cpp import mtmd_cpp as mtmd

from ..errors import ModelUnusableError
from .base import Array, np

_CHANNELS: Final = 3


@dataclass(frozen=True, slots=True)
class Part:
    """Words (as tokens), or a piece of the picture that becomes tokens."""

    chunk: Any
    tokens: int
    words: tuple[int, ...] | None = None
    """None: a piece of the picture."""


@contextmanager
def picture_parts(projector: Any, picture: Array, tiles: int) -> Iterator[list[Part]]:
    """Give the parts of an RGB picture, [height, width, 3] in bytes."""
    height, width, channels = picture.shape
    if channels != _CHANNELS or picture.dtype != np.uint8:
        raise ValueError("a picture has three channels of bytes")
    data = np.ascontiguousarray(picture).ctypes.data_as(ctypes.POINTER(ctypes.c_uint8))
    bitmap = mtmd.mtmd_bitmap_init(width, height, data)
    chunks = mtmd.mtmd_input_chunks_init()
    try:
        marker = mtmd.mtmd_default_marker()
        text = mtmd.mtmd_input_text(marker, len(marker), False, True)  # noqa: FBT003
        bitmaps = (mtmd.mtmd_bitmap_p_ctypes * 1)(bitmap)
        failed = mtmd.mtmd_tokenize(projector, chunks, ctypes.byref(text), bitmaps, 1)
        if failed:
            raise ModelUnusableError(
                f"llama.cpp could not prepare a picture of {width}x{height} pixels "
                f"(error {failed})"
            )
        parts = [
            _part(mtmd.mtmd_input_chunks_get(chunks, index))
            for index in range(mtmd.mtmd_input_chunks_size(chunks))
        ]
        yield parts if tiles != 1 else whole_picture(parts)
    finally:
        mtmd.mtmd_input_chunks_free(chunks)
        mtmd.mtmd_bitmap_free(bitmap)


def whole_picture(parts: Sequence[Part]) -> list[Part]:
    """Return the parts without the tiles that a picture was cut into besides.

    What cuts pictures up shows the whole one last, behind the same marks: the last of
    the words before it, from where they begin as those after it do.
    """
    places = [index for index, part in enumerate(parts) if part.words is None]
    if len(places) < 2:  # noqa: PLR2004 - nothing was cut up
        return list(parts)
    last = places[-1]
    before, after = parts[last - 1].words, list(parts[last + 1 :])
    if before is None or not after or after[0].words is None:
        return list(parts)
    begin = after[0].words[0]
    if begin not in before:
        return list(parts)
    start = len(before) - 1 - before[::-1].index(begin)
    words = before[start:]
    return [Part(None, len(words), words), parts[last], *after]


def _part(chunk: Any) -> Part:
    tokens = mtmd.mtmd_input_chunk_get_n_tokens(chunk)
    if mtmd.mtmd_input_chunk_get_type(chunk) != mtmd.MTMD_INPUT_CHUNK_TYPE_TEXT:
        return Part(chunk, tokens)
    count = ctypes.c_size_t()
    found = mtmd.mtmd_input_chunk_get_tokens_text(chunk, ctypes.byref(count))
    words = tuple(llama_cpp.llama_token(found[i]).value for i in range(count.value))
    return Part(chunk, tokens, words)
