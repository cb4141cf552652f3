"""One member of an archive, streamed out: nothing else of it is ever written."""

from collections.abc import Callable, Iterator
import contextlib
from fnmatch import fnmatchcase
import lzma
from pathlib import Path, PurePosixPath
import tarfile
from typing import IO, Final
import zipfile
import zlib

from ..errors import DownloadError, SizeMismatchError, SourceNotFoundError
from .files import CHUNK_BYTES

_DAMAGE: Final = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    EOFError,
)


def append_member(
    archive: Path,
    member: str,
    target: Path,
    limit: int | None,
    stopped: Callable[[], bool] = lambda: False,
) -> int:
    """Append a member's bytes to a file and return how many there were.

    `member` may hold `*` and must fit one member. More bytes than `limit`, or than
    the archive itself names, raise SizeMismatchError; a target that can't be written
    raises OSError. Once `stopped`, what was copied is no whole member.
    """
    with contextlib.ExitStack() as opened:
        with _reading(archive):
            stream, declared = _open_member(archive, member, opened, stopped)
        allowed = declared if limit is None else limit
        out, written = opened.enter_context(target.open("ab")), 0
        while not stopped():
            with _reading(archive):
                chunk = stream.read(CHUNK_BYTES)
            if not chunk:
                break
            written += len(chunk)
            if written > allowed:
                raise SizeMismatchError(
                    f"the archive's member has more than {allowed} bytes"
                )
            out.write(chunk)
        return written


@contextlib.contextmanager
def _reading(archive: Path) -> Iterator[None]:
    try:
        yield
    # bz2 says OSError of damaged data
    except (*_DAMAGE, OSError) as err:
        raise DownloadError(f"{archive.name} is damaged ({err})") from err
    except (RuntimeError, NotImplementedError) as err:
        raise DownloadError(f"{archive.name} can't be unpacked ({err})") from err


def _open_member(
    archive: Path,
    member: str,
    opened: contextlib.ExitStack,
    stopped: Callable[[], bool],
) -> tuple[IO[bytes], int]:
    if zipfile.is_zipfile(archive):
        bundle = opened.enter_context(zipfile.ZipFile(archive))
        entries = {i.filename: i for i in bundle.infolist() if not i.is_dir()}
        name = choose_member(list(entries), member, archive.name)
        stream = opened.enter_context(bundle.open(entries[name]))
        return stream, entries[name].file_size
    try:
        bundle_tar = opened.enter_context(tarfile.open(archive, "r:*"))  # noqa: SIM115
    except tarfile.ReadError as err:
        raise DownloadError(f"{archive.name} is neither a zip nor a tar file") from err
    files = {info.name: info for info in _files_of(bundle_tar, stopped)}
    name = choose_member(list(files), member, archive.name)
    found = bundle_tar.extractfile(files[name])
    if found is None:
        raise SourceNotFoundError(f"{archive.name} holds no bytes of {name}")
    return opened.enter_context(found), files[name].size


def _files_of(
    bundle: tarfile.TarFile, stopped: Callable[[], bool]
) -> Iterator[tarfile.TarInfo]:
    # listing a compressed archive unpacks all of it
    for info in bundle:
        if stopped():
            return
        # links and devices are no files: a link could point anywhere
        if info.isfile():
            yield info


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
