"""What is known of a photo: from its own metadata and name, and from the request."""

from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
import logging
from pathlib import Path
import re
from typing import TYPE_CHECKING, Final

from ..context import Gazetteer, album_of, date_fact, date_in_name
from ..errors import FactError, PhotoError
from ..facts import Fact, FactKind, FactSource, camera_name, distinct
from ..schemas import CaptionRequest

if TYPE_CHECKING:
    from ..metadata import PhotoMetadata

_LOGGER = logging.getLogger(__name__)
_MAX_KEYWORDS: Final = 20
_MAX_PEOPLE: Final = 10
_SINGLE: Final = frozenset({FactKind.PLACE, FactKind.DATE, FactKind.ALBUM})
"""Of these, what the request says replaces what was found."""
_NAMES: Final[Mapping[str, FactKind]] = {
    "place": FactKind.PLACE,
    "location": FactKind.PLACE,
    "date": FactKind.DATE,
    "person": FactKind.PERSON,
    "people": FactKind.PERSON,
    "album": FactKind.ALBUM,
    "camera": FactKind.CAMERA,
    "keyword": FactKind.KEYWORD,
    "keywords": FactKind.KEYWORD,
    "text": FactKind.TEXT,
}
FACT_NAMES: Final = tuple(_NAMES)
_LISTED: Final = {
    FactKind.PERSON: re.compile(r"\s*[,;]\s*|\s+(?:and|und|&)\s+"),
    FactKind.KEYWORD: re.compile(r"\s*[,;]\s*"),
}
_DATE: Final = re.compile(r"\d{4}(-\d\d(-\d\d([T ]\d\d:\d\d.*)?)?)?")


def _today() -> date:
    return datetime.now(UTC).date()


@dataclass(slots=True)
class FactFinder:
    """Reads the facts that a photo itself holds."""

    today: Callable[[], date] = _today
    open_gazetteer: Callable[[], Gazetteer] = Gazetteer
    _gazetteer: Gazetteer | None = field(default=None, init=False)

    def find(self, request: CaptionRequest, language: str) -> tuple[Fact, ...]:
        """Return what a photo says of itself, as far as the request allows; blocks."""
        # the formats take 1.5 MB, which an idle service has no use for
        from ..metadata import read_metadata  # noqa: PLC0415

        path, allowed = Path(request.path), request.find
        try:
            metadata = read_metadata(path)
        except PhotoError:
            return ()  # whoever decodes the picture will say what is wrong
        found = [
            self._place(metadata, request, language)
            if FactKind.PLACE in allowed
            else None,
            self._date(metadata, request) if FactKind.DATE in allowed else None,
        ]
        if FactKind.ALBUM in allowed and request.is_own_path:
            root = None if request.root is None else Path(request.root)
            found.append(album_of(path, root))
        if FactKind.CAMERA in allowed:
            found.append(_camera(metadata))
        if FactKind.PERSON in allowed:
            found += _people(metadata)
        if FactKind.KEYWORD in allowed:
            found += _keywords(metadata)
        return distinct(fact for fact in found if fact is not None)

    def place_at(self, latitude: float, longitude: float, language: str) -> Fact | None:
        """Return the name of a position; a damaged table costs the name alone."""
        try:
            if self._gazetteer is None:
                self._gazetteer = self.open_gazetteer()
            return self._gazetteer.place_at(latitude, longitude, language)
        except (OSError, ValueError) as err:
            _LOGGER.warning("no place names: %s", err)
            return None

    def _place(
        self, metadata: "PhotoMetadata", request: CaptionRequest, language: str
    ) -> Fact | None:
        found = metadata.position
        if found is not None:
            return self.place_at(found.latitude, found.longitude, language)
        if request.position is None:
            return None
        return self.place_at(*request.position, language)

    def _date(self, metadata: "PhotoMetadata", request: CaptionRequest) -> Fact | None:
        if metadata.taken is not None:
            source = _source_of(metadata.taken.place)
            if fact := date_fact(metadata.taken.value, source, self.today()):
                return fact
        if not request.is_own_path:
            return None
        return date_in_name(Path(request.path).name, self.today())


def given_facts(said: Mapping[str, str]) -> tuple[tuple[Fact, ...], tuple[str, ...]]:
    """Return the facts that a person gave by name, and the names that mean none.

    Raises FactError for a date that is none.
    """
    facts: list[Fact] = []
    unknown: list[str] = []
    for name, value in said.items():
        kind = _NAMES.get(name.strip().lower())
        if kind is None:
            unknown.append(name)
            continue
        if kind is FactKind.DATE and value.strip():
            _check_date(value.strip())
        values = _LISTED[kind].split(value) if kind in _LISTED else [value]
        facts += [Fact(kind, one, FactSource.REQUEST) for one in values]
    return distinct(facts), tuple(unknown)


def merged(given: Collection[Fact], found: Collection[Fact]) -> tuple[Fact, ...]:
    """Return all that is known; who gave a place, date, album or names, knows best."""
    known = {fact.kind for fact in given}
    replaced = (_SINGLE | {FactKind.PERSON}) & known
    return distinct([*given, *(fact for fact in found if fact.kind not in replaced)])


def _check_date(text: str) -> None:
    whole = f"{text[:10]}-01-01"[:10]
    with suppress(ValueError):
        if _DATE.fullmatch(text) and date.fromisoformat(whole):
            return
    raise FactError(
        f"'{text[:40]}' is no date: write it as 2023-12-24, 2023-12 or 2023"
    )


def _source_of(place: str) -> FactSource:
    if place.startswith("exif:"):
        return FactSource.EXIF
    if place.startswith("picasa:"):
        return FactSource.PICASA
    return FactSource.IPTC if place.startswith("iptc:") else FactSource.XMP


def _camera(metadata: "PhotoMetadata") -> Fact | None:
    if metadata.camera is None or not metadata.camera.model.strip():
        return None
    make, model = metadata.camera.make.strip(), metadata.camera.model.strip()
    named = camera_name(make, model)
    is_name = any(map(str.isalpha, named))  # broken EXIF has digits, marks, zeros
    return Fact(FactKind.CAMERA, named, FactSource.EXIF) if is_name else None


def _people(metadata: "PhotoMetadata") -> list[Fact | None]:
    return [
        Fact(FactKind.PERSON, person.name, _source_of(person.place))
        for person in metadata.people[:_MAX_PEOPLE]
    ]


def _keywords(metadata: "PhotoMetadata") -> list[Fact | None]:
    """Return the photo's keywords; a name among them is for `people` to tell."""
    names = {person.name.casefold() for person in metadata.people}
    return [
        Fact(FactKind.KEYWORD, word, FactSource.XMP)
        for word in metadata.keywords[:_MAX_KEYWORDS]
        if word.casefold() not in names
    ]
