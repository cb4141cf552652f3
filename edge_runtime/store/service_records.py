"""Records of what surrounds the photos: jobs, events, and who may come in.

Times are Unix milliseconds in UTC, ids are ULIDs (26 characters that sort by time).
"""

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from .records import Json


class JobState(StrEnum):
    """Where a job stands; the last three are final."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        """Return whether nothing more will happen to the job."""
        return self not in {JobState.QUEUED, JobState.RUNNING}


class TokenScope(StrEnum):
    """What the holder of a token may do."""

    READ = "read"
    WRITE = "write"
    ADMIN = "admin"


class PairingState(StrEnum):
    """Where a request for a token stands."""

    OPEN = "open"
    APPROVED = "approved"
    CLAIMED = "claimed"
    """The client has fetched its token, which works once."""
    EXPIRED = "expired"


class ShareTarget(StrEnum):
    """What a share shows."""

    PHOTO = "photo"
    TAG = "tag"
    PLACE = "place"
    ALBUM = "album"


@dataclass(frozen=True, slots=True)
class NewJob:
    """Work for the queue."""

    kind: str
    resource: str
    """What it occupies: one runner loop each (model, network, imaging)."""
    priority: int = 0
    """Higher goes first."""
    group: str = ""
    """Jobs of one group run together (a model's id)."""
    params: Json = field(default_factory=dict)
    started_by: str = ""
    key: str | None = None
    """While a job with this key is queued or running, it stands for the new one."""


@dataclass(frozen=True, slots=True)
class Job:
    """Work that takes longer than a request."""

    id: str
    kind: str
    resource: str
    priority: int
    group: str
    key: str | None
    state: JobState
    progress: float
    """Done so far, in the unit of `total`."""
    total: float | None
    stage: str
    started_by: str
    params: Json
    result: Json | None
    error: Json | None
    """code and message."""
    resume: Json | None
    """Where parked work goes on."""
    queued_at: int
    started_at: int | None
    finished_at: int | None
    waits_for: str = ""
    """Why it rests now; of one that runs, and never stored."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, for clients that follow along."""

    id: int
    type: str
    data: Json
    at: int


@dataclass(frozen=True, slots=True)
class EventsSince:
    """Events after an id."""

    events: tuple[Event, ...]
    reset: bool
    """Some in between have left the ring: the client must read everything anew."""


@dataclass(frozen=True, slots=True)
class Token:
    """A client's key; the secret itself is not kept."""

    id: str
    name: str
    scope: TokenScope
    created_at: int
    last_used_at: int | None
    revoked_at: int | None


@dataclass(frozen=True, slots=True)
class Pairing:
    """A client that waits for a person's approval."""

    id: str
    code: str
    """What client and person compare, like `ABC-123`."""
    name: str
    state: PairingState
    created_at: int
    expires_at: int


@dataclass(frozen=True, slots=True)
class Share:
    """A read-only link to a photo or an album; the secret itself is not kept."""

    id: str
    name: str
    target: ShareTarget
    target_id: str
    created_at: int
    expires_at: int | None
    revoked_at: int | None
    captions: bool = True
    """Whoever has the link sees the captions, too."""


@dataclass(frozen=True, slots=True)
class StoreOpening:
    """What was found when the store was opened."""

    created: bool = False
    migrated_from: int | None = None
    """The schema version before, where it was an older one."""
    moved_aside: tuple[Path, ...] = field(default_factory=tuple)
    """A corrupt database and its companions, under their new names."""
