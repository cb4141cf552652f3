"""Whether a text can still become what rules describe, one character after another.

The rules are a context-free grammar without left recursion. What may follow is a set
of stacks, as in llama.cpp's grammars: a stack lists what has still to come.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Sign:
    """One character of some, or of all but some."""

    characters: frozenset[str]
    others: bool = False

    def takes(self, character: str) -> bool:
        """Return whether this is one of them."""
        return (character in self.characters) is not self.others


Part = Sign | str
"""A character, or the name of a rule."""
Rules = Mapping[str, Sequence[Sequence[Part]]]
"""Name -> the ways to write it."""
Stack = tuple["Part", "Stack"] | tuple[()]
State = frozenset[Stack]

_ANY_LETTER: Final = "\N{LATIN SMALL LETTER E WITH ACUTE}"
_END: Final[Stack] = ()


def signs(text: str) -> tuple[Sign, ...]:
    """Return the signs of a text that stands as it is."""
    return tuple(Sign(frozenset(character)) for character in text)


class Follower:
    """What was written so far, and what may follow."""

    def __init__(self, rules: Rules, start: str) -> None:
        self._rules = rules
        self._state = self._open([(start, _END)])

    @property
    def is_complete(self) -> bool:
        """Return whether the text may end here."""
        return _END in self._state

    @property
    def must_end(self) -> bool:
        """Return whether nothing can follow."""
        return self._state == {_END}

    def allows(self, text: str, *, half: bool = False) -> bool:
        """Return whether this may follow; `half`: and the first half of a letter."""
        return bool(self._after(text + _ANY_LETTER if half else text))

    def take(self, text: str) -> None:
        """Go on with what was written."""
        self._state = self._after(text)

    def _after(self, text: str) -> State:
        state = self._state
        for character in text:
            rests = (
                stack[1]
                for stack in state
                if stack and isinstance(stack[0], Sign) and stack[0].takes(character)
            )
            state = self._open(rests)
            if not state:
                break
        return state

    def _open(self, stacks: Iterable[Stack]) -> State:
        """Return stacks that begin with a sign, or are done."""
        found: set[Stack] = set()
        waiting, seen = list(stacks), set[Stack]()
        while waiting:
            stack = waiting.pop()
            if stack in seen:
                continue
            seen.add(stack)
            if not stack or isinstance(stack[0], Sign):
                found.add(stack)
                continue
            for way in self._rules[stack[0]]:
                opened = stack[1]
                for part in reversed(way):
                    opened = (part, opened)
                waiting.append(opened)
        return frozenset(found)
