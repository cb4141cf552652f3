"""How much room on the disk a model takes while it comes: the one formula of it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final

from ..const import MIB
from .model import FileSource, ModelFile, SourceKind

DISK_RESERVE_BYTES: Final = 64 * MIB


def room_needed(files: Iterable[ModelFile], have: Mapping[str, int]) -> int:
    """Return the bytes that missing files take at most while they come.

    `have` says by path what is there of them already, parts and archives included.
    A file of unknown size counts as nothing; those of the package take no room.
    """
    coming = [file for file in files if not file.is_bundled]
    stays = sum(max(0, _size(file) - have.get(file.path, 0)) for file in coming)
    return stays + max(_archives(coming), default=0)


def free_bytes_wanted(needed: int) -> int:
    """Return what has to be free on the disk: a tenth and a reserve stay over."""
    return needed + needed // 10 + DISK_RESERVE_BYTES if needed else 0


def _archives(files: Iterable[ModelFile]) -> Iterable[int]:
    """Return the sizes of archives, of which one at a time is there.

    One that holds several files is there until the last of them has come.
    """
    shared: defaultdict[str, int] = defaultdict(int)
    for file in files:
        archives = [item.location for item in file.sources if _holds_more(item)]
        shared[archives[0] if archives else file.path] += archive_bytes(file)
    return shared.values()


def _holds_more(source: FileSource) -> bool:
    """Return whether a source is an archive that may hold other files too."""
    kinds = {SourceKind.PYPI, SourceKind.URL}
    return source.kind in kinds and source.member is not None


def archive_bytes(file: ModelFile) -> int:
    """Return the size of the archive that lies beside a file until that is whole.

    Of a file that comes in parts, one package at a time is there.
    """
    parts = [
        max(1, len(source.parts))
        for source in file.sources
        if source.kind in {SourceKind.PYPI, SourceKind.URL}
        and (source.member or source.parts)
    ]
    return -(-_size(file) // min(parts)) if parts else 0


def _size(file: ModelFile) -> int:
    return file.bytes or 0
