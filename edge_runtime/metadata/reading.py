"""Read everything a photo says about itself, in the file and beside it."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Final

from . import exif as exif_facts, iptc, xmp as xmp_facts
from .containers import blocks_of, kind_of
from .dates import FoundDate, choose, iptc_date
from .exif import is_camera_mark
from .gathering import (
    Gathered,
    alt_texts_of,
    captions_of,
    gather,
    hierarchical_of,
    keywords_of,
    load_sidecars,
)
from .model import EMBEDDED, FoundText, PhotoMetadata, Position
from .people import distinct, people
from .photo_file import open_photo
from .picasa import picasa_people
from .provenance import Mark, text_hash
from .xmp_values import DEFAULT_LANGUAGE

_MAX_STARS: Final = 5


def read_metadata(path: Path) -> PhotoMetadata:
    """Return what a photo and its sidecars say; blocks.

    Raises PhotoError if the photo can't be read. Broken metadata raise nothing: they
    are named in `problems`.
    """
    with open_photo(path) as photo:
        kind = kind_of(photo)
        sidecars = load_sidecars(path)
        found = conclude(gather(kind, blocks_of(photo, kind), sidecars))
        return replace(
            found,
            people=distinct([*found.people, *picasa_people(path)]),
            sidecars=tuple(sidecar.path for sidecar in sidecars),
        )


def conclude(gathered: Gathered) -> PhotoMetadata:
    """Weigh what was found: sidecars first, then XMP, IPTC and EXIF in the file."""
    exif, marks = gathered.exif, gathered.marks
    utc = None if exif is None else exif_facts.utc_by_gps(exif)
    return PhotoMetadata(
        kind=gathered.kind,
        captions=_marked(captions_of(gathered), marks),
        titles=tuple(_titles(gathered)),
        alt_texts=_marked(alt_texts_of(gathered), marks),
        comments=tuple(_comments(gathered)),
        keywords=tuple(keywords_of(gathered)),
        hierarchical_keywords=tuple(hierarchical_of(gathered)),
        people=people(gathered.packets),
        rating=_rating(gathered),
        taken=choose(_dates(gathered), utc),
        camera=None if exif is None else exif_facts.camera(exif),
        position=_position(gathered),
        orientation=1 if exif is None else exif_facts.orientation(exif),
        software=_software(gathered),
        provenance=marks[0].provenance if marks else None,
        problems=tuple(gathered.problems),
    )


def _marked(found: Iterable[FoundText], marks: list[Mark]) -> tuple[FoundText, ...]:
    """Mark what is ours: other programs copy our words to more places than we do."""
    hashes = {digest for mark in marks for digest in mark.caption_hashes}
    return tuple(replace(f, ours=text_hash(f.text) in hashes) for f in found)


def _titles(gathered: Gathered) -> list[FoundText]:
    found = gathered.from_xmp(xmp_facts.titles)
    found += [
        FoundText(text, DEFAULT_LANGUAGE, "iptc:ObjectName", EMBEDDED)
        for text in iptc.texts_of(gathered.iptc, iptc.TITLE)
    ]
    if gathered.exif is not None:
        found += exif_facts.titles(gathered.exif)
    return found + gathered.own_texts("png:Title")


def _comments(gathered: Gathered) -> list[FoundText]:
    found = gathered.from_xmp(xmp_facts.comments)
    if gathered.exif is not None:
        found += exif_facts.comments(gathered.exif)
    for place in ("jpeg:Comment", "png:Comment", "gif:Comment"):
        found += gathered.own_texts(place)
    return [text for text in found if not is_camera_mark(text.text)]


def _rating(gathered: Gathered) -> int | None:
    found = (xmp_facts.rating(packet) for packet in gathered.packets)
    rating = next((stars for stars in found if stars is not None), None)
    if rating is None and gathered.exif is not None:
        stars = gathered.exif.main.whole(exif_facts.RATING)
        rating = stars if stars is not None and 0 <= stars <= _MAX_STARS else None
    return rating


def _dates(gathered: Gathered) -> list[FoundDate]:
    found = [date for xmp in gathered.beside for date in xmp_facts.dates(xmp)]
    if gathered.exif is not None:
        found += exif_facts.dates(gathered.exif)
    found += [date for xmp in gathered.embedded for date in xmp_facts.dates(xmp)]
    days = iptc.texts_of(gathered.iptc, iptc.DATE_CREATED)
    times = iptc.texts_of(gathered.iptc, iptc.TIME_CREATED)
    if days:
        time = times[0] if times else ""
        date = iptc_date(days[0], time, "iptc:DateCreated", EMBEDDED)
        found += [date] if date is not None else []
    # when a file was made, or a photo digitised, says less than when it was taken
    weaker = {"xmp:CreateDate": 2, "exif:DateTimeDigitized": 1}
    return sorted(found, key=lambda date: weaker.get(date.place, 0))


def _position(gathered: Gathered) -> Position | None:
    found = [xmp_facts.position(xmp) for xmp in gathered.beside]
    if gathered.exif is not None:
        found.append(exif_facts.position(gathered.exif))
    found += [xmp_facts.position(xmp) for xmp in gathered.embedded]
    return next((position for position in found if position is not None), None)


def _software(gathered: Gathered) -> str:
    found = [exif_facts.software(gathered.exif)] if gathered.exif else []
    found += [xmp_facts.software(packet) for packet in gathered.embedded]
    found += [text.text for text in gathered.own_texts("png:Software")]
    return next((text for text in found if text), "")
