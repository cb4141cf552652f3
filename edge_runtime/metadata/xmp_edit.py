"""Change XMP in its own bytes: what is not ours stays as it was written.

New properties stand in one `rdf:Description` of ours; languages and keywords that join
a list of somebody else's are inserted into it. Every insertion begins right behind a
tag, so taking it out again with the white space before it gives the old bytes back.
"""

from collections.abc import Iterable
from dataclasses import replace
import re
from typing import Final

from .errors import MetadataDamagedError
from .namespaces import OURS, RDF, Name, qualified
from .packet import Packet, new_packet, parse_packet
from .provenance import NO_LANGUAGE, Mark, Record, text_hash
from .xml_tree import Element, parse_xml
from .xmp_block import (
    CAPTION_WRITER,
    FIELDS,
    LANGUAGE_FIELDS,
    LIST_FIELDS,
    Additions,
    description_block,
    list_item,
    shape_of,
)
from .xmp_values import Shape, XmpProperty, XmpValue, find_rdf, properties

_ABOUT: Final = (RDF, "about")
_SPACE: Final = b" \t\r\n"
_ATTRIBUTE: Final = re.compile(rb"\s+([^\s=]+)\s*=\s*(?:\"[^\"]*\"|'[^']*')")
_HARMLESS: Final = frozenset({_ABOUT, (RDF, "ID"), (RDF, "nodeID"), ("", "about")})


class _Splices:
    """Edits of one document, collected and then made at once."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self._edits: list[tuple[int, int, bytes]] = []

    def insert(self, at: int, new: bytes) -> None:
        self._edits.append((at, at, new))

    def replace(self, start: int, end: int, new: bytes) -> None:
        self._edits.append((start, end, new))

    def remove(self, element: Element) -> None:
        """Take an element out, with the white space between it and the tag before."""
        start = element.start
        while start > 0 and self.data[start - 1] in _SPACE:
            start -= 1
        if self.data[start - 1 : start] != b">":
            start = element.start
        self._edits.append((start, element.end, b""))

    def remove_attribute(self, element: Element, name: Name) -> None:
        written = element.attribute_names[name].encode()
        tag = self.data[element.start : element.tag_end]
        for found in _ATTRIBUTE.finditer(tag):
            if found[1] == written:
                start = element.start
                self._edits.append((start + found.start(), start + found.end(), b""))

    def result(self) -> bytes:
        parts, at = [], 0
        for start, end, new in sorted(self._edits, key=lambda edit: edit[:2]):
            parts += [self.data[at:start], new]
            at = end
        return b"".join([*parts, self.data[at:]])


def add(data: bytes | None, additions: Additions, mark: Mark, *, padded: bool) -> bytes:
    """Return a packet with what is new in it, and our mark.

    Raises MetadataDamagedError if the packet is broken.
    """
    if data is None:
        return new_packet(description_block(additions, mark, about=""), padded=padded)
    packet, root = parse_packet(data)
    rdf = find_rdf(root)
    if rdf is None:
        raise MetadataDamagedError("the XMP holds no rdf:RDF")
    adding = _Adding(
        _Splices(packet.xml), {p.name: p for p in reversed(properties(root))}
    )
    rest = Additions(texts=dict(additions.texts))
    for name, texts in additions.alternatives.items():
        if not adding.extend(name, "Alt", list(texts.items())):
            rest.alternatives[name] = texts
    for name, words in additions.lists.items():
        if not adding.extend(name, shape_of(name), [("", word) for word in words]):
            rest.lists[name] = words
    mark = replace(mark, replaced=tuple(adding.replaced))
    _append_block(adding.splices, rdf, description_block(rest, mark, _about_of(rdf)))
    return _packed(packet, adding.splices)


def remove(data: bytes, mark: Mark, hashes: frozenset[str]) -> bytes | None:
    """Return a packet without our words and our mark; None if nothing else is in it.

    `hashes` are those of all captions of ours, wherever our marks stand.
    Raises MetadataDamagedError if the packet is broken.
    """
    packet, root = parse_packet(data)
    splices = _Splices(packet.xml)
    removal = _Removal(mark, hashes, splices)
    for prop in properties(root):
        removal.judge(prop)
    rdf = find_rdf(root)
    nodes = [] if rdf is None else rdf.children
    for node in nodes:
        removal.bury(node)
    if "packet" in mark.created and all(node in removal.dead for node in nodes):
        return None
    for element, old in removal.revived.items():
        splices.replace(element.start, element.end, old)
    for element in _topmost(root, removal.dead, set(removal.revived)):
        splices.remove(element)
    if removal.revived:
        parse_xml(splices.result())  # what is put back comes out of the file
    return _packed(packet, splices)


class _Removal:
    """Finds what is ours, then what holds nothing else."""

    def __init__(self, mark: Mark, hashes: frozenset[str], splices: _Splices) -> None:
        self.dead: set[Element] = set()
        self.revived: dict[Element, bytes] = {}
        self._replaced = dict(mark.replaced)
        self._bare: dict[Element, set[Name]] = {}
        self._records = frozenset(mark.records)
        self._hashes = hashes
        self._splices = splices

    def judge(self, prop: XmpProperty) -> None:
        """Mark a property, or items of it, as ours."""
        value = prop.value
        if value.shape in {Shape.ALT, Shape.BAG, Shape.SEQ} and prop.name[0] != OURS:
            for item in value.items:
                if item.element is not None and self._is_ours(prop.name, item.text):
                    self.dead.add(item.element)
            self._judge_container(prop.name, value)
        elif prop.name[0] == OURS or self._is_ours(prop.name, value.text):
            if value.element is not None:
                self.dead.add(value.element)
            else:
                node = prop.description
                self._bare.setdefault(node, set()).add(prop.name)
                self._splices.remove_attribute(node, prop.name)

    def bury(self, node: Element) -> None:
        """Mark a description as dead if all that it held was ours."""
        touched = node in self._bare or any(c in self.dead for c in node.children)
        left = set(node.attributes) - self._bare.get(node, set()) - _HARMLESS
        if touched and not left and all(c in self.dead for c in node.children):
            self.dead.add(node)

    def _judge_container(self, name: Name, value: XmpValue) -> None:
        items = [] if value.container is None else value.container.children
        if not (items and value.element and all(item in self.dead for item in items)):
            return
        old = self._replaced.pop(FIELDS.get(name, ""), None)
        if old is None:
            self.dead.add(value.element)
        else:
            self.revived[value.element] = old

    def _is_ours(self, name: Name, text: str) -> bool:
        if name in LANGUAGE_FIELDS:
            return text_hash(text) in self._hashes
        if name in LIST_FIELDS:
            return self._wrote(LIST_FIELDS[name], text)
        return name == qualified(CAPTION_WRITER) and self._wrote(CAPTION_WRITER, text)

    def _wrote(self, field_name: str, text: str) -> bool:
        record = Record(field_name, NO_LANGUAGE, text_hash(text))
        return record in self._records


def _topmost(
    element: Element, dead: set[Element], passed_over: set[Element]
) -> Iterable[Element]:
    for child in element.children:
        if child in dead:
            yield child
        elif child not in passed_over:
            yield from _topmost(child, dead, passed_over)


class _Adding:
    """Puts items into properties that are there already."""

    def __init__(
        self, splices: _Splices, properties_by_name: dict[Name, XmpProperty]
    ) -> None:
        self.splices = splices
        self.replaced: list[tuple[str, bytes]] = []
        self._there = properties_by_name

    def extend(self, name: str, shape: str, items: list[tuple[str, str]]) -> bool:
        """Insert items into a property; return whether there is one to insert into."""
        prop = self._there.get(qualified(name))
        if prop is None:
            return False
        value = prop.value
        if value.texts() and value.container is not None:
            self._append(value.container, items)
            return True
        if value.texts() or value.shape is Shape.STRUCT:
            raise MetadataDamagedError(f"the XMP has {name} in an unknown form")
        if value.element is None:
            self.splices.remove_attribute(prop.description, prop.name)
            return False
        self._replace(name, value.element, shape, items)
        return True

    def _append(self, container: Element, items: list[tuple[str, str]]) -> None:
        last = container.children[-1]
        before = _space_before(self.splices.data, last.start)
        prefix = f"{container.prefix}:" if container.prefix else ""
        new = b"".join(before + list_item(prefix, *item) for item in items)
        self.splices.insert(last.end, new)

    def _replace(
        self, name: str, blank: Element, shape: str, items: list[tuple[str, str]]
    ) -> None:
        """Take the place of a property without text, and remember its XML."""
        self.replaced.append((name, self.splices.data[blank.start : blank.end]))
        tag = f"{blank.prefix}:{blank.name[1]}" if blank.prefix else blank.name[1]
        space = f' xmlns="{blank.name[0]}"' if not blank.prefix else ""
        listed = b"".join(list_item("rdf:", *item) for item in items).decode()
        list_ = f'<rdf:{shape} xmlns:rdf="{RDF}">{listed}</rdf:{shape}>'
        new = f"<{tag}{space}>{list_}</{tag}>"
        self.splices.replace(blank.start, blank.end, new.encode())


def _about_of(rdf: Element) -> str:
    """Return what the descriptions say they are about; all must say the same."""
    for node in rdf.children:
        for name in (_ABOUT, ("", "about")):
            if name in node.attributes:
                return node.attributes[name]
    return ""


def _append_block(splices: _Splices, rdf: Element, block: bytes) -> None:
    if rdf.is_empty_tag:
        name = f"{rdf.prefix}:RDF" if rdf.prefix else "RDF"
        closed = b">" + block + f"</{name}>".encode()
        splices.replace(rdf.tag_end - 2, rdf.tag_end, closed)
    else:
        at = rdf.children[-1].end if rdf.children else rdf.tag_end
        splices.insert(at, block)


def _packed(packet: Packet, splices: _Splices) -> bytes:
    return replace(packet, xml=splices.result()).to_bytes()


def _space_before(data: bytes, at: int) -> bytes:
    start = at
    while start > 0 and data[start - 1] in _SPACE:
        start -= 1
    return data[start:at] if data[start - 1 : start] == b">" else b""
