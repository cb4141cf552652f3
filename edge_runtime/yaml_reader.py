"""Read YAML so that every error names the file, the line and the key."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from io import StringIO
from pathlib import Path
from typing import Any, Final, NoReturn, TypeVar

import yaml

from .errors import DocumentError

EnumT = TypeVar("EnumT", bound=StrEnum)
_MAX_LISTED: Final = 700
"""Characters of a list of choices in a message."""
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class YamlValue:
    """A value of a YAML document that knows where it stands."""

    node: yaml.Node
    key: str
    error: type[DocumentError]

    @property
    def source(self) -> str:
        """Return the name of the document that the value stands in."""
        return str(self.node.start_mark.name)

    @property
    def line(self) -> int:
        """Return the line of the value, counted from 1."""
        return int(self.node.start_mark.line) + 1

    def fail(self, problem: str) -> NoReturn:
        """Raise the document's error for this value."""
        where = f"{self.source}:{self.line}"
        key = f"{self.key}: " if self.key else ""
        raise self.error(f"{where}: {key}{problem}")

    def plain(self) -> Any:
        """Return the value as plain Python data (dict, list, str, int, ...)."""
        loader = _Loader("")
        try:
            return loader.construct_document(self.node)
        except (yaml.YAMLError, ValueError) as err:
            self.fail(f"can't be read ({getattr(err, 'problem', None) or err})")
        finally:
            loader.dispose()

    @property
    def is_null(self) -> bool:
        """Return whether the value is an explicit or implied null."""
        return self.node.tag == "tag:yaml.org,2002:null"

    @property
    def is_mapping(self) -> bool:
        """Return whether the value is a mapping."""
        return isinstance(self.node, yaml.MappingNode)

    @property
    def is_sequence(self) -> bool:
        """Return whether the value is a list."""
        return isinstance(self.node, yaml.SequenceNode)

    def text(self) -> str:
        """Return a non-empty string."""
        if self.node.tag != "tag:yaml.org,2002:str" or not self.node.value.strip():
            self.fail(f"must be a text, not {self._kind()}")
        return str(self.node.value)

    def integer(self, minimum: int = 0) -> int:
        """Return a whole number that is at least `minimum`."""
        value = self.plain()
        if not isinstance(value, int) or isinstance(value, bool):
            self.fail(f"must be a whole number, not {self._kind()}")
        if value < minimum:
            self.fail(f"must be at least {minimum}, not {value}")
        return value

    def number(self, minimum: float = 0.0) -> float:
        """Return a number that is at least `minimum`."""
        value = self.plain()
        if not isinstance(value, int | float) or isinstance(value, bool):
            self.fail(f"must be a number, not {self._kind()}")
        if not value >= minimum:
            self.fail(f"must be at least {minimum:g}, not {value:g}")
        return float(value)

    def boolean(self) -> bool:
        """Return true or false."""
        value = self.plain()
        if not isinstance(value, bool):
            self.fail(f"must be true or false, not {self._kind()}")
        return value

    def choice(self, choices: type[EnumT]) -> EnumT:
        """Return the member of an enumeration that the text names."""
        value = self.text()
        try:
            return choices(value)
        except ValueError:
            known = [member.value for member in choices]
            self.fail(f"unknown value '{value}'; {suggest(value, known)}")

    def items(self) -> tuple["YamlValue", ...]:
        """Return the members of a list."""
        if not isinstance(self.node, yaml.SequenceNode):
            self.fail(f"must be a list, not {self._kind()}")
        return tuple(
            YamlValue(node, f"{self.key}[{index}]", self.error)
            for index, node in enumerate(self.node.value)
        )

    def texts(self) -> tuple[str, ...]:
        """Return a list of strings."""
        return tuple(item.text() for item in self.items())

    def fields(
        self, known: Iterable[str] | None = None, required: Iterable[str] = ()
    ) -> Mapping[str, "YamlValue"]:
        """Return the members of a mapping; unknown, double and missing keys fail."""
        if not isinstance(self.node, yaml.MappingNode):
            self.fail(f"must be a mapping of keys to values, not {self._kind()}")
        allowed = None if known is None else list(known)
        found: dict[str, YamlValue] = {}
        for name, key, value in self._pairs(self.node):
            if allowed is not None and name not in allowed:
                key.fail(f"unknown key '{name}'; {suggest(name, allowed)}")
            if name in found:
                key.fail(f"key '{name}' stands twice")
            found[name] = value
        for name in required:
            if name not in found:
                self.fail(f"key '{name}' is missing")
        return found

    def _pairs(
        self, mapping: yaml.MappingNode
    ) -> Iterator[tuple[str, "YamlValue", "YamlValue"]]:
        for key_node, value_node in mapping.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self.fail("keys must be plain texts")
            name = str(key_node.value)
            path = f"{self.key}.{name}" if self.key else name
            yield (
                name,
                YamlValue(key_node, self.key, self.error),
                YamlValue(value_node, path, self.error),
            )

    def _kind(self) -> str:
        if self.is_null:
            return "empty"
        if self.is_mapping:
            return "a mapping"
        if self.is_sequence:
            return "a list"
        return f"'{self.node.value}'"


class _NamedText(StringIO):
    """A text with the name that every mark of the parser then carries."""

    def __init__(self, text: str, name: str) -> None:
        super().__init__(text)
        self.name = name


def merge(base: YamlValue, over: YamlValue) -> YamlValue:
    """Return `base` with `over` laid over it: mappings key by key, all else whole.

    Every value keeps its own file and line.
    """
    if not isinstance(base.node, yaml.MappingNode) or not over.is_mapping:
        return over
    pairs = {key.value: (key, value) for key, value in base.node.value}
    given = over.fields()
    for key, value in over.node.value:
        name = str(key.value)
        if name in pairs:
            below = YamlValue(pairs[name][1], given[name].key, base.error)
            pairs[name] = (key, merge(below, given[name]).node)
        else:
            pairs[name] = (key, value)
    node = yaml.MappingNode(
        over.node.tag, list(pairs.values()), over.node.start_mark, over.node.end_mark
    )
    return YamlValue(node, over.key, over.error)


def suggest(value: str, known: Iterable[str]) -> str:
    """Return 'did you mean ...' for a near miss, otherwise the list of choices."""
    from difflib import get_close_matches  # noqa: PLC0415 - for mistakes alone

    choices = sorted(known)
    near = get_close_matches(value, choices, n=1)
    if near:
        return f"did you mean '{near[0]}'?"
    listed = ", ".join(choices)
    if len(listed) <= _MAX_LISTED:
        return f"known: {listed}"
    first = listed[:_MAX_LISTED].rpartition(",")[0]
    return f"known: {first} and others, {len(choices)} in all"


def read_yaml(path: Path, error: type[DocumentError]) -> YamlValue | None:
    """Return the root of a YAML file, or None if the file holds nothing."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as err:
        raise error(f"{path}: is not UTF-8 text (byte {err.start})") from None
    except OSError as err:
        raise error(f"{path}: can't be read: {err.strerror}") from None
    return parse_yaml(text, str(path), error)


def to_yaml(values: Mapping[str, Any]) -> str:
    """Return a document that reads back as these plain values."""
    return str(yaml.safe_dump(dict(values), allow_unicode=True, sort_keys=False))


def parse_yaml(text: str, source: str, error: type[DocumentError]) -> YamlValue | None:
    """Return the root of a YAML text; `source` is the name used in errors."""
    try:
        node = yaml.compose(_NamedText(text, source), Loader=_Loader)
    except yaml.MarkedYAMLError as err:
        line = err.problem_mark.line + 1 if err.problem_mark else 1
        problem = err.problem or "can't be parsed"
        if err.context_mark and err.context_mark.line + 1 != line:
            problem += (
                f" ({err.context} that begins in line {err.context_mark.line + 1})"
            )
        raise error(f"{source}:{line}: no valid YAML: {problem}") from None
    except (yaml.YAMLError, UnicodeEncodeError) as err:
        problem = str(err).splitlines()[0]
        raise error(f"{source}:1: no valid YAML: {problem}") from None
    return None if node is None else YamlValue(node, "", error)
