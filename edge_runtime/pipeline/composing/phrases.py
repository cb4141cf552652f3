"""Facts in words: where and when, as a language says them. Pure."""

from collections.abc import Iterable
from datetime import date, timedelta
import re

from ...facts import Fact, FactKind, FactSource, of_kind
from .language import DateWords, LanguageData, Occasion, PlaceWords


def place_phrase(fact: Fact, words: PlaceWords, *, is_wide: bool = False) -> str:
    """Return where a photo was taken, such as "in Lisbon" or "near the Hague"."""
    name = fact.value
    first = name.split(maxsplit=1)[0].lower() if name else ""
    if fact.source is FactSource.REQUEST and first in words.prepositions:
        return name
    wider = "".join(f", {place}" for place in fact.within) if is_wide else ""
    if not fact.is_near and name in words.phrases:
        return words.phrases[name] + wider
    if first in words.articles and fact.source is FactSource.REQUEST:
        return words.articles[first].fill({"place": name}) + wider
    if name in words.with_article:
        name = words.article.fill({"place": name})
    pattern = words.near if fact.is_near else words.within
    return pattern.fill({"place": name + wider})


def date_phrase(fact: Fact, words: DateWords, *, is_exact: bool = False) -> str:
    """Return when a photo was taken: by a day's name where it has one."""
    day = day_of(fact)
    occasion = None if is_exact or day is None else occasion_on(day, words)
    parts = [int(part) for part in re.findall(r"\d+", fact.value[:10])][:3]
    if not parts:
        return fact.value
    year = str(parts[0])
    if occasion is not None:
        return occasion.name.fill({"year": year})
    if len(parts) == 1:
        return words.year.fill({"year": year})
    values = {"year": year, "month": words.months[parts[1] - 1]}
    if len(parts) < 3:  # noqa: PLR2004 - no day is known
        return words.month.fill(values)
    return words.day.fill({**values, "day": str(parts[2])})


def day_of(fact: Fact) -> date | None:
    """Return the day of a date, if it is known to the day."""
    try:
        return date.fromisoformat(fact.value[:10])
    except ValueError:
        return None


def occasion_on(day: date, words: DateWords) -> Occasion | None:
    """Return what a day is called in a language, if it has a name."""
    after_easter = (day - easter(day.year)).days
    for occasion in words.occasions:
        if occasion.month_day == (day.month, day.day):
            return occasion
        if occasion.easter is not None and occasion.easter == after_easter:
            return occasion
    return None


def easter(year: int) -> date:
    """Return Easter Sunday by the Gregorian calendar (Gauss, as Butcher wrote it)."""
    century, rest = divmod(year, 100)
    golden = year % 19
    skipped = century - century // 4 - (8 * century + 13) // 25
    moon = (19 * golden + skipped + 15) % 30
    moon -= (moon // 28) * (1 - (29 // (moon + 1)) * ((21 - golden) // 11))
    weekday = (year + year // 4 + moon + 2 - century + century // 4) % 7
    shift = moon - weekday
    # `rest` is in `year`; the formula wants both
    march_21 = date(100 * century + rest, 3, 21)
    return march_21 + timedelta(days=shift + 7)


def extra_sentences(
    facts: Iterable[Fact], data: LanguageData, *, with_people: bool
) -> list[str]:
    """Return the sentences of those facts that no phrase of the caption can say."""
    told = tuple(facts)

    def values(kind: FactKind) -> tuple[str, ...]:
        return tuple(fact.value for fact in of_kind(told, kind))

    sentences = []
    if with_people and (names := values(FactKind.PERSON)):
        sentences.append(_filled(data, "people", "people", data.listed(names)))
    sentences += [
        _filled(data, "album", "album", name) for name in values(FactKind.ALBUM)
    ]
    for camera in of_kind(told, FactKind.CAMERA):
        is_ours = camera.source is FactSource.REQUEST
        key = "seen_by" if is_ours else "camera"
        sentences.append(_filled(data, key, "camera", camera.value))
    if words := values(FactKind.KEYWORD):
        sentences.append(_filled(data, "keywords", "keywords", ", ".join(words)))
    sentences += [_filled(data, "text", "text", read) for read in values(FactKind.TEXT)]
    return sentences


def _filled(data: LanguageData, key: str, name: str, value: str) -> str:
    return data.extras[key].fill({name: value})
