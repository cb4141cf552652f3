"""What a request may say: each field reads a value and describes itself as JSON schema.

One description serves both, so the OpenAPI document can't differ from what is checked.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
import json
import math
import re
from typing import Any, Final, Self

from ..const import LANGUAGE_PATTERN
from .errors import RequestError

ABSENT: Final = object()
"""The default of a field where nothing said is not the same as null."""
MAX_INTEGER: Final = 2**53 - 1
"""The largest whole number that JavaScript keeps whole."""
ULID_PATTERN: Final = r"[0-7][0-9A-HJKMNP-TV-Z]{25}"
_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")
"""Characters that SQLite or UTF-8 can't keep."""
_YES: Final = frozenset({"true", "1", "yes", "on"})
_NO: Final = frozenset({"false", "0", "no", "off"})


@dataclass(frozen=True, kw_only=True)
class Field:
    """Any JSON value; the other fields say more."""

    required: bool = True
    default: Any = None
    """What an absent field reads as."""
    nullable: bool = False
    description: str = ""

    def schema(self) -> dict[str, Any]:
        """Return the field as JSON schema (OpenAPI 3.1)."""
        schema = self._schema()
        if self.nullable and "type" in schema:
            schema["type"] = [schema["type"], "null"]
        if self.nullable and "enum" in schema:
            schema["enum"] = [*schema["enum"], None]
        if self.default is not None and self.default is not ABSENT:
            schema["default"] = self.default
        if self.description:
            schema["description"] = self.description
        return schema

    def read(self, value: Any, where: str) -> Any:
        """Return a JSON value as this field reads it; raise RequestError."""
        if value is None and self.nullable:
            return None
        return self._read(value, where)

    def read_text(self, text: str, where: str) -> Any:
        """Return what the text of a query, path or form means."""
        return self.read(self._from_text(text, where), where)

    def _schema(self) -> dict[str, Any]:
        return {}

    def _read(self, value: Any, where: str) -> Any:
        del where
        return value

    def _from_text(self, text: str, where: str) -> Any:
        del where
        return text


@dataclass(frozen=True, kw_only=True)
class Text(Field):
    """A text; `pattern` must match all of it."""

    min_length: int = 0
    max_length: int = 1000
    pattern: str | None = None
    format: str | None = None

    def _schema(self) -> dict[str, Any]:
        schema: dict[str, Any] = {"type": "string", "maxLength": self.max_length}
        if self.min_length:
            schema["minLength"] = self.min_length
        if self.pattern is not None:
            schema["pattern"] = f"^{self.pattern}$"
        if self.format is not None:
            schema["format"] = self.format
        return schema

    def _read(self, value: Any, where: str) -> Any:
        if not isinstance(value, str):
            raise RequestError(f"{where}: must be a text")
        if len(value) < self.min_length:
            raise RequestError(f"{where}: must not be empty")
        if len(value) > self.max_length:
            raise RequestError(
                f"{where}: must have at most {self.max_length} characters, "
                f"not {len(value)}"
            )
        if _UNSTORABLE.search(value):
            raise RequestError(f"{where}: holds a character that is none")
        if self.pattern is not None and not re.fullmatch(self.pattern, value):
            raise RequestError(f"{where}: is not of the form {self.pattern}")
        return value


def language(**options: Any) -> Text:
    """Return a field for a language tag such as `en` or `pt-BR`."""
    return Text(**{"pattern": LANGUAGE_PATTERN, "max_length": 35, **options})


def ulid(**options: Any) -> Text:
    """Return a field for the id of a photo, suggestion or job."""
    return Text(**{"pattern": ULID_PATTERN, "max_length": 26, **options})


@dataclass(frozen=True, kw_only=True)
class Timestamp(Field):
    """A moment in RFC 3339; reads as Unix milliseconds."""

    def _schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "date-time"}

    def _read(self, value: Any, where: str) -> Any:
        try:
            moment = datetime.fromisoformat(value)
            if moment.tzinfo is not None:
                return round(moment.astimezone(UTC).timestamp() * 1000)
        except (TypeError, ValueError, OverflowError):
            pass
        raise RequestError(
            f"{where}: must be a time with its zone, such as 2026-11-23T09:30:00Z"
        )


@dataclass(frozen=True, kw_only=True)
class Number(Field):
    """A number within bounds."""

    minimum: float = -MAX_INTEGER
    maximum: float = MAX_INTEGER

    def _schema(self) -> dict[str, Any]:
        return {"type": "number", "minimum": self.minimum, "maximum": self.maximum}

    def _read(self, value: Any, where: str) -> Any:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not math.isfinite(value):
            raise RequestError(f"{where}: must be a number")
        self._check_bounds(value, where)
        return value

    def _check_bounds(self, value: float, where: str) -> None:
        if not self.minimum <= value <= self.maximum:
            raise RequestError(
                f"{where}: must lie between {self.minimum} and {self.maximum}"
            )

    def _from_text(self, text: str, where: str) -> Any:
        try:
            return float(text)
        except ValueError:
            raise RequestError(f"{where}: must be a number") from None


@dataclass(frozen=True, kw_only=True)
class Integer(Number):
    """A whole number within bounds."""

    minimum: float = -MAX_INTEGER
    maximum: float = MAX_INTEGER

    def _schema(self) -> dict[str, Any]:
        return {**super()._schema(), "type": "integer"}

    def _read(self, value: Any, where: str) -> Any:
        number = super()._read(value, where)
        if number != int(number):
            raise RequestError(f"{where}: must be a whole number")
        return int(number)

    def _from_text(self, text: str, where: str) -> Any:
        if not re.fullmatch(r"-?[0-9]{1,18}", text):
            raise RequestError(f"{where}: must be a whole number")
        return int(text)


@dataclass(frozen=True, kw_only=True)
class Boolean(Field):
    """Yes or no."""

    def _schema(self) -> dict[str, Any]:
        return {"type": "boolean"}

    def _read(self, value: Any, where: str) -> Any:
        if not isinstance(value, bool):
            raise RequestError(f"{where}: must be true or false")
        return value

    def _from_text(self, text: str, where: str) -> Any:
        folded = text.lower()
        if folded not in _YES | _NO:
            raise RequestError(f"{where}: must be true or false")
        return folded in _YES


@dataclass(frozen=True, kw_only=True)
class Choice(Field):
    """One of a few texts."""

    values: tuple[str, ...]

    @classmethod
    def of(cls, *values: str, **options: Any) -> Self:
        """Return a choice of texts; members of a StrEnum are texts."""
        return cls(values=tuple(str(value) for value in values), **options)

    def _schema(self) -> dict[str, Any]:
        return {"type": "string", "enum": list(self.values)}

    def _read(self, value: Any, where: str) -> Any:
        if not isinstance(value, str) or value not in self.values:
            raise RequestError(f"{where}: must be one of {', '.join(self.values)}")
        return value


@dataclass(frozen=True, kw_only=True)
class ListOf(Field):
    """Values of one kind; in a query or form they are parted by commas."""

    item: Field
    min_items: int = 0
    max_items: int = 1000

    def _schema(self) -> dict[str, Any]:
        schema = {
            "type": "array",
            "items": self.item.schema(),
            "maxItems": self.max_items,
        }
        return {**schema, "minItems": self.min_items} if self.min_items else schema

    def _read(self, value: Any, where: str) -> Any:
        if not isinstance(value, list):
            raise RequestError(f"{where}: must be a list")
        if len(value) < self.min_items:
            raise RequestError(f"{where}: must have at least {self.min_items} items")
        if len(value) > self.max_items:
            raise RequestError(f"{where}: must have at most {self.max_items} items")
        return [self.item.read(v, f"{where}[{n}]") for n, v in enumerate(value)]

    def _from_text(self, text: str, where: str) -> Any:
        parts = [part.strip() for part in text.split(",") if part.strip()]
        return [self.item._from_text(part, where) for part in parts]  # noqa: SLF001 - the same family


@dataclass(frozen=True, kw_only=True)
class MapOf(Field):
    """An object whose keys are free."""

    item: Field = Field()

    def _schema(self) -> dict[str, Any]:
        return {"type": "object", "additionalProperties": self.item.schema()}

    def _read(self, value: Any, where: str) -> Any:
        if not isinstance(value, dict):
            raise RequestError(f"{where}: must be an object")
        return {key: self.item.read(v, f"{where}.{key}") for key, v in value.items()}


@dataclass(frozen=True, kw_only=True)
class JsonMap(MapOf):
    """An object whose keys are free; in a form it is JSON."""

    def _from_text(self, text: str, where: str) -> Any:
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            raise RequestError(f"{where}: must be a JSON object") from None


@dataclass(frozen=True, kw_only=True)
class Object(Field):
    """An object with known keys; in a request any other key is an error."""

    fields: Mapping[str, Field]
    is_open: bool = False
    """Answers may hold keys that are not described."""

    def _schema(self) -> dict[str, Any]:
        schema: dict[str, Any] = {
            "type": "object",
            "properties": {key: f.schema() for key, f in self.fields.items()},
        }
        if required := [key for key, f in self.fields.items() if f.required]:
            schema["required"] = required
        if not self.is_open:
            schema["additionalProperties"] = False
        return schema

    def _read(self, value: Any, where: str) -> Any:
        if not isinstance(value, dict):
            raise RequestError(f"{where}: must be an object")
        unknown = [] if self.is_open else sorted(set(value) - set(self.fields))
        if unknown:
            raise RequestError(
                f"{where}: unknown key {json.dumps(unknown[0][:60])}; known: "
                + ", ".join(self.fields)
            )
        return {
            key: field.read(value[key], f"{where}.{key}")
            if key in value
            else _absent(field, f"{where}.{key}")
            for key, field in self.fields.items()
        }

    def read_texts(self, texts: Mapping[str, str], where: str) -> dict[str, Any]:
        """Return what the texts of a query or a form mean; others are passed over."""
        return {
            key: field.read_text(texts[key], f"{where} {key}")
            if key in texts
            else _absent(field, f"{where} {key}")
            for key, field in self.fields.items()
        }


def obj(**fields: Field) -> Object:
    """Return a required object with these keys."""
    return Object(fields=fields)


def answer(**fields: Field) -> Object:
    """Return the description of an answer; later versions may add keys."""
    return Object(fields=fields, is_open=True)


def _absent(field: Field, where: str) -> Any:
    if field.required:
        raise RequestError(f"{where}: is missing")
    return field.default
