"""Structured tasks: fields that a caption fills, and the schema of an answer."""

from collections.abc import Container
from typing import Any, Final

from homeassistant.helpers import llm
from homeassistant.helpers.selector import BooleanSelector, TextSelector
import probatio as vol

from .answering import asked_thing, is_description_field, yes_or_no
from .records import Caption

REASONS: Final = "reasons"
"""Field of a structured answer that says why a yes-or-no field is empty."""


class Field:
    """A field of a structure, and whether a caption can fill it."""

    def __init__(self, name: str, description: str | None, selector: Any) -> None:
        self.name = name
        self.is_yes_no = isinstance(selector, BooleanSelector)
        self.thing = asked_thing(name, description) if self.is_yes_no else None
        is_text = isinstance(selector, TextSelector)
        self.is_text = is_text and is_description_field(name, description)

    @property
    def is_answerable(self) -> bool:
        """Return whether a captioner answers it, if only by saying that it can't."""
        return self.is_yes_no or self.is_text

    @property
    def is_caption(self) -> bool:
        """Return whether a caption, or what is looked for in the picture, fills it."""
        return self.thing is not None or self.is_text


def fields_of(structure: vol.Schema) -> list[Field]:
    """Return the fields of a structure."""
    return [
        Field(str(key), getattr(key, "description", None), selector)
        for key, selector in structure.schema.items()
    ]


def not_captions(fields: list[Field]) -> list[Field]:
    """Return the fields that ask for more than a caption says."""
    return [field for field in fields if not field.is_caption]


def schema_of(structure: vol.Schema) -> dict[str, Any]:
    """Return the JSON schema of a structure."""
    schema: dict[str, Any] = vol.to_openapi(
        structure,
        custom_serializer=llm.selector_serializer,
        openapi_version="3.1.0",
    )
    return schema


def part_of(structure: vol.Schema, names: Container[str]) -> vol.Schema:
    """Return a structure with some of its fields."""
    return vol.Schema(
        {key: value for key, value in structure.schema.items() if str(key) in names}
    )


def filled(
    fields: list[Field], caption: Caption
) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the fields as a caption fills them, and the reasons of empty ones."""
    data: dict[str, Any] = {}
    reasons: dict[str, str] = {}
    for field in fields:
        if not field.is_yes_no:
            data[field.name] = caption.text
        elif field.thing is None:
            data[field.name] = None
            reasons[field.name] = "a captioner can only say whether a thing is there"
        else:
            answer = yes_or_no(caption, field.thing)
            data[field.name] = answer.value
            if answer.reason is not None:
                reasons[field.name] = answer.reason
    return data, reasons
