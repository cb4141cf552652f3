"""How a language wraps captions: its data file, read and checked."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
import re
from typing import Final

from ...errors import DocumentError, TemplateError
from ...yaml_reader import YamlValue, read_yaml
from .patterns import Pattern

FOLDER: Final = Path(__file__).parent / "languages"
_MONTHS: Final = 12


class LanguageFileError(DocumentError):
    """A language's data file is wrong."""

    code = "language_file_invalid"


@dataclass(frozen=True, slots=True)
class Occasion:
    """A day of the year that has a name."""

    name: Pattern
    tag: str
    month_day: tuple[int, int] | None = None
    easter: int | None = None
    """Days after Easter Sunday, where it has no fixed date."""


@dataclass(frozen=True, slots=True)
class PlaceWords:
    """How a language says where."""

    within: Pattern
    near: Pattern
    articles: Mapping[str, Pattern]
    prepositions: frozenset[str]
    with_article: frozenset[str]
    article: Pattern
    phrases: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class DateWords:
    """How a language says when."""

    months: tuple[str, ...]
    day: Pattern
    month: Pattern
    year: Pattern
    occasions: tuple[Occasion, ...]


@dataclass(frozen=True, slots=True)
class PersonWords:
    """What a language calls people whose names nobody knows."""

    where: str
    """`anywhere`, or `start` where a name fits at the beginning only."""
    verbs: str
    openers: frozenset[str]
    one: frozenset[str]
    """Written small: in any case; with a capital: only so, as German nouns are."""
    more: frozenset[str]
    depicted: frozenset[str]
    other: frozenset[str]


@dataclass(frozen=True, slots=True)
class LanguageData:
    """Everything that one language needs to wrap a caption."""

    language: str
    sentence: Pattern
    aside: Pattern
    aside_after: re.Pattern[str]
    extras: Mapping[str, Pattern]
    """Sentences of their own: people, album, camera, seen_by, keywords, text."""
    title: Pattern
    preamble: re.Pattern[str]
    """What a text alternative does not begin with, such as "a photo of"."""
    between: str
    last: str
    place: PlaceWords
    date: DateWords
    person: PersonWords
    cut_before: frozenset[str]
    no_tags: frozenset[str]

    @property
    def joints(self) -> frozenset[str]:
        """Return the words that join phrases."""
        return self.cut_before | self.place.prepositions

    def listed(self, names: tuple[str, ...]) -> str:
        """Return names as the language joins them."""
        if len(names) < 2:  # noqa: PLR2004 - one name stands alone
            return "".join(names)
        return self.between.join(names[:-1]) + self.last + names[-1]


_EXTRAS: Final = {
    "people": "people",
    "album": "album",
    "camera": "camera",
    "seen_by": "camera",
    "keywords": "keywords",
    "text": "text",
}
_KEYS: Final = (
    "language", "sentence", "aside", "aside_after", *_EXTRAS, "title", "preamble",
    "list", "place", "date", "person", "cut_before", "no_tags",
)  # fmt: skip


class Languages:
    """The languages that have a data file; each is read when it is first needed."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._folder = folder
        self._read: dict[str, LanguageData | None] = {}

    def get(self, code: str) -> LanguageData | None:
        """Return a language's data; None if it has none."""
        primary = code.lower().partition("-")[0]
        if primary not in self._read:
            path = self._folder / f"{primary}.yaml"
            known = primary.isalpha() and path.is_file()
            self._read[primary] = read_language(path) if known else None
        return self._read[primary]

    def codes(self) -> tuple[str, ...]:
        """Return the codes of all languages."""
        return tuple(sorted(path.stem for path in self._folder.glob("*.yaml")))


def read_language(path: Path) -> LanguageData:
    """Return a data file; raise LanguageFileError that names line and key."""
    root = read_yaml(path, LanguageFileError)
    if root is None:
        raise LanguageFileError(f"{path}: is empty")
    keys = root.fields(_KEYS, _KEYS)
    joined = keys["list"].fields(("between", "last"), ("between", "last"))
    return LanguageData(
        language=keys["language"].text(),
        sentence=_pattern(keys["sentence"], "caption", "place", "date"),
        aside=_pattern(keys["aside"], "caption", "Place", "date"),
        aside_after=_expression(keys["aside_after"]),
        extras={key: _pattern(keys[key], name) for key, name in _EXTRAS.items()},
        title=_pattern(keys["title"], "camera"),
        preamble=_expression(keys["preamble"]),
        between=joined["between"].text(),
        last=joined["last"].text(),
        place=_place(keys["place"]),
        date=_date(keys["date"]),
        person=_person(keys["person"]),
        cut_before=_words(keys["cut_before"]),
        no_tags=_words(keys["no_tags"]),
    )


def _place(value: YamlValue) -> PlaceWords:
    names = (
        "in", "near", "articles", "prepositions", "with_article", "article", "phrases",
    )  # fmt: skip
    keys = value.fields(names, names)
    articles = keys["articles"].fields()
    return PlaceWords(
        within=_pattern(keys["in"], "place"),
        near=_pattern(keys["near"], "place"),
        articles={word: _pattern(text, "place") for word, text in articles.items()},
        prepositions=_words(keys["prepositions"]),
        with_article=frozenset(keys["with_article"].texts()),
        article=_pattern(keys["article"], "place"),
        phrases={k: text.text() for k, text in keys["phrases"].fields().items()},
    )


def _date(value: YamlValue) -> DateWords:
    names = ("months", "day", "month", "year", "occasions")
    keys = value.fields(names, names)
    months = keys["months"].texts()
    if len(months) != _MONTHS:
        keys["months"].fail(f"must be {_MONTHS} names, not {len(months)}")
    return DateWords(
        months=months,
        day=_pattern(keys["day"], "day", "month", "year"),
        month=_pattern(keys["month"], "month", "year"),
        year=_pattern(keys["year"], "year"),
        occasions=tuple(_occasion(one) for one in keys["occasions"].items()),
    )


def _occasion(value: YamlValue) -> Occasion:
    keys = value.fields(("day", "easter", "name", "tag"), ("name", "tag"))
    name, tag = _pattern(keys["name"], "year"), keys["tag"].text()
    if "easter" in keys:
        return Occasion(name, tag, easter=keys["easter"].integer(minimum=-100))
    found = re.fullmatch(r"(\d\d)-(\d\d)", keys["day"].text() if "day" in keys else "")
    if found is None:
        value.fail("needs a day such as 12-24, or the days after Easter")
    return Occasion(name, tag, month_day=(int(found[1]), int(found[2])))


def _person(value: YamlValue) -> PersonWords:
    sets = ("openers", "one", "more", "depicted", "other")
    keys = value.fields(("where", "verbs", *sets), ("where", "verbs", *sets))
    where, verbs = keys["where"].text(), keys["verbs"].text()
    if where not in {"anywhere", "start"}:
        keys["where"].fail("must be anywhere or start")
    if verbs not in {"english", "none"}:
        keys["verbs"].fail("must be english or none")
    return PersonWords(
        where=where,
        verbs=verbs,
        openers=_words(keys["openers"]),
        one=frozenset(keys["one"].texts()),
        more=_words(keys["more"]),
        depicted=_words(keys["depicted"]),
        other=_words(keys["other"]),
    )


def _pattern(value: YamlValue, *names: str) -> Pattern:
    try:
        pattern = Pattern.parse(value.text(), names)
    except TemplateError as err:
        value.fail(err.message)
    for name in names:
        if name not in pattern.names:
            value.fail(f"must hold '{{{name}}}', or what it stands for is lost")
    return pattern


def _expression(value: YamlValue) -> re.Pattern[str]:
    try:
        return re.compile(value.text(), re.IGNORECASE)
    except re.error as err:
        value.fail(f"is no regular expression ({err})")


def _words(value: YamlValue) -> frozenset[str]:
    return frozenset(text.lower() for text in value.texts())
