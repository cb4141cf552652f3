"""Photos that come with a request: written to a file as they arrive, and counted."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
import os
from pathlib import Path
import re
import secrets
from typing import BinaryIO, Final, TypeVar

from aiohttp import BodyPartReader, MultipartReader, web
from aiohttp.http_exceptions import HttpProcessingError

from ..const import MIB
from ..files import FileWriteError
from .errors import BodyTimeoutError, BodyTooLargeError, MediaTypeError, RequestError

CHUNK: Final = 256 * 1024
STALL_S: Final = 20.0
"""Longest wait for the next bytes of a body."""
TOTAL_S: Final = 300.0
"""Longest time that one body may take."""
MAX_PARTS: Final = 32
MAX_TEXT_PART: Final = 64 * 1024
MAX_MIB_IN_JSON: Final = 32
"""Largest photo inside of JSON: unlike an upload it is in memory, more than once."""
FOLDER: Final = "uploads"
_NO_FORM: Final = (
    HttpProcessingError,
    ValueError,
    AssertionError,
    LookupError,
    RuntimeError,
    TypeError,
)
"""What aiohttp raises for a form that is none."""
_RAW_TYPE: Final = re.compile(r"image/[\w.+-]+|application/octet-stream")

_Read = Callable[[], Awaitable[bytes]]
ResultT = TypeVar("ResultT")


@dataclass(slots=True)
class Upload:
    """A photo that was received whole."""

    path: Path
    name: str | None
    """The file's name on the sender's side, without folders."""
    size: int
    _taken: bool = False

    def take(self) -> Path:
        """Return the file for keeps: the caller removes it when it is done."""
        self._taken = True
        return self.path

    def drop(self) -> None:
        """Remove the file unless somebody took it."""
        if not self._taken:
            self.path.unlink(missing_ok=True)


@dataclass(slots=True)
class Received:
    """What a body held."""

    texts: dict[str, str] = field(default_factory=dict)
    upload: Upload | None = None


@asynccontextmanager
async def received(
    request: web.Request, home: Path, max_bytes: int
) -> AsyncIterator[Received]:
    """Receive a form or a raw picture; what nobody takes is removed at the end."""
    receiver = _Receiver(home / FOLDER, max_bytes)
    result = Received()
    if (request.content_length or 0) > max_bytes + MAX_PARTS * MAX_TEXT_PART:
        raise _too_large(max_bytes)
    try:
        async with _deadline():
            if request.content_type == "multipart/form-data":
                await receiver.read_form(request, result)
            elif _RAW_TYPE.fullmatch(request.content_type):
                result.upload = await receiver.save(request.content.readany, None)
            else:
                raise MediaTypeError(
                    f"a body of type {request.content_type} is not read here: send "
                    "multipart/form-data, image/* or application/json"
                )
        yield result
    finally:
        if result.upload is not None:
            result.upload.drop()


async def read_large(request: web.Request, max_upload_mib: int) -> bytes:
    """Return a JSON body that may hold a photo in base64."""
    max_bytes = min(max_upload_mib, MAX_MIB_IN_JSON) * MIB
    most = max_bytes * 4 // 3 + MAX_PARTS * MAX_TEXT_PART
    if (request.content_length or 0) > most:
        raise _too_large(max_bytes)
    data = bytearray()
    async with _deadline():
        while chunk := await _in_time(request.content.readany()):
            data += chunk
            if len(data) > most:
                raise _too_large(max_bytes)
    return bytes(data)


async def save_upload(
    home: Path, max_bytes: int, read: _Read, name: str | None = None
) -> Upload:
    """Write a photo that comes in chunks to a file of its own; the caller drops it."""
    return await _Receiver(home / FOLDER, max_bytes).save(read, name)


def clear_uploads(home: Path) -> None:
    """Remove what an earlier run of the service left behind when it was killed."""
    for path in (home / FOLDER).glob("*.upload"):
        with suppress(OSError):
            path.unlink()


class _Receiver:
    def __init__(self, folder: Path, max_bytes: int) -> None:
        self._folder = folder
        self._max_bytes = max_bytes

    async def read_form(self, request: web.Request, result: Received) -> None:
        try:
            reader = await request.multipart()
            for _ in range(MAX_PARTS):
                part = await _in_time(reader.next())
                if part is None:
                    return
                await self._read_part(part, result)
        except _NO_FORM as err:
            raise RequestError(f"the form can't be read: {err}") from None
        raise RequestError(f"the form has more than {MAX_PARTS} parts")

    async def _read_part(
        self, part: MultipartReader | BodyPartReader, result: Received
    ) -> None:
        if isinstance(part, MultipartReader):
            raise RequestError("the form holds a form: send one level only")
        if part.filename is None and not _is_picture(part):
            text = await self._read_text(part)
            result.texts[part.name or ""] = text
        elif result.upload is not None:
            raise RequestError("the form holds two files: send one photo per request")
        else:
            result.upload = await self.save(
                lambda: part.read_chunk(CHUNK), part.filename
            )

    async def _read_text(self, part: BodyPartReader) -> str:
        data = bytearray()
        while chunk := await _in_time(part.read_chunk(CHUNK)):
            data += chunk
            if len(data) > MAX_TEXT_PART:
                raise BodyTooLargeError(
                    f"form {part.name}: more than {MAX_TEXT_PART} bytes of text"
                )
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError:
            raise RequestError(f"form {part.name}: is no UTF-8 text") from None

    async def save(self, read: _Read, filename: str | None) -> Upload:
        """Write chunks to a file until there are no more."""
        path = self._folder / f"{secrets.token_hex(16)}.upload"
        file = await asyncio.to_thread(_create, path)
        try:
            size = await self._copy(read, file)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        finally:
            file.close()
        return Upload(path, _base_name(filename), size)

    async def _copy(self, read: _Read, file: BinaryIO) -> int:
        size = 0
        while chunk := await _in_time(read()):
            size += len(chunk)
            if size > self._max_bytes:
                raise _too_large(self._max_bytes)
            await asyncio.to_thread(_write, file, chunk)
        return size


def _too_large(max_bytes: int) -> BodyTooLargeError:
    return BodyTooLargeError(
        f"the photo is larger than {max_bytes // MIB} MiB, the most that is taken "
        f"here (max_upload_mib; {MAX_MIB_IN_JSON} inside of JSON)"
    )


def _create(path: Path) -> BinaryIO:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return os.fdopen(
            os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb"
        )
    except OSError as err:
        raise FileWriteError(f"{path}: can't be written: {err.strerror}") from None


def _write(file: BinaryIO, chunk: bytes) -> None:
    try:
        file.write(chunk)
    except OSError as err:
        raise FileWriteError(f"the upload can't be written: {err.strerror}") from None


def _is_picture(part: BodyPartReader) -> bool:
    kind = part.headers.get("Content-Type", "text/plain").partition(";")[0].strip()
    return _RAW_TYPE.fullmatch(kind) is not None


def _base_name(filename: str | None) -> str | None:
    if filename is None:
        return None
    name = filename.replace("\\", "/").rpartition("/")[2]
    return "".join(c for c in name if c.isprintable())[:255] or None


@asynccontextmanager
async def _deadline() -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(TOTAL_S):
            yield
    except TimeoutError:
        raise BodyTimeoutError(f"the body took more than {TOTAL_S:g} s") from None


async def _in_time(read: Awaitable[ResultT]) -> ResultT:
    try:
        async with asyncio.timeout(STALL_S):
            return await read
    except TimeoutError:
        raise BodyTimeoutError(f"no bytes came for {STALL_S:g} s") from None
