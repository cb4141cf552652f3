"""What runtime and imaging worker say to each other, as records."""

from dataclasses import asdict, dataclass, field
from typing import Any

from ..errors import ProtocolError


@dataclass(frozen=True, slots=True)
class InspectJob:
    """One photo to decode, describe and make thumbnails of."""

    path: str
    thumbnails: dict[int, str] = field(default_factory=dict)
    """Longest side in pixels -> where the WebP is written, as a whole or not at all."""
    memory_budget: int | None = None
    """Bytes that decoding may take; None: no limit known."""

    def to_header(self) -> dict[str, Any]:
        """Return the frame header of the job."""
        return {"op": "inspect", **asdict(self)}

    @classmethod
    def from_header(cls, header: dict[str, Any]) -> "InspectJob":
        """Return the job that a frame header holds."""
        sizes = {int(size): str(path) for size, path in header["thumbnails"].items()}
        return cls(str(header["path"]), sizes, header.get("memory_budget"))


@dataclass(frozen=True, slots=True)
class Inspection:
    """A photo that could be decoded, and how it looks."""

    format: str
    width: int
    height: int
    """Of the original, seen upright."""
    perceptual_hash: int
    """64 bits, unsigned."""
    brightness: bytes
    """The grid of `imaging.fingerprint`, for a finer comparison than the hash."""
    thumbnail_bytes: int
    """What the thumbnails take on the disk."""
    taken_at: int | None = None
    camera: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    notes: tuple[str, ...] = ()

    def to_header(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {**asdict(self), "brightness": self.brightness.hex()}

    @classmethod
    def from_header(cls, header: dict[str, Any]) -> "Inspection":
        """Return the answer that a frame header holds."""
        try:
            brightness = bytes.fromhex(header["brightness"])
            notes = tuple(header["notes"])
            return cls(**{**header, "brightness": brightness, "notes": notes})
        except (KeyError, TypeError, ValueError) as err:
            raise ProtocolError(
                f"the worker's answer is incomplete ({type(err).__name__}: {err})"
            ) from None
