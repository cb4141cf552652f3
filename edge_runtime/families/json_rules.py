"""The texts that a JSON schema describes, as rules that can be followed as they come.

What is written is always valid, though not all that is valid can be written: fields
come in the schema's order, numbers between bounds are whole or have two decimals.
A keyword that can't be held is refused.
"""

from collections.abc import Iterable, Mapping, Sequence
import json
import math
from typing import Any, Final

from ..errors import ModelUnusableError
from .prefix_rules import Follower, Part, Sign, signs

_HELD: Final = frozenset(
    {
        "type", "properties", "required", "additionalProperties", "items", "minItems",
        "maxItems", "enum", "const", "anyOf", "oneOf", "$ref", "$defs", "definitions",
        "minLength", "maxLength", "minimum", "maximum",
        # these say nothing of what is valid
        "$schema", "$id", "$comment", "title", "description", "default", "examples",
        "format", "nullable", "readOnly", "writeOnly", "deprecated",
    }
)  # fmt: skip
_TYPES: Final = ("string", "number", "integer", "boolean", "null", "array", "object")
_MOST_REPEATED: Final = 1000
_DIGITS: Final = "0123456789"
_CONTROL: Final = frozenset(map(chr, range(32)))
_LETTER: Final = Sign(_CONTROL | {'"', "\\"}, others=True)
_DIGIT: Final = Sign(frozenset(_DIGITS))
_HEX: Final = Sign(frozenset("0123456789abcdefABCDEF"))
_LONGEST_NUMBER: Final = 15

Way = Sequence[Part]


def follower_of(schema: Mapping[str, Any]) -> Follower:
    """Return what follows an answer in the form of a schema."""
    builder = _Builder(schema)
    return Follower(builder.rules, builder.value(schema))


class _Builder:
    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._root = schema
        self._references: dict[str, str] = {}
        self.rules = _letters() | _numbers() | _open_values()

    def value(self, schema: Any) -> str:
        """Return the rule of what a schema describes."""
        if schema is True or schema == {}:
            return "any"
        if not isinstance(schema, Mapping):
            raise _refusal("each part of it must be an object")
        if unknown := sorted(set(schema) - _HELD):
            raise _refusal(f"an answer can't be held to its '{unknown[0]}'")
        if "$ref" in schema:
            return self._reference(schema["$ref"])
        if "const" in schema or "enum" in schema:
            choices = [schema["const"]] if "const" in schema else schema["enum"]
            # a letter of several tokens may not come whole: it can be escaped, too
            plain = (json.dumps(choice, ensure_ascii=False) for choice in choices)
            texts = dict.fromkeys([*plain, *map(json.dumps, choices)])
            return self._add([signs(text) for text in texts])
        if several := schema.get("anyOf") or schema.get("oneOf"):
            return self._add([(self.value(one),) for one in several])
        return self._of_types(schema)

    def _of_types(self, schema: Mapping[str, Any]) -> str:
        kinds = schema.get("type", _implied(schema))
        kinds = [kinds] if isinstance(kinds, str) else list(kinds)
        if wrong := [kind for kind in kinds if kind not in _TYPES]:
            raise _refusal(f"it names an unknown type {wrong[0]!r}")
        return self._add([(self._of_type(kind, schema),) for kind in kinds])

    def _of_type(self, kind: str, schema: Mapping[str, Any]) -> str:
        match kind:
            case "object":
                return self._object(schema)
            case "array":
                return self._array(schema)
            case "string" if "minLength" in schema or "maxLength" in schema:
                least, most = schema.get("minLength", 0), schema.get("maxLength")
                quote = signs('"')
                inner = self._repeated(("letter",), (), quote, (least, most))
                return self._add([(*quote, inner)])
            case "number" | "integer" if "minimum" in schema or "maximum" in schema:
                low = schema.get("minimum", -math.inf)
                high = schema.get("maximum", math.inf)
                return self._between(kind, low, high)
            case _:
                return kind

    def _reference(self, place: Any) -> str:
        if place in self._references:
            return self._references[place]
        found: Any = self._root
        for step in filter(None, str(place).removeprefix("#").split("/")):
            found = found.get(step) if isinstance(found, Mapping) else None
        if found is None or not str(place).startswith("#"):
            raise _refusal(f"it refers to {place!r}, which it doesn't hold")
        name = self._references[place] = self._add([])
        self.rules[name].append((self.value(found),))
        return name

    def _object(self, schema: Mapping[str, Any]) -> str:
        fields = dict(schema.get("properties", {}))
        required = list(schema.get("required", ()))
        fields |= {name: True for name in required if name not in fields}
        if not fields:
            is_open = schema.get("additionalProperties", True) is not False
            return "object" if is_open else self._add([signs("{}")])
        after = {True: self._add([signs("}")]), False: self._add([signs("}")])}
        for name, inner in reversed(fields.items()):
            # by a rule of its own: an object may hold itself
            value = self.value(inner)
            here: Way = (*signs(json.dumps(name) + ":"), "gap", value, after[True])
            ways: dict[bool, Way] = {True: (*signs(","), "gap", *here), False: here}
            skips = name not in required
            after = {
                begun: self._add([ways[begun], *([(after[begun],)] if skips else [])])
                for begun in after
            }
        return self._add([(*signs("{"), after[False])])

    def _array(self, schema: Mapping[str, Any]) -> str:
        bounds = schema.get("minItems", 0), schema.get("maxItems")
        item = (self.value(schema.get("items", True)),)
        inner = self._repeated(item, (*signs(","), "gap"), signs("]"), bounds)
        return self._add([(*signs("["), inner)])

    def _repeated(
        self, item: Way, between: Way, end: Way, bounds: tuple[Any, Any]
    ) -> str:
        """Return the rule of items up to and with what ends them."""
        least, most = bounds
        if max(least, most or 0) > _MOST_REPEATED or least > (most or math.inf):
            raise _refusal(f"it asks for {least} to {most} letters or items")
        if most is None:
            rule = self._add([end])
            self.rules[rule].append((*between, *item, rule))
            count = least
            if count == 0 and between:
                return self._add([end, (*item, rule)])
        else:
            rule, count = self._add([end]), most
        for place in reversed(range(count)):
            before = between if place else ()
            ways: list[Way] = [(*before, *item, rule)]
            rule = self._add([*ways, end] if place >= least else ways)
        return rule

    def _between(self, kind: str, low: float, high: float) -> str:
        if high == math.inf and low in {0, 1}:
            start = "whole" if low == 0 else "positive"
            return self._add([(start, "decimals") if kind == "number" else (start,)])
        low = math.ceil(low if low > -math.inf else high - _MOST_REPEATED)
        high = math.floor(high if high < math.inf else low + _MOST_REPEATED)
        if not low <= high <= low + _MOST_REPEATED:
            raise _refusal(f"an answer can't be held between {low} and {high}")
        ways: list[Way] = [signs(str(number)) for number in range(low, high + 1)]
        if kind == "number":
            ways += [
                (*signs(f"{number}."), _DIGIT, "digits1")
                for number in range(max(low, 0), high)
            ]
        return self._add(ways)

    def _add(self, ways: Iterable[Way]) -> str:
        name = f"rule{len(self.rules)}"
        self.rules[name] = list(ways)
        return name


def _letters() -> dict[str, list[Way]]:
    short, long = Sign(frozenset('"\\/bfnrt')), [_HEX] * 4
    return {
        "letter": [(_LETTER,), (*signs("\\"), short), (*signs("\\u"), *long)],
        "letters": [(), ("letter", "letters")],
        "string": [(*signs('"'), "letters", *signs('"'))],
    }


def _numbers() -> dict[str, list[Way]]:
    rules: dict[str, list[Way]] = {"digits0": [()]}
    for count in range(1, _LONGEST_NUMBER + 1):
        rules[f"digits{count}"] = [(), (_DIGIT, f"digits{count - 1}")]
    positive: Way = (Sign(frozenset(_DIGITS[1:])), f"digits{_LONGEST_NUMBER - 1}")
    return rules | {
        "decimals": [(), (*signs("."), _DIGIT, "digits5")],
        "positive": [positive],
        "whole": [signs("0"), positive],
        "integer": [("whole",), (*signs("-"), "positive")],
        "number": [("integer", "decimals"), (*signs("-0."), _DIGIT, "digits5")],
    }


def _open_values() -> dict[str, list[Way]]:
    return {
        "gap": [(), signs(" ")],
        "boolean": [signs("true"), signs("false")],
        "null": [signs("null")],
        "any": [(name,) for name in _TYPES],
        "array": [signs("[]"), (*signs("["), "any", "more")],
        "more": [signs("]"), (*signs(","), "gap", "any", "more")],
        "object": [signs("{}"), (*signs("{"), "field", "fields")],
        "field": [("string", *signs(":"), "gap", "any")],
        "fields": [signs("}"), (*signs(","), "gap", "field", "fields")],
    }


def _implied(schema: Mapping[str, Any]) -> str | tuple[str, ...]:
    if "properties" in schema or "required" in schema:
        return "object"
    return "array" if "items" in schema else _TYPES


def _refusal(reason: str) -> ModelUnusableError:
    return ModelUnusableError(f"the schema of the answer can't be used: {reason}")
