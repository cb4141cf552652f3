"""What XMP says, as values: the RDF subset that XMP allows (ISO 16684-1)."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from .namespaces import RDF, XML, Name
from .xml_tree import Element

_RDF_RDF: Final = (RDF, "RDF")
_RDF_LI: Final = (RDF, "li")
_RDF_DESCRIPTION: Final = (RDF, "Description")
_RDF_VALUE: Final = (RDF, "value")
_LANGUAGE: Final = (XML, "lang")
_NO_PROPERTY: Final = frozenset({RDF, XML, ""})

DEFAULT_LANGUAGE: Final = "x-default"


class Shape(Enum):
    """How a value is built."""

    SIMPLE = "simple"
    ALT = "Alt"
    BAG = "Bag"
    SEQ = "Seq"
    STRUCT = "struct"


_ARRAYS: Final = {
    (RDF, shape.value): shape for shape in (Shape.ALT, Shape.BAG, Shape.SEQ)
}


@dataclass(slots=True, eq=False)
class XmpValue:
    """One value: a text, a list or a structure."""

    shape: Shape
    text: str = ""
    language: str | None = None
    items: list["XmpValue"] = field(default_factory=list)
    fields: dict[Name, "XmpValue"] = field(default_factory=dict)
    element: Element | None = None
    """The property's or list item's element; None for an attribute."""
    container: Element | None = None
    """The `rdf:Alt`, `rdf:Bag` or `rdf:Seq` of a list."""

    def texts(self) -> list[str]:
        """Return the texts of a list, or the one text; blank ones are left out."""
        found = self.items or [self]
        return [item.text.strip() for item in found if item.text.strip()]


@dataclass(frozen=True, slots=True, eq=False)
class XmpProperty:
    """A property of the photo and the `rdf:Description` that it stands in."""

    name: Name
    value: XmpValue
    description: Element


def find_rdf(root: Element) -> Element | None:
    """Return the `rdf:RDF` element, wherever it stands."""
    waiting = [root]
    while waiting:
        element = waiting.pop()
        if element.name == _RDF_RDF:
            return element
        waiting += reversed(element.children)
    return None


def properties(root: Element) -> list[XmpProperty]:
    """Return the photo's properties in the order of the document."""
    rdf = find_rdf(root)
    if rdf is None:
        return []
    return [prop for node in rdf.children for prop in _of_description(node)]


def _of_description(node: Element) -> Iterator[XmpProperty]:
    for name, text in node.attributes.items():
        if name[0] not in _NO_PROPERTY:
            yield XmpProperty(name, XmpValue(Shape.SIMPLE, text), node)
    for child in node.children:
        yield XmpProperty(child.name, _value_of(child), node)


def _value_of(element: Element) -> XmpValue:
    language = element.attributes.get(_LANGUAGE)
    if element.attributes.get((RDF, "parseType")) == "Resource":
        return _struct(element, language, element.children, {})
    only = element.children[0] if element.children else None
    if only is None:
        return _without_children(element, language)
    shape = _ARRAYS.get(only.name)
    if shape is not None:
        items = [_value_of(item) for item in only.children if item.name == _RDF_LI]
        return XmpValue(
            shape, language=language, items=items, element=element, container=only
        )
    if only.name == _RDF_DESCRIPTION:
        return _struct(element, language, only.children, only.attributes)
    return XmpValue(Shape.STRUCT, language=language, element=element)


def _without_children(element: Element, language: str | None) -> XmpValue:
    if (RDF, "resource") in element.attributes:
        text = element.attributes[RDF, "resource"]
        return XmpValue(Shape.SIMPLE, text, language, element=element)
    if any(name[0] not in _NO_PROPERTY for name in element.attributes):
        return _struct(element, language, [], element.attributes)
    text = element.attributes.get(_RDF_VALUE, element.text)
    return XmpValue(Shape.SIMPLE, text, language, element=element)


def _struct(
    element: Element,
    language: str | None,
    children: list[Element],
    attributes: dict[Name, str],
) -> XmpValue:
    fields = {
        name: XmpValue(Shape.SIMPLE, text)
        for name, text in attributes.items()
        if name[0] not in _NO_PROPERTY or name == _RDF_VALUE
    }
    fields |= {child.name: _value_of(child) for child in children}
    if _RDF_VALUE in fields:  # a text with remarks, such as its language
        inner = fields[_RDF_VALUE]
        return XmpValue(
            inner.shape, inner.text, language or inner.language, element=element
        )
    return XmpValue(Shape.STRUCT, language=language, fields=fields, element=element)
