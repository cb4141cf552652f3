"""Foils: true captions with one noun swapped for one that is not in the photo.

After FOIL-COCO (Shekhar et al. 2017). The foil noun is drawn by how often it stands
beside the caption's other nouns, so that language alone can't tell.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
import json
from pathlib import Path
import random

from .labels import WordNet

COMMONEST = 100


@dataclass(frozen=True, slots=True)
class Foil:
    """Which word of which caption becomes which; holds no word of the caption."""

    photo: str
    caption: int
    word: int
    foil: str


class FoilMaker:
    """Draws foils after the nouns of a set of captions."""

    def __init__(self, tokens: Sequence[Sequence[Sequence[str]]]) -> None:
        net = WordNet()
        counts = Counter(word for group in tokens for text in group for word in text)
        nouns = (word for word, _ in counts.most_common() if net.is_noun(word))
        self._nouns = [word for word, _ in zip(nouns, range(COMMONEST), strict=False)]
        known = set(self._nouns)
        self._beside: dict[str, Counter[str]] = defaultdict(Counter)
        for group in tokens:
            for text in group:
                found = set(text) & known
                for word in found:
                    self._beside[word].update(found - {word})

    def draw(
        self, group: Sequence[Sequence[str]], index: int, chance: random.Random
    ) -> tuple[int, str] | None:
        """Return the place and the foil for a caption; None where it has no noun."""
        text = group[index]
        absent = set(self._nouns) - {word for other in group for word in other}
        places = [p for p, word in enumerate(text) if word in self._beside]
        if not places or not absent:
            return None
        place = chance.choice(places)
        weights: Counter[str] = Counter(dict.fromkeys(sorted(absent), 1))
        for other in {text[p] for p in places} - {text[place]}:
            for word, count in self._beside[other].items():
                if word in absent:
                    weights[word] += count
        words = sorted(weights)
        return place, chance.choices(words, [weights[word] for word in words])[0]


def make_foils(
    names: Sequence[str], tokens: Sequence[Sequence[Sequence[str]]], seed: int
) -> list[Foil]:
    """Return one foil for each caption that has a common noun."""
    maker, chance = FoilMaker(tokens), random.Random(seed)  # noqa: S311
    places = (
        (name, group, index)
        for name, group in zip(names, tokens, strict=True)
        for index in range(len(group))
    )
    drawn = ((name, i, maker.draw(group, i, chance)) for name, group, i in places)
    return [Foil(name, index, *foil) for name, index, foil in drawn if foil]


def write_foils(path: Path, foils: Sequence[Foil]) -> None:
    """Write one foil a line."""
    lines = (json.dumps(list(asdict(foil).values())) for foil in foils)
    path.write_text("\n".join(lines) + "\n", "utf-8")


def read_foils(path: Path) -> list[Foil]:
    """Return the foils of a file made by `write_foils`."""
    lines = path.read_text("utf-8").splitlines()
    return [Foil(*json.loads(line)) for line in lines]
