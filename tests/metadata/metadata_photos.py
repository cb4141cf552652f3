"""Photos for the tests of metadata: made here, small, with blocks of every kind."""

from io import BytesIO
from pathlib import Path
import struct
import zlib

from PIL import Image

from edge_runtime.metadata import (
    CaptionToWrite,
    Provenance,
    WriteMode,
    WriteOptions,
    read_metadata,
    write_caption,
)
from edge_runtime.metadata.containers.jpeg import read_jpeg
from edge_runtime.metadata.containers.png import read_png
from edge_runtime.metadata.containers.webp import read_webp
from edge_runtime.metadata.photo_file import MemoryBytes

XMP_MARK = b"http://ns.adobe.com/xap/1.0/\0"
ENGLISH = "A dog runs on the grass"
GERMAN = "Ein Hund läuft über die Wiese: schön"
JAPANESE = "草の上の犬 🐕"
CAPTION = CaptionToWrite(
    {"en": ENGLISH, "de": GERMAN, "ja": JAPANESE},
    Provenance("tiny-captioner", "3", "sure"),
    {"en": "A brown dog on a meadow"},
    ("dog", "Wiese", "🐕"),
)
ONLY_ENGLISH = CaptionToWrite({"en": ENGLISH}, Provenance("tiny-captioner"))
STRICT = WriteOptions(fall_back=False)


def picture(width: int = 96, height: int = 64) -> Image.Image:
    gray = Image.radial_gradient("L").resize((width, height))
    slope = Image.linear_gradient("L").resize((width, height))
    return Image.merge("RGB", (gray, slope, slope.rotate(180)))


def encoded(kind: str, image: Image.Image | None = None, **options) -> bytes:
    buffer = BytesIO()
    (image or picture()).save(buffer, kind, **options)
    return buffer.getvalue()


def exif_with(**tags) -> bytes:
    """Return Pillow's EXIF block with tags by their number, `t270="words"`."""
    exif = Image.Exif()
    for name, value in tags.items():
        exif[int(name[1:])] = value
    return exif.tobytes()


def segment(marker: int, payload: bytes) -> bytes:
    return bytes((0xFF, marker)) + struct.pack(">H", len(payload) + 2) + payload


def with_segments(jpeg: bytes, *segments: bytes) -> bytes:
    """Return a JPEG with segments behind its JFIF header."""
    at = 2
    if jpeg[2:4] == b"\xff\xe0":
        at = 4 + struct.unpack_from(">H", jpeg, 4)[0]
    return jpeg[:at] + b"".join(segments) + jpeg[at:]


def xmp_segment(packet: str | bytes) -> bytes:
    data = packet.encode() if isinstance(packet, str) else packet
    return segment(0xE1, XMP_MARK + data)


def xmp_packet(body: str, spaces: str = "") -> str:
    """Return a packet in the way of another program, with padding and remarks."""
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
        "<!-- somebody was here -->\n"
        '<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="Other 1.0">\n'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">\n'
        '<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"\n'
        '  xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:own="urn:x-own:"'
        f' {spaces}\n  xmp:Rating="4" own:secret="keep me">\n'
        f"{body}<own:list><rdf:Seq><rdf:li>z</rdf:li><rdf:li>a</rdf:li></rdf:Seq>"
        "</own:list>\n"
        "</rdf:Description>\n"
        "</rdf:RDF>\n<?own instruction?>\n</x:xmpmeta>\n"
        f'{" " * 200}\n<?xpacket end="w"?>'
    )


def languages(name: str, **texts: str) -> str:
    """Return a property with one text per language; `_` is the default."""
    items = "".join(
        f'\n <rdf:li xml:lang="{"x-default" if key == "_" else key}">{text}</rdf:li>'
        for key, text in texts.items()
    )
    return f"<{name}><rdf:Alt>{items}\n</rdf:Alt></{name}>\n"


def iptc_dataset(record: int, number: int, value: bytes) -> bytes:
    return struct.pack(">BBBH", 0x1C, record, number, len(value)) + value


def resource(number: int, data: bytes) -> bytes:
    head = b"8BIM" + struct.pack(">HHI", number, 0, len(data))
    return head + data + b"\0" * (len(data) % 2)


def iptc_segment(*datasets: bytes, others: bytes = b"") -> bytes:
    block = others + resource(0x0404, b"".join(datasets))
    return segment(0xED, b"Photoshop 3.0\0" + block)


def png_chunk(kind: bytes, data: bytes) -> bytes:
    checksum = struct.pack(">I", zlib.crc32(kind + data))
    return struct.pack(">I", len(data)) + kind + data + checksum


def with_chunks(png: bytes, *chunks: bytes) -> bytes:
    """Return a PNG with chunks behind its header."""
    return png[:33] + b"".join(chunks) + png[33:]


def picture_data(path: Path) -> bytes:
    """Return the coded picture by a walk of its own over the file."""
    data = path.read_bytes()
    if data[:2] == b"\xff\xd8":
        return data[read_jpeg(MemoryBytes(data)).scan :]
    if data[:4] == b"RIFF":
        kept = (b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF")
        chunks = read_webp(MemoryBytes(data)).chunks
    else:
        kept = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"fcTL", b"fdAT")
        chunks = read_png(MemoryBytes(data)).chunks
    return b"".join(data[c.start : c.end] for c in chunks if c.kind in kept)


def jpeg_with_pictures_behind(*others: bytes, head: bytes = b"") -> bytes:
    """Return a JPEG with a multi-picture index and the pictures it names."""
    count = len(others) + 1
    size = 4 + 4 + 8 + 2 + 3 * 12 + 4 + 16 * count

    def index(first_size: int, offsets: list[int]) -> bytes:
        tiff = b"MM\0*\0\0\0\x08" + struct.pack(">H", 3)
        tiff += struct.pack(">HHI4s", 0xB000, 7, 4, b"0100")
        tiff += struct.pack(">HHII", 0xB001, 4, 1, count)
        tiff += struct.pack(">HHII", 0xB002, 7, 16 * count, 8 + 2 + 36 + 4)
        tiff += struct.pack(">I", 0)
        tiff += struct.pack(">IIIHH", 0x20030000, first_size, 0, 0, 0)
        for other, offset in zip(others, offsets, strict=True):
            tiff += struct.pack(">IIIHH", 0, len(other), offset, 0, 0)
        return segment(0xE2, b"MPF\0" + tiff)

    jpeg = encoded("JPEG")
    plain = with_segments(jpeg, head)
    first = len(plain) + size
    base = len(plain) - len(jpeg) + 20 + 8  # behind JFIF's header and the index's own
    offsets, at = [], first
    for other in others:
        offsets.append(at - base)
        at += len(other)
    whole = with_segments(jpeg, head + index(first, offsets))
    assert len(whole) == first
    return whole + b"".join(others)


def pictures_of_index(data: bytes) -> list[bytes]:
    """Return the pictures that a JPEG's index names, read without our code."""
    start = data.index(b"MPF\0") + 4
    (first,) = struct.unpack_from(">I", data, start + 4)
    (number,) = struct.unpack_from(">H", data, start + first)
    for entry in range(number):
        tag, _, size, offset = struct.unpack_from(
            ">HHII", data, start + first + 2 + 12 * entry
        )
        if tag == 0xB002:
            break
    found = []
    for place in range(start + offset, start + offset + size, 16):
        _, length, begin = struct.unpack_from(">III", data, place)
        begin = start + begin if begin else 0
        found.append(data[begin : begin + length])
    return found


def embed(path, caption=CAPTION, options=STRICT):
    return write_caption(path, caption, WriteMode.EMBED, options)


def exif_of(path):
    with Image.open(path) as image:
        return dict(image.getexif())


def texts(path, place=None):
    found = read_metadata(path).captions
    return {f.language: f.text for f in found if place in {None, f.place}}
