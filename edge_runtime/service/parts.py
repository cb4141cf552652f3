"""The parts that the service's own parts share, built in one place."""

from dataclasses import dataclass

from ..config import Settings
from ..jobs import JobQueue
from ..runtime import EdgeRuntime
from ..store import Store
from .counters import Counters
from .events import EventHub
from .keeping import Keeper
from .naming import PlaceNames
from .pacing import Pacer
from .photo_files import PhotoFiles
from .runners import RunnerPool
from .selector import Selector
from .work_folder import WorkFolder


@dataclass(slots=True)
class Parts:
    """Everything that describing photos and minding models takes."""

    settings: Settings
    """Replaced as a whole when a person changes some while the service runs."""
    runtime: EdgeRuntime
    store: Store
    events: EventHub
    jobs: JobQueue
    counters: Counters
    selector: Selector
    pool: RunnerPool
    files: PhotoFiles
    keeper: Keeper
    places: PlaceNames
    pacer: Pacer
    work: WorkFolder
