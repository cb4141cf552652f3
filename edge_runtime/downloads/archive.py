"""One member of an archive, streamed out: nothing else of it is ever written."""

from collections.abc import Callable, Iterator
import contextlib
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
import tarfile
from typing import IO
import zipfile
import zlib

from ..errors import DownloadError, SizeMismatchError, SourceNotFoundError
from .files import CHUNK_BYTES, disk_error


def append_member(
    archive: Path,
    member: str,
    target: Path,
    limit: int | None,
    stopped: Callable[[], bool] = lambda: False,
) -> int:
    """Append a member's bytes to a file and return how many there were.

    `member` may hold `*` and must fit one member. More bytes than `limit`, or than
    the archive itself names, raise SizeMismatchError.
    """
    try:
        with _open_member(archive, member) as (stream, declared):
            allowed = declared if limit is None else limit
            return _copy(stream, target, allowed, stopped)
    except (zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError) as err:
        raise DownloadError(f"{archive.name} is damaged ({err})") from err
    except (RuntimeError, NotImplementedError) as err:
        raise DownloadError(f"{archive.name} can't be unpacked ({err})") from err


@contextlib.contextmanager
def _open_member(archive: Path, member: str) -> Iterator[tuple[IO[bytes], int]]:
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as bundle:
            entries = {i.filename: i for i in bundle.infolist() if not i.is_dir()}
            name = choose_member(list(entries), member, archive.name)
            with bundle.open(entries[name]) as stream:
                yield stream, entries[name].file_size
        return
    try:
        bundle_tar = tarfile.open(archive, "r:*")  # noqa: SIM115 - closed below
    except tarfile.ReadError as err:
        raise DownloadError(f"{archive.name} is neither a zip nor a tar file") from err
    with bundle_tar:
        # links and devices are no files: a link could point anywhere
        files = {i.name: i for i in bundle_tar if i.isfile()}
        name = choose_member(list(files), member, archive.name)
        opened = bundle_tar.extractfile(files[name])
        if opened is None:
            raise SourceNotFoundError(f"{archive.name} holds no bytes of {name}")
        with opened:
            yield opened, files[name].size


def choose_member(names: list[str], member: str, archive: str) -> str:
    """Return the one name that fits; unsafe names never do."""
    fitting = [name for name in names if name == member] or [
        name for name in names if fnmatchcase(name, member)
    ]
    unsafe = [name for name in fitting if _is_unsafe(name)]
    if unsafe:
        raise DownloadError(f"{archive} holds the unsafe path '{unsafe[0]}'")
    if not fitting:
        raise SourceNotFoundError(f"{archive} holds no '{member}'")
    if len(fitting) > 1:
        raise DownloadError(f"{archive} holds {len(fitting)} files like '{member}'")
    return fitting[0]


def _is_unsafe(name: str) -> bool:
    path = PurePosixPath(name.replace("\\", "/"))
    return path.is_absolute() or ".." in path.parts


def _copy(
    stream: IO[bytes], target: Path, allowed: int, stopped: Callable[[], bool]
) -> int:
    written = 0
    try:
        with target.open("ab") as out:
            while (chunk := stream.read(CHUNK_BYTES)) and not stopped():
                written += len(chunk)
                if written > allowed:
                    raise SizeMismatchError(
                        f"the archive's member has more than {allowed} bytes"
                    )
                out.write(chunk)
    except OSError as err:
        raise disk_error(err, target) from err
    return written
