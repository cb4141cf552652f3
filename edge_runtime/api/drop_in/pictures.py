"""The photo of a request: base64, a data URL, or an address on the internet."""

import asyncio
import base64
import binascii
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
import re
from typing import Final

from ...config import Settings
from ...const import MIB
from ...errors import PhotoDamagedError
from ..uploads import MAX_MIB_IN_JSON, Upload, save_upload
from .errors import ImageMissingError, ImageUrlRefusedError, TooManyImagesError

_DATA: Final = re.compile(r"data:[^,]{0,200},", re.IGNORECASE)
_ADDRESS: Final = re.compile(r"[a-z][a-z0-9+.-]{1,20}:", re.IGNORECASE)


@asynccontextmanager
async def one_picture(
    images: Sequence[str], settings: Settings
) -> AsyncIterator[Upload]:
    """Give the one photo of a request, in a file that is removed at the end."""
    if not images:
        raise ImageMissingError(
            "the request holds no image, and the models here only describe one"
        )
    if len(images) > 1:
        raise TooManyImagesError(
            f"{len(images)} images in one request: send one, captioners see one photo"
        )
    upload = await _received(images[0], settings)
    try:
        yield upload
    finally:
        upload.drop()


async def _received(text: str, settings: Settings) -> Upload:
    text = text.strip()
    if found := _DATA.match(text):
        if not found[0].lower().endswith(";base64,"):
            raise ImageUrlRefusedError("send a data: URL in base64 (data:…;base64,…)")
        return await _decoded(text[found.end() :], settings)
    if _ADDRESS.match(text[:30]):
        # idle services never need a client
        from .remote import PublicResolver, fetch  # noqa: PLC0415

        return await fetch(text, settings, PublicResolver())
    return await _decoded(text, settings)


async def _decoded(text: str, settings: Settings) -> Upload:
    limit = min(settings.max_upload_mib, MAX_MIB_IN_JSON) * MIB
    data = await asyncio.to_thread(_bytes, text)
    chunks = iter([data, b""])

    async def read() -> bytes:
        return next(chunks)

    return await save_upload(settings.home, limit, read)


def _bytes(text: str) -> bytes:
    plain = "".join(text.split()).replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise PhotoDamagedError("the image is no base64") from None
