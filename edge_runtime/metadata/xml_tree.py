"""Parse XML into elements that know where in the bytes they stand.

Edits can so be made in the bytes themselves: what is not ours stays as it was written.
Documents that declare entities are refused, and sizes are bounded, so that a hostile
file costs neither time nor memory.
"""

from dataclasses import dataclass, field
import re
from typing import Final
from xml.parsers import expat

from .errors import MetadataDamagedError, MetadataTooLargeError
from .namespaces import Name

MAX_XML_BYTES: Final = 8 * 1024 * 1024
_MAX_ELEMENTS: Final = 50_000
_MAX_DEPTH: Final = 64
_SEPARATOR: Final = "\x1f"
"""Can't stand in an XML document, so no namespace holds it."""
_TAG: Final = re.compile(rb"<[^>\"']*+(?:\"[^\"]*+\"[^>\"']*+|'[^']*+'[^>\"']*+)*+>")


@dataclass(slots=True, eq=False)
class Element:
    """One element and its place in the document's bytes."""

    name: Name
    prefix: str
    attributes: dict[Name, str]
    start: int
    """Offset of the start tag."""
    tag_end: int
    """Offset behind the start tag."""
    parent: "Element | None"
    attribute_names: dict[Name, str]
    """Each attribute's name as it is written, with its prefix."""
    children: list["Element"] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)
    end: int = 0
    """Offset behind the end tag."""

    @property
    def text(self) -> str:
        """Return the text directly inside the element."""
        return "".join(self.pieces)

    @property
    def is_empty_tag(self) -> bool:
        """Return whether it is written as one tag, `<name/>`."""
        return self.end == self.tag_end

    def child(self, name: Name) -> "Element | None":
        """Return the first child of a name."""
        return next((child for child in self.children if child.name == name), None)


def parse_xml(data: bytes) -> Element:
    """Return the root of a UTF-8 document.

    Raises MetadataDamagedError or MetadataTooLargeError.
    """
    if len(data) > MAX_XML_BYTES:
        raise MetadataTooLargeError(f"the XML has {len(data)} bytes, too many to read")
    builder = _Builder(data)
    try:
        builder.parser.Parse(data, True)  # noqa: FBT003 - takes no keywords
    except expat.ExpatError as err:
        reason = expat.errors.messages.get(err.code, "not well-formed")
        raise MetadataDamagedError(
            f"the XML is broken in line {err.lineno}: {reason}"
        ) from None
    if builder.root is None:
        raise MetadataDamagedError("the XML holds no element")
    return builder.root


class _Builder:
    """Collects the elements as the parser meets them."""

    def __init__(self, data: bytes) -> None:
        self.root: Element | None = None
        self.parser = expat.ParserCreate("utf-8", _SEPARATOR)
        self.parser.namespace_prefixes = True
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.parser.EntityDeclHandler = _refuse
        self.parser.AttlistDeclHandler = _refuse
        self._data = data
        self._open: list[Element] = []
        self._count = 0

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if self._count > _MAX_ELEMENTS or len(self._open) >= _MAX_DEPTH:
            raise MetadataTooLargeError("the XML has too many or too deep elements")
        start = self.parser.CurrentByteIndex
        tag = _TAG.match(self._data, start)
        if tag is None:  # a tag that a parser with other rules than ours let through
            raise MetadataDamagedError("the XML has a tag without an end")
        uri, local, prefix = _split(name)
        parent = self._open[-1] if self._open else None
        element = Element(
            (uri, local),
            prefix,
            {_split(key)[:2]: value for key, value in attributes.items()},
            start,
            tag.end(),
            parent,
            {_split(key)[:2]: _written(key) for key in attributes},
        )
        if parent is None:
            self.root = element
        else:
            parent.children.append(element)
        self._open.append(element)

    def _end(self, _name: str) -> None:
        element = self._open.pop()
        if self._data[element.tag_end - 2] == ord("/"):
            element.end = element.tag_end
        else:
            begin = self.parser.CurrentByteIndex
            element.end = self._data.index(b">", begin) + 1

    def _text(self, text: str) -> None:
        if self._open:
            self._open[-1].pieces.append(text)


def _split(name: str) -> tuple[str, str, str]:
    parts = name.split(_SEPARATOR)
    if len(parts) == 1:
        return "", parts[0], ""
    return parts[0], parts[1], parts[2] if len(parts) > 2 else ""  # noqa: PLR2004


def _written(name: str) -> str:
    _, local, prefix = _split(name)
    return f"{prefix}:{local}" if prefix else local


def _refuse(*_arguments: object) -> None:
    raise MetadataDamagedError("the XML declares entities, which no photo needs")
