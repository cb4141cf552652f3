"""Parse every block of a photo and of its sidecars."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
import os
from pathlib import Path
from typing import Final, TypeVar

from ..errors import PhotoError
from . import exif as exif_facts, iptc, xmp as xmp_facts
from .containers.base import Blocks
from .errors import MetadataDamagedError, MetadataTooLargeError
from .exif import ExifData, is_camera_mark, read_exif
from .iptc import Dataset
from .model import EMBEDDED, FileKind, FoundText
from .packet import parse_packet, salvage
from .photo_file import display_name, open_photo
from .provenance import Mark, read_mark
from .sidecar import existing_sidecars
from .xml_tree import MAX_XML_BYTES, Element
from .xmp import XmpData, read_xmp
from .xmp_values import DEFAULT_LANGUAGE

_MAX_KEYWORDS: Final = 2000
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class SidecarBytes:
    """A sidecar as it lies beside the photo."""

    path: Path
    data: bytes | None
    """None if it can't be read."""
    status: os.stat_result | None = None
    problem: str = ""


@dataclass(slots=True)
class Gathered:
    """The parsed blocks of a photo, before they are weighed against each other."""

    kind: FileKind
    beside: list[XmpData] = field(default_factory=list)
    """The sidecars, the most trusted first."""
    embedded: list[XmpData] = field(default_factory=list)
    exif: ExifData | None = None
    iptc: list[Dataset] = field(default_factory=list)
    texts: list[tuple[str, str]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def packets(self) -> list[XmpData]:
        """Return all XMP, the sidecars before what is embedded."""
        return [*self.beside, *self.embedded]

    @property
    def marks(self) -> list[Mark]:
        """Return our own marks."""
        found = (read_mark(xmp) for xmp in self.packets)
        return [mark for mark in found if mark is not None]

    def from_xmp(self, reader: Callable[[XmpData], list[FoundText]]) -> list[FoundText]:
        """Return what a reader finds in all packets."""
        return [text for packet in self.packets for text in reader(packet)]

    def own_texts(self, place: str) -> list[FoundText]:
        """Return the texts of the file format itself in one place."""
        return [
            FoundText(text, DEFAULT_LANGUAGE, place, EMBEDDED)
            for where, text in self.texts
            if where == place
        ]


def load_sidecars(photo: Path) -> list[SidecarBytes]:
    """Read the sidecars of a photo; one that can't be read stops nothing."""
    return [_load_sidecar(path) for path in existing_sidecars(photo)]


def gather(
    kind: FileKind, blocks: Blocks, sidecars: Sequence[SidecarBytes] = ()
) -> Gathered:
    """Parse the blocks of a photo and its sidecars."""
    found = Gathered(kind)
    for sidecar in sidecars:
        name = display_name(Path(sidecar.path.name))
        if sidecar.data is None:
            found.problems.append(sidecar.problem)
            continue
        root = _parsed(sidecar.data, name, found)
        if root is not None:
            found.beside.append(read_xmp(root, sidecar.path.name))
    _add_blocks(found, blocks)
    return found


def captions_of(gathered: Gathered) -> list[FoundText]:
    """Return every caption, the most trusted place first."""
    found = gathered.from_xmp(xmp_facts.captions)
    found += [
        FoundText(text, DEFAULT_LANGUAGE, "iptc:Caption-Abstract", EMBEDDED)
        for text in iptc.texts_of(gathered.iptc, iptc.CAPTION)
    ]
    if gathered.exif is not None:
        found += exif_facts.captions(gathered.exif)
    found += gathered.own_texts("png:Description")
    return [text for text in found if not is_camera_mark(text.text)]


def alt_texts_of(gathered: Gathered) -> list[FoundText]:
    """Return every text for people who can't see the photo."""
    return gathered.from_xmp(xmp_facts.alt_texts)


def keywords_of(gathered: Gathered) -> list[str]:
    """Return every keyword once, as it was written first."""
    words: list[str] = []
    for packet in gathered.packets:
        words += packet.words(xmp_facts.SUBJECT)
    words += iptc.texts_of(gathered.iptc, iptc.KEYWORD)
    if gathered.exif is not None:
        words += exif_facts.keywords(gathered.exif)
    words += [path[-1] for path in hierarchical_of(gathered)]
    return unique(words)


def hierarchical_of(gathered: Gathered) -> list[tuple[str, ...]]:
    """Return the keywords that are written as paths, each once."""
    return unique(
        path
        for packet in gathered.packets
        for path in xmp_facts.hierarchical_keywords(packet)
    )


def unique(items: Iterable[_T]) -> list[_T]:
    """Return each item once, in order, and no more than anybody needs."""
    return list(dict.fromkeys(items))[:_MAX_KEYWORDS]


def _load_sidecar(path: Path) -> SidecarBytes:
    name = display_name(Path(path.name))
    try:
        with open_photo(path) as file:
            if file.size > MAX_XML_BYTES:
                problem = f"{name}: is too large for a sidecar"
                return SidecarBytes(path, None, file.status, problem)
            return SidecarBytes(path, file.read_at(0, file.size), file.status)
    except PhotoError as err:
        return SidecarBytes(path, None, problem=str(err))


def _parsed(data: bytes, name: str, found: Gathered) -> Element | None:
    try:
        return parse_packet(data)[1]
    except MetadataTooLargeError as err:
        found.problems.append(f"{name}: {err}")
    except MetadataDamagedError as err:
        found.problems.append(f"{name}: {err}")
        with suppress(MetadataDamagedError, MetadataTooLargeError):
            return salvage(data)
    return None


def _add_blocks(found: Gathered, blocks: Blocks) -> None:
    found.problems += blocks.problems
    for packet in blocks.xmp:
        root = _parsed(packet, "embedded XMP", found)
        if root is not None:
            found.embedded.append(read_xmp(root, EMBEDDED))
    found.iptc = iptc.datasets(blocks.iptc)
    found.texts = [(place, text) for place, text in blocks.texts if text]
    if blocks.exif is not None:
        found.exif = read_exif(blocks.exif)
        if found.exif is None:
            found.problems.append("embedded EXIF: is no TIFF structure")
