"""What runtime and worker say to each other, as records."""

from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from ..errors import ProtocolError, error_from_code
from ..schemas import ImageLabel, VisualCaption


@dataclass(frozen=True, slots=True)
class SharedScorer:
    """A scorer that is loaded beside the captioner whose encoder it shares."""

    model_id: str
    family: str
    library: str
    files: dict[str, str]
    """Role -> absolute path."""
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LoadRequest:
    """Everything a worker needs to load one model; no manifest needed in the child."""

    model_id: str
    family: str
    library: str
    files: dict[str, str]
    """Role -> absolute path."""
    threads: int
    preprocess: dict[str, Any] = field(default_factory=dict)
    generate: dict[str, Any] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    scorer: SharedScorer | None = None

    def computed_on(self, options: dict[str, str] | None) -> "LoadRequest":
        """Return the request with session options that name a provider."""
        if options is None:
            return self
        scorer = self.scorer
        if scorer is not None:
            scorer = replace(scorer, options={**scorer.options, **options})
        return replace(self, options={**self.options, **options}, scorer=scorer)

    def to_header(self) -> dict[str, Any]:
        """Return the frame header of the request."""
        return {"op": "load", **asdict(self)}

    @classmethod
    def from_header(cls, header: dict[str, Any]) -> "LoadRequest":
        """Return the request that a frame header holds."""
        values = _fields_of(cls, header)
        if (scorer := values.get("scorer")) is not None:
            values["scorer"] = SharedScorer(**_fields_of(SharedScorer, scorer))
        return cls(**values)


@dataclass(frozen=True, slots=True)
class CaptionJob:
    """One photo for the worker: a path, or the bytes that travel as payload."""

    path: str | None = None
    memory_budget: int | None = None
    """Bytes that decoding may take; None: no limit known."""
    generate: dict[str, Any] = field(default_factory=dict)
    """Settings of the decode loop that differ from the model's own."""

    def to_header(self) -> dict[str, Any]:
        """Return the frame header of the job."""
        return {"op": "caption", **asdict(self)}

    @classmethod
    def from_header(cls, header: dict[str, Any]) -> "CaptionJob":
        """Return the job that a frame header holds."""
        return cls(**_fields_of(cls, header))


@dataclass(frozen=True, slots=True)
class CaptionAnswer:
    """What the worker found, and what it took."""

    captions: tuple[VisualCaption, ...]
    """Best first; the others are the next beams."""
    seconds: dict[str, float]
    """Wall seconds by stage: `decode`, `preprocess`, `encode`, `generate`."""
    width: int
    height: int
    notes: tuple[str, ...]
    peak_rss_bytes: int
    photo: int | None = None
    """The number under which the worker keeps what a scorer needs of this photo."""

    def to_header(self) -> dict[str, Any]:
        """Return the JSON form."""
        return asdict(self)

    @classmethod
    def from_header(cls, header: dict[str, Any]) -> "CaptionAnswer":
        """Return the answer that a frame header holds."""
        try:
            captions = tuple(
                VisualCaption(c["text"], tuple(c["token_logprobs"]), c["score"])
                for c in header["captions"]
            )
            return cls(
                captions=captions,
                seconds=dict(header["seconds"]),
                width=int(header["width"]),
                height=int(header["height"]),
                notes=tuple(header["notes"]),
                peak_rss_bytes=int(header["peak_rss_bytes"]),
                photo=header.get("photo"),
            )
        except (KeyError, TypeError, ValueError) as err:
            raise _incomplete(err) from None


@dataclass(frozen=True, slots=True)
class ScoreJob:
    """Texts to hold against a photo: one just seen, or a path, or a payload."""

    captions: tuple[str, ...] = ()
    """Whole texts: is it true of the photo?"""
    phrases: tuple[str, ...] = ()
    """Noun phrases without article: is the thing in the photo?"""
    nouns: tuple[str, ...] = ()
    """Nouns that the image labels are asked about."""
    photo: int | None = None
    """The number of a photo captioned or scored before; one that the worker no longer
    knows is decoded again from the path or the payload."""
    path: str | None = None
    memory_budget: int | None = None

    def to_header(self) -> dict[str, Any]:
        """Return the frame header of the job."""
        return {"op": "score", **asdict(self)}

    @classmethod
    def from_header(cls, header: dict[str, Any]) -> "ScoreJob":
        """Return the job that a frame header holds."""
        values = _fields_of(cls, header)
        for name in ("captions", "phrases", "nouns"):
            values[name] = tuple(values.get(name, ()))
        return cls(**values)


@dataclass(frozen=True, slots=True)
class ScoreAnswer:
    """What the photo supports, in the order of the job."""

    captions: tuple[float, ...]
    """How true each text is, on the scorer's own scale; higher is truer."""
    phrases: tuple[float, ...]
    """Probability that each phrase's thing is in the photo."""
    unknown: tuple[str, ...]
    """The phrases that hold a word which the scorer never learned."""
    labels: tuple[ImageLabel, ...]
    """The likeliest image labels, best first; empty if the scorer has none."""
    nouns: dict[str, float]
    """Probability of all labels of a noun, for the nouns that labels know of."""
    photo: int
    peak_rss_bytes: int

    def to_header(self) -> dict[str, Any]:
        """Return the JSON form."""
        return asdict(self)

    @classmethod
    def from_header(cls, header: dict[str, Any]) -> "ScoreAnswer":
        """Return the answer that a frame header holds."""
        try:
            return cls(
                captions=tuple(map(float, header["captions"])),
                phrases=tuple(map(float, header["phrases"])),
                unknown=tuple(header["unknown"]),
                labels=tuple(
                    ImageLabel(str(label["name"]), float(label["probability"]))
                    for label in header["labels"]
                ),
                nouns={str(k): float(v) for k, v in header["nouns"].items()},
                photo=int(header["photo"]),
                peak_rss_bytes=int(header["peak_rss_bytes"]),
            )
        except (AttributeError, KeyError, TypeError, ValueError) as err:
            raise _incomplete(err) from None


def result_of(answer: dict[str, Any]) -> dict[str, Any]:
    """Return what a worker's answer holds, or raise the error that it holds."""
    if isinstance(error := answer.get("error"), dict):
        raise error_from_code(str(error.get("code")), str(error.get("message")))
    if not isinstance(result := answer.get("result"), dict):
        raise ProtocolError("the worker's answer holds neither result nor error")
    return result


def _incomplete(err: Exception) -> ProtocolError:
    return ProtocolError(
        f"the worker's answer is incomplete ({type(err).__name__}: {err})"
    )


def _fields_of(kind: type[Any], header: dict[str, Any]) -> dict[str, Any]:
    names = (entry.name for entry in fields(kind))
    return {name: header[name] for name in names if name in header}
