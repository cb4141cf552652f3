"""The bytes around XMP: encodings, byte order marks, padding, junk at the ends."""

import codecs
from dataclasses import dataclass
import re
from typing import Final

from .errors import MetadataDamagedError
from .xml_tree import Element, parse_xml

_BOMS: Final = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_STARTS: Final = (
    (b"<\0\0\0", "utf-32-le"),
    (b"\0\0\0<", "utf-32-be"),
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
)
_NOT_XML: Final = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_PADDING_LINES: Final = 20

_HEAD: Final = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
    '<x:xmpmeta xmlns:x="adobe:ns:meta/">\n'
    ' <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
)
_TAIL: Final = "\n </rdf:RDF>\n</x:xmpmeta>\n"


@dataclass(frozen=True, slots=True)
class Packet:
    """XMP as UTF-8 XML, and what stood around it."""

    xml: bytes
    encoding: str
    before: bytes = b""
    after: bytes = b""

    def to_bytes(self) -> bytes:
        """Return the packet as it is stored."""
        xml = self.xml
        if self.encoding != "utf-8":
            xml = xml.decode().encode(self.encoding)
        return self.before + xml + self.after


def read_packet(data: bytes) -> Packet:
    """Take the XML out of a stored packet; raise MetadataDamagedError if it is none."""
    bom, encoding = next(
        ((mark, name) for mark, name in _BOMS if data.startswith(mark)), (b"", "")
    )
    if not encoding:
        head = data[:16].lstrip(b" \t\r\n")
        encoding = next((e for mark, e in _STARTS if head.startswith(mark)), "utf-8")
    if encoding == "utf-8":
        start, end = data.find(b"<"), data.rfind(b">") + 1
        if start < 0 or end <= start:
            raise MetadataDamagedError("the XMP holds no XML")
        return Packet(data[start:end], encoding, data[:start], data[end:])
    try:
        text = data[len(bom) :].decode(encoding)
    except UnicodeDecodeError:
        raise MetadataDamagedError(f"the XMP is no valid {encoding}") from None
    body = text.rstrip("\0")
    after = text[len(body) :].encode(encoding)
    return Packet(body.encode("utf-8", "replace"), encoding, bom, after)


def parse_packet(data: bytes) -> tuple[Packet, Element]:
    """Return a packet and its root element; raise the typed error if it is broken."""
    packet = read_packet(data)
    return packet, parse_xml(packet.xml)


def salvage(data: bytes) -> Element:
    """Return the root of a packet whose only fault is stray bytes or characters."""
    text = read_packet(data).xml.decode("utf-8", "replace")
    return parse_xml(_NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text).encode())


def new_packet(block: bytes, *, padded: bool) -> bytes:
    """Return a packet around one `rdf:Description`; embedded ones get padding.

    Programs that change a packet in place use the padding, so that no byte of the
    file has to move.
    """
    padding = (" " * 99 + "\n") * _PADDING_LINES if padded else ""
    tail = f'{_TAIL}{padding}<?xpacket end="w"?>'
    return _HEAD.encode() + block + tail.encode() + (b"" if padded else b"\n")
