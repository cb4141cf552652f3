"""The word list in a pickle, read as data: nothing in it is looked up or called.

A pickle is a program for a stack machine. This one knows only the steps that build
texts, numbers, lists and dictionaries; classes are kept as names, and what a call or an
object would be is its dictionary at most. Any other step refuses the file.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
import pickletools
from typing import Any, Final

from ..errors import ModelBrokenError

_MOST_BYTES: Final = 16 << 20
_MARK: Final = object()
_VALUES: Final = frozenset(
    (
        "INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "UNICODE",
        "BINUNICODE", "SHORT_BINUNICODE", "STRING", "BINSTRING", "SHORT_BINSTRING",
    )
)  # fmt: skip
_IGNORED: Final = frozenset(("PROTO", "FRAME"))
_CLASSES: Final = frozenset(("Vocabulary", "defaultdict", "OrderedDict"))
_BUILDERS: Final = frozenset(("copy_reg _reconstructor", "copyreg _reconstructor"))
_BASES: Final = frozenset(("__builtin__ object", "builtins object"))


class _Class(str):
    """The name of a class; never the class."""

    __slots__ = ()


class _Object(dict[Any, Any]):
    """What an object of the pickle holds."""


def read_words(path: str) -> tuple[str, ...]:
    """Return the words of a pickled im2txt vocabulary in the order of their ids."""
    try:
        data = Path(path).read_bytes()
    except OSError as err:
        raise ModelBrokenError(f"{path}: can't be read ({err.strerror})") from None
    if len(data) > _MOST_BYTES:
        raise ModelBrokenError(f"{path}: too large for a vocabulary")
    try:
        return _in_order(_Machine().run(data))
    except ModelBrokenError as err:
        raise ModelBrokenError(f"{path}: {err.message}") from None
    except (ValueError, KeyError, IndexError, TypeError, AttributeError) as err:
        raise ModelBrokenError(f"{path}: no pickled vocabulary ({err})") from None


def _in_order(found: Any) -> tuple[str, ...]:
    """Return the words of `idx2word`, or of a plain dictionary from words to ids."""
    if isinstance(found, _Object):
        found = found.get("idx2word") or found["word2idx"]
    if not isinstance(found, dict):
        raise ModelBrokenError("holds no vocabulary")
    words = {i: w for i, w in found.items() if isinstance(w, str)} or {
        i: w for w, i in found.items()
    }
    if not words or sorted(words) != list(range(len(words))):
        raise ModelBrokenError("its words are not numbered from 0 on")
    return tuple(words[index] for index in range(len(words)))


class _Machine:
    """The stack, what was put aside by number, and the steps that are known."""

    def __init__(self) -> None:
        self._stack: list[Any] = []
        self._memo: dict[int, Any] = {}
        self._steps: dict[str, Callable[[Any], None]] = {
            "MARK": lambda _: self._stack.append(_MARK),
            "NONE": lambda _: self._stack.append(None),
            "EMPTY_DICT": lambda _: self._stack.append({}),
            "EMPTY_LIST": lambda _: self._stack.append([]),
            "EMPTY_TUPLE": lambda _: self._stack.append(()),
            "DICT": lambda _: self._push_dictionary(),
            "LIST": lambda _: self._stack.append(list(self._above_mark())),
            "TUPLE": lambda _: self._stack.append(tuple(self._above_mark())),
            "TUPLE1": lambda _: self._push_tuple(1),
            "TUPLE2": lambda _: self._push_tuple(2),
            "TUPLE3": lambda _: self._push_tuple(3),
            "SETITEM": lambda _: self._set(self._take(2)),
            "SETITEMS": lambda _: self._set(self._above_mark()),
            "APPEND": lambda _: self._extend(self._take(1)),
            "APPENDS": lambda _: self._extend(self._above_mark()),
            "GLOBAL": self._class,
            "STACK_GLOBAL": lambda _: self._class(" ".join(self._take(2))),
            "REDUCE": lambda _: self._made(),
            "NEWOBJ": lambda _: self._made(),
            "BUILD": lambda _: self._build(),
            "MEMOIZE": lambda _: self._put(len(self._memo)),
        }
        self._steps |= dict.fromkeys(("PUT", "BINPUT", "LONG_BINPUT"), self._put)
        self._steps |= dict.fromkeys(("GET", "BINGET", "LONG_BINGET"), self._get)

    def run(self, data: bytes) -> Any:
        """Return what the program leaves."""
        for name, value in _program(data):
            if name in _VALUES:
                self._stack.append(value)
            elif name == "STOP":
                return self._stack.pop()
            elif name not in _IGNORED:
                if name not in self._steps:
                    raise ModelBrokenError(f"the step {name} is not one of plain data")
                self._steps[name](value)
        raise ModelBrokenError("the pickle has no end")

    def _take(self, count: int) -> list[Any]:
        if len(self._stack) < count:
            raise ModelBrokenError("the pickle takes more than it has put down")
        found = self._stack[-count:]
        del self._stack[-count:]
        return found

    def _above_mark(self) -> list[Any]:
        found = []
        while (value := self._stack.pop()) is not _MARK:
            found.append(value)
        return found[::-1]

    def _push_tuple(self, count: int) -> None:
        self._stack.append(tuple(self._take(count)))

    def _push_dictionary(self) -> None:
        values = self._above_mark()
        self._stack.append({})
        self._set(values)

    def _set(self, values: list[Any]) -> None:
        target = self._stack[-1]
        if not isinstance(target, dict):
            raise ModelBrokenError("the pickle sets an item of no dictionary")
        target.update(zip(values[::2], values[1::2], strict=True))

    def _extend(self, values: list[Any]) -> None:
        if not isinstance(self._stack[-1], list):
            raise ModelBrokenError("the pickle adds to no list")
        self._stack[-1].extend(values)

    def _put(self, place: int) -> None:
        self._memo[int(place)] = self._stack[-1]

    def _get(self, place: int) -> None:
        self._stack.append(self._memo[int(place)])

    def _class(self, name: str) -> None:
        known = name in _BUILDERS or name in _BASES
        if not known and name.rpartition(" ")[2] not in _CLASSES:
            raise ModelBrokenError(
                f"the pickle names '{name}', which no vocabulary needs: it may be "
                "made to run a program, and is not read"
            )
        self._stack.append(_Class(name))

    def _made(self) -> None:
        """Put down an empty object where the pickle would have one made."""
        maker, _ = self._take(2)
        if not isinstance(maker, _Class):
            raise ModelBrokenError("the pickle makes an object of no class")
        self._stack.append(_Object())

    def _build(self) -> None:
        (state,) = self._take(1)
        target = self._stack[-1]
        if not (isinstance(target, _Object) and isinstance(state, dict)):
            raise ModelBrokenError("the pickle fills what is no object")
        target.update(state)


def _program(data: bytes) -> Iterator[tuple[str, Any]]:
    for step, value, _ in pickletools.genops(data):
        yield step.name, value
