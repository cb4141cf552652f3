"""Write what we add to XMP: one `rdf:Description` with its own namespaces."""

from dataclasses import dataclass, field
from typing import Final

from .namespaces import PREFIXES
from .provenance import NO_LANGUAGE, Mark, Record, replaced_texts, text_hash
from .xmp import ALT_TEXT, DESCRIPTION, SUBJECT, TAGS_LIST, TIFF_DESCRIPTION

LANGUAGE_FIELDS: Final = {
    DESCRIPTION: "dc:description",
    TIFF_DESCRIPTION: "tiff:ImageDescription",
    ALT_TEXT: "Iptc4xmpCore:AltTextAccessibility",
}
LIST_FIELDS: Final = {SUBJECT: "dc:subject", TAGS_LIST: "digiKam:TagsList"}
FIELDS: Final = LANGUAGE_FIELDS | LIST_FIELDS
CAPTION_WRITER: Final = "photoshop:CaptionWriter"


@dataclass(slots=True)
class Additions:
    """What is to be added to one packet."""

    alternatives: dict[str, dict[str, str]] = field(default_factory=dict)
    """Field to language to text; `x-default` first, if it is there."""
    lists: dict[str, list[str]] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)

    def records(self) -> list[Record]:
        """Return what our mark has to remember."""
        found = [
            Record(name, language, text_hash(text))
            for name, texts in self.alternatives.items()
            for language, text in texts.items()
        ]
        found += [
            Record(name, NO_LANGUAGE, text_hash(word))
            for name, words in self.lists.items()
            for word in words
        ]
        found += [
            Record(name, NO_LANGUAGE, text_hash(text))
            for name, text in self.texts.items()
        ]
        return found


def shape_of(name: str) -> str:
    """Return the kind of list that a field is."""
    return "Seq" if name == LIST_FIELDS[TAGS_LIST] else "Bag"


def _escaped(text: str) -> str:
    """Return text as XML holds it, between tags or in double quotes."""
    for character, entity in (("&", "amp"), ("<", "lt"), (">", "gt"), ('"', "quot")):
        text = text.replace(character, f"&{entity};")
    return text


def list_item(prefix: str, language: str, text: str) -> bytes:
    """Return a list item; `prefix` ends with its colon."""
    tag = f' xml:lang="{language}"' if language else ""
    return f"<{prefix}li{tag}>{_escaped(text)}</{prefix}li>".encode()


def description_block(additions: Additions, mark: Mark, about: str) -> bytes:
    """Return a description with everything that is new, and our mark."""
    lines: list[str] = []
    for name, texts in additions.alternatives.items():
        lines += _list_lines(name, "Alt", list(texts.items()))
    for name, words in additions.lists.items():
        lines += _list_lines(name, shape_of(name), [("", word) for word in words])
    for name, text in [*additions.texts.items(), *_mark_texts(mark)]:
        lines.append(f"   <{name}>{_escaped(text)}</{name}>")
    records = [("", str(record)) for record in mark.records]
    lines += _list_lines("edgeCaptions:Written", "Bag", records)
    if mark.replaced:
        old = [("", text) for text in replaced_texts(mark)]
        lines += _list_lines("edgeCaptions:Replaced", "Bag", old)
    used = {line.strip()[1:].partition(":")[0] for line in lines} | {"rdf"}
    spaces = "".join(
        f'\n    xmlns:{prefix}="{uri}"'
        for prefix, uri in PREFIXES.items()
        if prefix in used
    )
    head = f'\n  <rdf:Description rdf:about="{_escaped(about)}"{spaces}>\n'
    return (head + "\n".join(lines) + "\n  </rdf:Description>").encode()


def _mark_texts(mark: Mark) -> list[tuple[str, str]]:
    return [(f"edgeCaptions:{name}", text) for name, text in mark.properties()]


def _list_lines(name: str, shape: str, items: list[tuple[str, str]]) -> list[str]:
    return [
        f"   <{name}>",
        f"    <rdf:{shape}>",
        *(f"     {list_item('rdf:', *item).decode()}" for item in items),
        f"    </rdf:{shape}>",
        f"   </{name}>",
    ]
