"""What the runtime answers, as typed records."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self

from .client_errors import NotEdgeCaptionsError

type Json = Mapping[str, Any]

CAPTIONING: Final = "image-to-text"
_INSTALLED: Final = frozenset({"installed", "bundled"})


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
        return _model_of(self._captioning.get("running"))

    @property
    def recommended(self) -> str | None:
        """Return the captioner that would be better there, after a download."""
        return _model_of(self._captioning.get("recommended"))

    @property
    def pinned(self) -> str | None:
        """Return the captioner that a person chose; None leaves it to the runtime."""
        pinned = self._captioning.get("pinned")
        return None if pinned is None else str(pinned)

    @property
    def lacks_memory(self) -> bool:
        """Return whether no captioner runs because of the memory that is left."""
        if self.captioner is not None:
            return False
        rejected = self._captioning.get("rejected") or ()
        return any(
            "memory" in str(reason.get("code"))
            for one in rejected
            for reason in one.get("reasons") or ()
        )

    @property
    def _captioning(self) -> Json:
        for task in self.selection.get("tasks") or ():
            if task.get("task") == CAPTIONING:
                return dict(task)
        return {}


@dataclass(frozen=True, slots=True)
class Stats:
    """What the runtime did so far and has to do."""

    uptime_s: float
    rss_bytes: int
    waiting: int
    """Captions and other work that wait for a model."""
    captions_answered: int
    seconds_captioning: float
    photos: int
    pending: int
    """Suggestions that wait for a person."""
    language: str

    @classmethod
    def from_json(cls, data: Json) -> Self:
        """Return the record; a number that is not there counts as none."""
        counters, stored = data.get("counters") or {}, data.get("stored") or {}
        model = (data.get("jobs") or {}).get("model") or {}
        return cls(
            uptime_s=float(data.get("uptime_s") or 0),
            rss_bytes=int(data.get("rss_bytes") or 0),
            waiting=int(model.get("waiting") or 0),
            captions_answered=int(counters.get("captions_answered") or 0),
            seconds_captioning=float(counters.get("seconds_captioning") or 0),
            photos=int(stored.get("photos") or 0),
            pending=int(stored.get("photos_pending") or 0),
            language=str((data.get("settings") or {}).get("language") or ""),
        )

    @property
    def seconds_per_caption(self) -> float | None:
        """Return how long a caption took on average, once there is one."""
        if not self.captions_answered:
            return None
        return round(self.seconds_captioning / self.captions_answered, 2)


@dataclass(frozen=True, slots=True)
class YesNo:
    """An answer to a yes-or-no question; None with the reason why there is none."""

    value: bool | None
    reason: str | None = None


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
    looked_for: Mapping[str, YesNo] = field(default_factory=dict)
    """Whether things are in the picture; empty: it can't tell."""

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
            looked_for={
                str(one["thing"]): YesNo(one["present"], one["reason"] or None)
                for one in data.get("looked_for") or ()
            },
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
    languages: tuple[str, ...] = ()
    needs_license: bool = False
    answers: bool = False
    """It answers questions about pictures."""
    download_bytes: int | None = None

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
            languages=tuple(map(str, data.get("languages") or ())),
            needs_license=bool(data.get("license_pending")),
            answers=bool(data.get("answers_questions")),
            download_bytes=data.get("download_bytes"),
        )

    @property
    def fits(self) -> bool:
        """Return whether it would run on the runtime's machine."""
        return self.fit != "does_not_fit"

    @property
    def label(self) -> str:
        """Return its title, with what is to be downloaded for it."""
        size = self.download_bytes
        return f"{self.title} ({size / 1e6:.0f} MB)" if size else self.title

    @property
    def can_answer(self) -> bool:
        """Return whether it answers questions now."""
        return self.answers and self.is_installed and self.fits and not self.cure

    @property
    def is_installed(self) -> bool:
        """Return whether it is on the runtime's machine."""
        return self.state in _INSTALLED


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo of the runtime's library, as a list shows it."""

    id: str
    words: str | None
    """Its caption, else what is suggested."""
    taken_at: str | None
    added_at: str | None
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
            added_at=data.get("added_at"),
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


@dataclass(frozen=True, slots=True)
class Source:
    """Where photos come from: a watched folder or a camera."""

    id: str
    kind: str
    name: str
    path: str
    photos: int
    undescribed: int
    pending: int
    is_online: bool
    problem: str

    @classmethod
    def from_json(cls, data: Json) -> Self:
        """Return the record."""
        counts, status = data.get("counts") or {}, data.get("status") or {}
        return cls(
            id=str(data["id"]),
            kind=str(data["kind"]),
            name=str(data["name"]),
            path=str(data.get("path") or ""),
            photos=int(counts.get("photos") or 0),
            undescribed=int(counts.get("undescribed") or 0),
            pending=int(counts.get("pending") or 0),
            is_online=status.get("online") is not False,
            problem=str(status.get("problem") or ""),
        )

    @property
    def is_folder(self) -> bool:
        """Return whether it is a watched folder."""
        return self.kind == "library"


def _model_of(choice: Any) -> str | None:
    return str(choice["model"]) if choice else None
