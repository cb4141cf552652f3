"""What the runtime answers, as typed records."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from .client_errors import NotEdgeCaptionsError

type Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Runner:
    """A model's process."""

    model_id: str
    state: str
    rss_bytes: int


@dataclass(frozen=True, slots=True)
class Info:
    """What a runtime is; with a token also what runs on it."""

    runtime_id: str
    version: str
    api_version: int
    min_api_version: int
    authorized: bool
    scope: str
    selection: Json = field(default_factory=dict)
    hardware: Json = field(default_factory=dict)
    runners: tuple[Runner, ...] = ()

    @classmethod
    def from_json(cls, data: Json) -> Self:
        """Return the record; raise NotEdgeCaptionsError if it is something else's."""
        try:
            if data["name"] != "edge-captions":
                raise NotEdgeCaptionsError(f"this is {data['name']}")
            return cls(
                runtime_id=str(data["id"]),
                version=str(data["version"]),
                api_version=int(data["api_version"]),
                min_api_version=int(data["min_api_version"]),
                authorized=bool(data["authorized"]),
                scope=str(data.get("scope", "")),
                selection=data.get("selection") or {},
                hardware=data.get("hardware") or {},
                runners=tuple(
                    Runner(str(r["model_id"]), str(r["state"]), int(r["rss_bytes"]))
                    for r in data.get("runners") or ()
                ),
            )
        except (KeyError, TypeError, ValueError) as err:
            raise NotEdgeCaptionsError(f"no answer of Edge Captions: {err!r}") from err

    @property
    def captioner(self) -> str | None:
        """Return the id of the captioner that answers, where there is one."""
        for task in self.selection.get("tasks") or ():
            if task.get("task") == "image-to-text" and task.get("running"):
                return str(task["running"]["model"])
        return None


@dataclass(frozen=True, slots=True)
class Stats:
    """What the runtime did so far and has to do."""

    uptime_s: float
    rss_bytes: int
    waiting: int
    """Captions and other work that wait for a model."""
    captions_answered: int
    seconds_captioning: float

    @classmethod
    def from_json(cls, data: Json) -> Self:
        """Return the record; a number that is not there counts as none."""
        counters = data.get("counters") or {}
        model = (data.get("jobs") or {}).get("model") or {}
        return cls(
            uptime_s=float(data.get("uptime_s") or 0),
            rss_bytes=int(data.get("rss_bytes") or 0),
            waiting=int(model.get("waiting") or 0),
            captions_answered=int(counters.get("captions_answered") or 0),
            seconds_captioning=float(counters.get("seconds_captioning") or 0),
        )


@dataclass(frozen=True, slots=True)
class Caption:
    """A photo's description, and how sure the check against the photo is of it."""

    id: str
    text: str
    language: str
    model: str | None
    verdict: str
    """sure | unsure | none | unchecked"""
    doubted: tuple[str, ...]
    score: float | None
    origin: str
    """model | stored | person | near_duplicate"""
    phase: str
    """fast: a better text follows under the same id; final"""
    photo_id: str | None
    seconds: float
    notes: tuple[str, ...] = ()

    @classmethod
    def from_json(cls, data: Json) -> Self:
        """Return the record."""
        return cls(
            id=str(data["id"]),
            text=str(data["caption"]),
            language=str(data["language"]),
            model=data.get("model"),
            verdict=str(data["verdict"]),
            doubted=tuple(data.get("doubted") or ()),
            score=data.get("image_text_score"),
            origin=str(data.get("origin", "model")),
            phase=str(data.get("phase", "final")),
            photo_id=data.get("photo_id"),
            seconds=float(data.get("seconds") or 0),
            notes=tuple(data.get("notes") or ()),
        )

    @property
    def is_sure(self) -> bool:
        """Return whether the check found everything that the text names."""
        return self.verdict == "sure"

    @property
    def is_nothing_new(self) -> bool:
        """Return whether an earlier frame showed the same."""
        return self.origin == "near_duplicate"


@dataclass(frozen=True, slots=True)
class PairingRequest:
    """A request for a token that a person approves by its code."""

    id: str
    code: str
    secret: str

    @classmethod
    def from_json(cls, data: Json) -> Self:
        """Return the record."""
        return cls(str(data["id"]), str(data["code"]), str(data["secret"]))


@dataclass(frozen=True, slots=True)
class Model:
    """A model that the runtime knows."""

    id: str
    title: str
    task: str
    family: str
    state: str
    runner: str
    """State of its process: stopped | starting | ready | stopping | failed"""
    fit: str
    cure: str
    """What the person does to get it, where the runtime says so."""

    @classmethod
    def from_json(cls, data: Json) -> Self:
        """Return the record."""
        reasons = data.get("reasons") or ()
        return cls(
            id=str(data["id"]),
            title=str(data["title"]),
            task=str(data["task"]),
            family=str(data["family"]),
            state=str(data["state"]),
            runner=str(data.get("runner", "stopped")),
            fit=str(data["fit"]),
            cure=str(reasons[0]["cure"]) if reasons else "",
        )


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo of the runtime's library, as a list shows it."""

    id: str
    words: str | None
    """Its caption, else what is suggested."""
    taken_at: str | None
    found_in: str | None
    """Where a search found its words: caption, tags, place and so on."""
    found: str | None

    @classmethod
    def from_json(cls, data: Json) -> Self:
        """Return the record."""
        match = data.get("match") or {}
        return cls(
            id=str(data["id"]),
            words=data.get("words"),
            taken_at=data.get("taken_at"),
            found_in=match.get("field"),
            found=match.get("text"),
        )


@dataclass(frozen=True, slots=True)
class Shelf:
    """An album, a tag, a place, a month or a camera, and how many photos it holds."""

    key: str
    """What the list of photos is asked by."""
    title: str
    photos: int | None = None
