"""Which ImageNet classes are evidence for which noun, read from WordNet's files.

ImageNet's classes are WordNet 3.0 synsets in the order of their offsets, so a class's
name and its place are enough to find its synset. Debian's `wordnet-base` has the files.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
import json
from pathlib import Path
import tomllib

DEFAULT_FOLDER = Path("/usr/share/wordnet")
SENSES = 2
"""How many of a noun's senses count: later ones are rare and mislead."""
_HYPERNYMS = ("@", "@i")
_WAYS = 50
"""How many rows of senses are kept while the classes are gone through."""
_LISTS = tomllib.loads(Path(__file__).with_name("word_lists.toml").read_text("utf-8"))


def word_list(name: str) -> tuple[str, ...]:
    """Return one of the lists of `word_lists.toml`."""
    return tuple(_LISTS[name].split())


_NEVER_NOUNS = frozenset(word_list("never_nouns"))
_BASIC = word_list("basic")
_VAGUE = frozenset(word_list("vague"))


@dataclass(frozen=True, slots=True)
class Synset:
    """A meaning: its words, commonest first, and what it is a kind of."""

    words: tuple[str, ...]
    hypernyms: tuple[int, ...]


class WordNet:
    """WordNet's nouns."""

    def __init__(self, folder: Path = DEFAULT_FOLDER) -> None:
        self.senses = {
            fields[0]: [int(offset) for offset in fields[-int(fields[2]) :]]
            for fields in _rows(folder / "index.noun")
        }
        self.synsets = dict(map(_synset, _rows(folder / "data.noun")))
        self._uses = _uses(folder / "cntlist.rev")
        self._exceptions = {
            fields[0]: fields[1] for fields in _rows(folder / "noun.exc")
        }

    def singular(self, word: str) -> str:
        """Return the dictionary form of a noun."""
        if word in self._exceptions:
            return self._exceptions[word]
        for ending, instead in (("ies", "y"), ("es", ""), ("es", "e"), ("s", "")):
            stem = word.removesuffix(ending) + instead
            if word.endswith(ending) and stem in self.senses and len(stem) > 1:
                return stem
        return word

    def is_noun(self, word: str) -> bool:
        """Tell whether a word is used as a noun at least as often as otherwise."""
        if word in _NEVER_NOUNS or not word.isalpha():
            return False
        stem = self.singular(word)
        if stem not in self.senses or stem in _NEVER_NOUNS:
            return False
        noun = self._uses[stem, "1"]
        other = max(self._uses[form, kind] for form in (word, stem) for kind in "2345")
        action = max((self._uses[verb, "2"] for verb in _verbs(word)), default=0)
        # "building" is a noun for all that is built, "jumping" hardly ever one
        return noun >= other and noun * 4 >= action

    def ancestors(self, offset: int) -> set[int]:
        """Return a synset and everything that it is a kind of."""
        found: set[int] = set()
        waiting = [offset]
        while waiting:
            synset = waiting.pop()
            if synset not in found:
                found.add(synset)
                waiting.extend(self.synsets[synset].hypernyms)
        return found


def _verbs(word: str) -> Iterable[str]:
    """Yield the verbs that a word in -ing may come from."""
    if word.endswith("ing") and len(word) > 5:  # noqa: PLR2004 - not ring, king
        stem = word.removesuffix("ing")
        yield from (stem, f"{stem}e")
        if stem[-1] == stem[-2]:
            yield stem[:-1]


def _rows(path: Path) -> Iterable[list[str]]:
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            if not line.startswith("  "):  # the licence stands first
                yield line.partition(" | ")[0].split()


def _synset(fields: list[str]) -> tuple[int, Synset]:
    count = int(fields[3], 16)
    words = tuple(fields[4 + 2 * index].lower() for index in range(count))
    rest = fields[5 + 2 * count :]
    pointers = zip(rest[::4], rest[1::4], strict=False)
    hypernyms = tuple(int(offset) for kind, offset in pointers if kind in _HYPERNYMS)
    return int(fields[0]), Synset(words, hypernyms)


def _uses(path: Path) -> Mapping[tuple[str, str], int]:
    uses: dict[tuple[str, str], int] = defaultdict(int)
    for sense, _, count in _rows(path):
        lemma, _, kind = sense.partition("%")
        uses[lemma, kind[0]] += int(count)
    return uses


def class_synsets(names: Sequence[str], net: WordNet) -> list[int | None]:
    """Return the synset of each class: the increasing row of the likeliest senses."""
    ends: dict[int, tuple[int, tuple[int | None, ...]]] = {0: (0, ())}
    for name in names:
        senses = net.senses.get(name.lower().replace(" ", "_"), [])
        grown: dict[int, tuple[int, tuple[int | None, ...]]] = {}
        for end, (score, row) in ends.items():
            options: list[tuple[int, int, int | None]] = [(end, score, None)]
            options += [
                (offset, score + 100 - rank, offset)
                for rank, offset in enumerate(senses)
                if offset > end
            ]
            for place, total, choice in options:
                if place not in grown or grown[place][0] < total:
                    grown[place] = (total, (*row, choice))
        best = sorted(grown.items(), key=lambda way: -way[1][0])
        ends = dict(best[:_WAYS])
    return list(max(ends.values(), key=lambda way: way[0])[1])


def label_table(
    names: Sequence[str], words: Sequence[str], net: WordNet
) -> dict[str, object]:
    """Return the content of `labels.json`: class names, and nouns with classes.

    Buildings and the like have no name: a hallway is seen as a prison, a car park as a
    dam, so they are no words for a photo that nothing else is known of.
    """
    synsets = class_synsets(names, net)
    above = [set() if s is None else net.ancestors(s) for s in synsets]
    nouns: dict[str, list[int]] = {}
    for word in (*_BASIC, *words):
        if net.is_noun(word):
            senses = set(net.senses[net.singular(word)][:SENSES])
            nouns[word] = [i for i, kinds in enumerate(above) if kinds & senses]
    structure = net.senses["structure"][0]
    short = [
        None if structure in kinds else _short(name, kinds, synset, net, nouns)
        for name, synset, kinds in zip(names, synsets, above, strict=True)
    ]
    return {"labels": short, "nouns": nouns}


def _short(
    name: str,
    kinds: set[int],
    synset: int | None,
    net: WordNet,
    nouns: Iterable[str],
) -> str:
    """Return what people would call a class: a basic word, its own, or a wider one."""
    for word in _BASIC:
        if net.senses[word][0] in kinds:
            return word
    if name.isalpha() and name.islower():
        return name
    usable = set(nouns) - _VAGUE
    level = [] if synset is None else [synset]
    for _ in range(3):
        for offset in level:
            for word in net.synsets[offset].words:
                if word in usable:
                    return word
        level = [up for offset in level for up in net.synsets[offset].hypernyms]
    return name.lower()


def write_labels(path: Path, names: Sequence[str], words: Sequence[str]) -> None:
    """Write `labels.json` for the words of a vocabulary."""
    table = label_table(names, words, WordNet())
    path.write_text(json.dumps(table, separators=(",", ":")) + "\n", "utf-8")
