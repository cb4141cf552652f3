"""What the imaging worker is asked about files that a folder holds, and its answer."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ..errors import ProtocolError


@dataclass(frozen=True, slots=True)
class IndexJob:
    """Files to recognise and read the metadata of; nothing is decoded."""

    paths: tuple[str, ...]

    def to_header(self) -> dict[str, Any]:
        """Return the frame header of the job."""
        return {"op": "index", "paths": list(self.paths)}

    @classmethod
    def from_header(cls, header: Mapping[str, Any]) -> "IndexJob":
        """Return the job that a frame header holds."""
        return cls(tuple(str(path) for path in header["paths"]))


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What one file is: a photo with its facts, or the error that it is none."""

    picture_hash: str = ""
    width: int = 0
    height: int = 0
    """Of the picture, seen upright."""
    taken_at: int | None = None
    camera: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    captions: tuple[tuple[str, str, bool], ...] = ()
    """Language tag (`x-default`: none is said), text, and whether we wrote it."""
    keywords: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    code: str = ""
    message: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "FileFacts":
        """Return the record that `to_dict` wrote."""
        captions = tuple((str(a), str(b), bool(c)) for a, b, c in data["captions"])
        return cls(
            **{
                **data,
                "captions": captions,
                "keywords": tuple(data["keywords"]),
                "people": tuple(data["people"]),
            }
        )


@dataclass(frozen=True, slots=True)
class IndexAnswer:
    """The facts of the first files of a job; a long answer leaves the rest out."""

    files: tuple[FileFacts, ...]

    def to_header(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {"files": [file.to_dict() for file in self.files]}

    @classmethod
    def from_header(cls, header: Mapping[str, Any]) -> "IndexAnswer":
        """Return the answer that a frame header holds."""
        try:
            return cls(tuple(FileFacts.from_dict(one) for one in header["files"]))
        except (KeyError, TypeError, ValueError) as err:
            raise ProtocolError(
                f"the worker's answer is incomplete ({type(err).__name__}: {err})"
            ) from None
