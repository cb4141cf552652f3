"""RAW photos as cameras build them: a TIFF with previews, no sensor data worth it."""

import struct

ENTRY = struct.Struct("<HHII")
ASCII, SHORT, LONG = 2, 3, 4


def make_raw(
    *previews: bytes,
    orientation: int = 1,
    taken: str = "2024:05:01 10:00:00",
    camera: tuple[str, str] = ("ACME Works", "Camera One"),
) -> bytes:
    """Return a DNG whose previews lie behind its directories, as bytes."""
    texts = [text.encode() + b"\0" for text in (*camera, taken)]
    directory, inner = 8, 8 + 2 + 6 * 12 + 4
    text_at = inner + 2 + 12 + 4
    places = [text_at + sum(len(t) for t in texts[:n]) for n in range(3)]
    main = [
        (0x0106, SHORT, 1, 32803),  # the sensor's own colours
        (0x010F, ASCII, len(texts[0]), places[0]),
        (0x0110, ASCII, len(texts[1]), places[1]),
        (0x0112, SHORT, 1, orientation),
        (0x8769, LONG, 1, inner),
        (0xC612, 1, 4, 0x00000401),
    ]
    exif = [(0x9003, ASCII, len(texts[2]), places[2])]
    head = b"II*\0" + struct.pack("<I", directory)
    for entries in (main, exif):
        head += struct.pack("<H", len(entries))
        head += b"".join(ENTRY.pack(*entry) for entry in entries)
        head += bytes(4)
    sensor = bytes(range(256)) * 64
    return head + b"".join(texts) + sensor + sensor.join(previews) + sensor
