"""Our own mark in XMP: what we wrote, so that we never take it for anybody else's."""

from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
import hashlib
from typing import Final

from .model import Provenance
from .namespaces import OURS
from .xmp import BEFORE, CREATED, EXIF_BEFORE, REPLACED, WRITTEN, XmpData

NO_LANGUAGE: Final = "-"
_HASH_DIGITS: Final = 32


@dataclass(frozen=True, slots=True)
class Record:
    """One text that we wrote: its field, its language and its hash."""

    field: str
    language: str
    digest: str

    def __str__(self) -> str:
        return f"{self.field} {self.language} {self.digest}"


@dataclass(frozen=True, slots=True)
class Mark:
    """What our mark in one packet says."""

    provenance: Provenance
    records: tuple[Record, ...] = ()
    created: frozenset[str] = frozenset()
    """What was not there before: `packet`, `exif`, `iptc`, `charset`, `resources`..."""
    before: str = ""
    """The hash of the file outside its picture, before we wrote."""
    exif_before: str = ""
    """Length and first directory of the EXIF block, before we wrote."""
    replaced: tuple[tuple[str, bytes], ...] = ()
    """Field and XML of blank properties that ours took the place of."""

    def wrote(self, field: str, language: str, text: str) -> bool:
        """Return whether a text in a field is what we wrote there."""
        return Record(field, language, text_hash(text)) in self.records

    @property
    def caption_hashes(self) -> set[str]:
        """Return the hashes of all texts but keywords."""
        return {r.digest for r in self.records if r.language != NO_LANGUAGE}

    def properties(self) -> list[tuple[str, str]]:
        """Return the single properties by their local names, in order."""
        made = self.provenance
        found = [
            ("Software", made.software),
            ("Model", made.model),
            ("ModelVersion", made.model_version),
            ("Verdict", made.verdict),
            ("Created", " ".join(sorted(self.created))),
            ("Before", self.before),
            ("ExifBefore", self.exif_before),
        ]
        return [(name, value) for name, value in found if value]


def text_hash(text: str) -> str:
    """Return the hash under which we remember a text."""
    return hashlib.sha256(text.strip().encode()).hexdigest()[:_HASH_DIGITS]


def read_mark(xmp: XmpData) -> Mark | None:
    """Return our mark in a packet, or None if it has none."""
    if xmp.first(WRITTEN) is None:
        return None
    return Mark(
        Provenance(
            xmp.text((OURS, "Model")),
            xmp.text((OURS, "ModelVersion")),
            xmp.text((OURS, "Verdict")),
            xmp.text((OURS, "Software")),
        ),
        tuple(_records(xmp.words(WRITTEN))),
        frozenset(xmp.text(CREATED).split()),
        xmp.text(BEFORE),
        xmp.text(EXIF_BEFORE),
        tuple(_replaced(xmp.words(REPLACED))),
    )


def replaced_texts(mark: Mark) -> list[str]:
    """Return what was replaced as it is stored."""
    return [f"{name} {b64encode(xml).decode()}" for name, xml in mark.replaced]


def _replaced(texts: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    for text in texts:
        name, _, packed = text.partition(" ")
        with suppress(ValueError):
            yield name, b64decode(packed, validate=True)


def _records(texts: Iterable[str]) -> Iterator[Record]:
    for text in texts:
        parts = text.split()
        if len(parts) == 3:  # noqa: PLR2004 - field, language, hash
            yield Record(*parts)
