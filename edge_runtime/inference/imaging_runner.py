"""The parent's side of the imaging worker: a ModelRunner without a model."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Final, Self

from ..errors import ProtocolError
from .child import WorkerLaunch
from .imaging_messages import Inspection, InspectJob
from .index_messages import FileFacts, IndexAnswer, IndexJob
from .messages import LoadRequest
from .runner import ModelRunner

IMAGING: Final = "imaging"
"""What the runner is called among the models' runners."""
IMAGING_KEEP_ALIVE_S: Final = 20.0
_TIMEOUT_S: Final = 120.0
_MODULE: Final = "edge_runtime.inference.imaging_worker"
_NO_THUMBNAILS: Final[Mapping[int, Path]] = MappingProxyType({})


class ImagingRunner(ModelRunner):
    """Decodes and describes photos in a child that goes soon after the last one."""

    @classmethod
    def create(
        cls, command: tuple[str, ...], memory_limit_bytes: int | None = None
    ) -> Self:
        """Return a runner; `command` is what starts a worker, as in the settings."""
        return cls(
            model=LoadRequest(IMAGING, family="", library="", files={}, threads=1),
            launch=WorkerLaunch(command, module=_MODULE),
            keep_alive_s=IMAGING_KEEP_ALIVE_S,
            timeout_s=_TIMEOUT_S,
            memory_limit_bytes=memory_limit_bytes,
        )

    async def inspect(
        self,
        path: Path,
        thumbnails: Mapping[int, Path] = _NO_THUMBNAILS,
        memory_budget: int | None = None,
    ) -> Inspection:
        """Return how a photo looks; raise the PhotoError that says why it can't be."""
        paths = {size: str(place) for size, place in thumbnails.items()}
        job = InspectJob(str(path), paths, memory_budget)
        return Inspection.from_header(await self._ask(job.to_header(), b""))

    async def index(self, paths: Sequence[Path]) -> list[FileFacts]:
        """Return what files are, in their order; what is no photo says why."""
        names = [str(path) for path in paths]
        found: list[FileFacts] = []
        while len(found) < len(names):
            job = IndexJob(tuple(names[len(found) :]))
            answer = IndexAnswer.from_header(await self._ask(job.to_header(), b""))
            if not answer.files:
                raise ProtocolError("the worker answered for no file at all")
            found += answer.files
        return found
