"""A caption as JSON: where a schema or a prompt asks for it, and nothing made up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from .noun_phrases import parse
from .wishes import is_description_wish

_MAX_DEPTH: Final = 8
_MAX_FIELDS: Final = 50
_TEXTS: Final = frozenset(
    {
        "alt", "alt_text", "answer", "caption", "content", "description", "details",
        "image_description", "long_description", "message", "response", "result",
        "scene", "scene_description", "short_description", "summary", "text",
    }
)  # fmt: skip
_TITLES: Final = frozenset(
    {"heading", "headline", "image_title", "short_title", "title"}
)
_TAGS: Final = frozenset({"hashtags", "keywords", "labels", "objects", "tags"})


class UnfillableError(Exception):
    """A schema asks for something that a caption doesn't say."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What a caption gives."""

    description: str
    language: str = "en"

    @property
    def title(self) -> str:
        """Return the caption as a title: without its full stop."""
        return self.description.strip().rstrip(".")

    @property
    def tags(self) -> list[str]:
        """Return the things that the caption names, in order."""
        lemmas = (phrase.lemma for phrase in parse(self.description).phrases)
        return list(dict.fromkeys(lemmas))

    def get(self, name: str) -> str | list[str] | None:
        """Return the part that goes by a name, or None."""
        plain = name.lower().replace("-", "_").replace(" ", "_")
        if plain in _TITLES:
            return self.title
        if plain in _TAGS:  # only English sentences are taken apart here
            return self.tags if self.language.partition("-")[0] == "en" else None
        return self.description if plain in _TEXTS else None


def as_object(parts: Parts, fields: Sequence[str]) -> dict[str, Any]:
    """Return the parts that a prompt names; the description alone if it names none."""
    found: dict[str, Any] = {}
    for name in fields:
        part = parts.get(name)
        if part is None:
            raise UnfillableError(name)
        found[name] = part
    return found or {"description": parts.description}


def fill(schema: Mapping[str, Any], parts: Parts) -> Any:
    """Return a value that a JSON schema describes; raise UnfillableError with a name.

    What the schema doesn't require, and a caption doesn't say, is left out.
    """
    return _fill(schema, parts, "", schema, 0)


def _fill(
    schema: Mapping[str, Any],
    parts: Parts,
    name: str,
    root: Mapping[str, Any],
    depth: int,
) -> Any:
    if depth > _MAX_DEPTH:
        raise UnfillableError(name or "a schema this deep")
    schema = _resolved(schema, root)
    kinds = _kinds(schema)
    if "object" in kinds or (not kinds and "properties" in schema):
        return _object(schema, parts, root, depth)
    value = _value(schema, parts, name) if name else parts.description
    if isinstance(value, list) and "array" in kinds:
        items = schema.get("items")
        inner = _kinds(items) if isinstance(items, Mapping) else {"string"}
        if not inner or "string" in inner:
            return value
    is_free = "enum" not in schema and "const" not in schema
    if isinstance(value, str) and is_free and (not kinds or "string" in kinds):
        return value
    if "null" in kinds:
        return None
    raise UnfillableError(name or "the schema")


def _object(
    schema: Mapping[str, Any], parts: Parts, root: Mapping[str, Any], depth: int
) -> dict[str, Any]:
    properties = schema.get("properties")
    if not isinstance(properties, Mapping) or len(properties) > _MAX_FIELDS:
        raise UnfillableError("an object without known properties")
    required = schema.get("required")
    needed = set(required) if isinstance(required, list) else set()
    found: dict[str, Any] = {}
    for key, inner in properties.items():
        known = inner if isinstance(inner, Mapping) else {"type": "unknown"}
        try:
            found[key] = _fill(known, parts, key, root, depth + 1)
        except UnfillableError:
            if key in needed:
                raise
    if not found:
        raise UnfillableError(next(iter(properties), "the schema"))
    return found


def _value(schema: Mapping[str, Any], parts: Parts, name: str) -> Any:
    if (part := parts.get(name)) is not None:
        return part
    described = schema.get("description")
    if isinstance(described, str) and described and is_description_wish(described):
        return parts.description
    return None


def _kinds(schema: Mapping[str, Any]) -> set[str]:
    kinds: set[str] = set()
    for inner in _alternatives(schema):
        kinds |= _kinds(inner)
    kind = schema.get("type")
    if isinstance(kind, str):
        kinds.add(kind)
    elif isinstance(kind, list):
        kinds |= {one for one in kind if isinstance(one, str)}
    return kinds


def _alternatives(schema: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found = schema.get("anyOf") or schema.get("oneOf")
    return (
        [s for s in found if isinstance(s, Mapping)] if isinstance(found, list) else []
    )


def _resolved(schema: Mapping[str, Any], root: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a schema with its reference followed, once."""
    reference = schema.get("$ref")
    if not isinstance(reference, str) or not reference.startswith("#/"):
        return schema
    found: Any = root
    for part in reference[2:].split("/"):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else schema
