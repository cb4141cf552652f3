"""A JPEG's blocks and whatever lies behind its picture survive an embedded caption."""

from dataclasses import replace
import hashlib
import struct

from metadata_photos import (
    CAPTION,
    ENGLISH,
    GERMAN,
    ONLY_ENGLISH,
    embed,
    encoded,
    exif_of,
    exif_with,
    iptc_dataset,
    iptc_segment,
    jpeg_with_pictures_behind,
    picture,
    pictures_of_index,
    resource,
    segment,
    texts,
    with_segments,
    xmp_packet,
    xmp_segment,
)
import pytest

from edge_runtime.metadata import (
    EmbedRefusedError,
    KeptReason,
    WriteMode,
    WriteOptions,
    read_metadata,
    restore,
)


def md5(data):
    return hashlib.md5(data, usedforsecurity=False)


def test_pictures_behind_a_jpeg_are_still_found(tmp_path):
    others = (encoded("JPEG", picture(32, 32)), encoded("JPEG", picture(48, 16)))
    exif = segment(0xE1, b"Exif\0\0" + exif_with(t271="M")[6:])
    path = tmp_path / "ultra.jpg"
    path.write_bytes(jpeg_with_pictures_behind(*others, head=exif))
    before = path.read_bytes()
    assert pictures_of_index(before)[1:] == list(others)
    embed(path)
    written = path.read_bytes()
    first, *rest = pictures_of_index(written)
    assert rest == list(others)
    assert first == written[: -sum(map(len, others))]
    restore(path)
    assert path.read_bytes() == before


def test_pictures_are_found_when_metadata_stand_behind_the_index(tmp_path):
    other = encoded("JPEG", picture(32, 32))
    data = jpeg_with_pictures_behind(other)
    scan = data.index(b"\xff\xdb")
    late = xmp_segment(xmp_packet(""))
    index = data.index(b"MPF\0") + 4
    moved = bytearray(data[:scan] + late + data[scan:])
    place = index + 8 + 2 + 36 + 4 + 16 + 8
    struct.pack_into(
        ">I", moved, place, struct.unpack_from(">I", moved, place)[0] + len(late)
    )
    path = tmp_path / "photo.jpg"
    path.write_bytes(moved)
    assert pictures_of_index(bytes(moved))[1] == other
    embed(path)
    assert pictures_of_index(path.read_bytes())[1] == other
    restore(path)
    assert path.read_bytes() == bytes(moved)


FILM = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + bytes(5000)
SAMSUNG = b"\0\0\x30\x0amotion" + FILM + b"SEFH" + bytes(20) + b"SEFT"


@pytest.mark.parametrize("trailer", [FILM, SAMSUNG, bytes(4096)])
def test_films_and_padding_behind_the_picture_move_whole(tmp_path, trailer):
    path = tmp_path / "motion.jpg"
    path.write_bytes(encoded("JPEG") + trailer)
    before = path.read_bytes()
    embed(path)
    assert path.read_bytes().endswith(trailer)
    restore(path)
    assert path.read_bytes() == before


def test_a_google_trailer_is_known_by_its_xmp(tmp_path):
    spaces = 'xmlns:GCamera="http://ns.google.com/photos/1.0/camera/"'
    packet = xmp_packet("<GCamera:MicroVideo>1</GCamera:MicroVideo>", spaces)
    path = tmp_path / "motion.jpg"
    path.write_bytes(
        with_segments(encoded("JPEG"), xmp_segment(packet)) + b"something new"
    )
    embed(path)
    assert path.read_bytes().endswith(b"something new")


def test_unknown_data_behind_the_picture_stay_where_they_are(tmp_path):
    path = tmp_path / "odd.jpg"
    path.write_bytes(encoded("JPEG") + b"AFCP" + bytes(range(1, 200)))
    before = path.read_bytes()
    with pytest.raises(EmbedRefusedError, match="behind the picture"):
        embed(path)
    result = embed(path, CAPTION, WriteOptions())
    assert path.read_bytes() == before
    assert result.mode is WriteMode.SIDECAR
    assert "behind the picture" in result.instead
    assert read_metadata(path).caption().text == ENGLISH


def test_a_preview_that_the_cameras_notes_point_to_stays(tmp_path):
    other = encoded("JPEG", picture(32, 32))
    plain = jpeg_with_pictures_behind(
        other, head=segment(0xE1, b"Exif\0\0" + exif_with(t271="0123456789")[6:])
    )
    pointer = len(plain) - len(other) - (plain.index(b"Exif\0\0") + 6)
    order = "<" if plain[plain.index(b"Exif\0\0") + 6 :][:2] == b"II" else ">"
    note = struct.pack(order + "I", pointer) + b"456789"
    path = tmp_path / "maker.jpg"
    path.write_bytes(plain.replace(b"0123456789", note))
    with pytest.raises(EmbedRefusedError, match="notes point"):
        embed(path)


def test_extended_xmp_is_read_and_kept(tmp_path):
    spaces = 'xmlns:xmpNote="http://ns.adobe.com/xmp/note/" xmpNote:HasExtendedXMP='
    extension = xmp_packet("<own:big>" + "x" * 90_000 + "</own:big>").encode()
    guid = md5(extension).hexdigest().upper()
    parts = [
        segment(
            0xE1,
            b"http://ns.adobe.com/xmp/extension/\0"
            + guid.encode()
            + struct.pack(">II", len(extension), at)
            + extension[at : at + 60_000],
        )
        for at in range(0, len(extension), 60_000)
    ]
    main = xmp_segment(xmp_packet("", f'{spaces}"{guid}"'))
    path = tmp_path / "photo.jpg"
    path.write_bytes(with_segments(encoded("JPEG"), main, *reversed(parts)))
    before = path.read_bytes()
    assert not read_metadata(path).problems
    embed(path)
    written = path.read_bytes()
    assert all(part in written for part in parts)
    assert guid.encode() in written
    restore(path)
    assert path.read_bytes() == before
    path.write_bytes(with_segments(encoded("JPEG"), main, parts[0]))
    assert "incomplete" in read_metadata(path).problems[0]


def test_iptc_in_an_old_encoding_is_not_turned_into_gibberish(tmp_path):
    path = tmp_path / "photo.jpg"
    city = iptc_segment(iptc_dataset(2, 90, "Zürich".encode("latin-1")))
    path.write_bytes(with_segments(encoded("JPEG"), city))
    caption = replace(ONLY_ENGLISH, texts={"de": GERMAN})
    result = embed(path, caption)
    assert [(k.field, k.reason) for k in result.kept] == [
        ("iptc:Caption-Abstract", KeptReason.ENCODING)
    ]
    assert city in path.read_bytes()
    embed(path, ONLY_ENGLISH)  # plain ASCII fits into every encoding
    assert texts(path, "iptc:Caption-Abstract") == {"x-default": ENGLISH}


def test_the_iptc_mark_is_added_only_if_needed_and_goes_again(tmp_path):
    path = tmp_path / "photo.jpg"
    others = resource(0x03ED, b"\0\x48" * 8)
    digest = resource(0x0425, md5(iptc_dataset(2, 90, b"Bern")).digest())
    block = iptc_segment(iptc_dataset(2, 90, b"Bern"), others=others + digest)
    path.write_bytes(with_segments(encoded("JPEG"), block))
    before = path.read_bytes()
    embed(path, replace(ONLY_ENGLISH, texts={"de": GERMAN}))
    written = path.read_bytes()
    assert b"\x1b%G" in written
    start = written.index(b"8BIM\x04\x04") + 12
    (length,) = struct.unpack_from(">I", written, start - 4)
    assert md5(written[start : start + length]).digest() in written
    assert texts(path, "iptc:Caption-Abstract") == {"x-default": GERMAN}
    restore(path)
    assert path.read_bytes() == before


def test_a_camera_description_is_left_alone_and_blocks_nothing(tmp_path):
    path = tmp_path / "photo.jpg"
    mark = "OLYMPUS DIGITAL CAMERA         "
    path.write_bytes(encoded("JPEG", exif=exif_with(t270=mark)))
    result = embed(path)
    assert [(k.field, k.reason) for k in result.kept] == [
        ("exif:ImageDescription", KeptReason.CAMERA)
    ]
    assert exif_of(path)[0x010E].strip() == mark.strip()
    assert read_metadata(path).caption().text == ENGLISH


def test_a_blank_camera_description_is_filled_and_comes_back(tmp_path):
    path = tmp_path / "photo.jpg"
    path.write_bytes(encoded("JPEG", exif=exif_with(t270=" " * 31, t271="Maker")))
    before = path.read_bytes()
    embed(path)
    assert exif_of(path)[0x010E] == ENGLISH
    restore(path)
    assert path.read_bytes() == before


def test_a_rotation_made_meanwhile_outlives_the_restoring(jpeg):
    jpeg.write_bytes(encoded("JPEG", exif=exif_with(t271="Maker", t274=1)))
    embed(jpeg)
    data = bytearray(jpeg.read_bytes())
    start = data.index(b"Exif\0\0") + 6
    order = "<" if data[start : start + 2] == b"II" else ">"
    (first,) = struct.unpack_from(order + "I", data, start + 4)
    (count,) = struct.unpack_from(order + "H", data, start + first)
    for entry in range(count):
        at = start + first + 2 + 12 * entry
        if struct.unpack_from(order + "H", data, at)[0] == 0x0112:
            struct.pack_into(order + "H", data, at + 8, 6)
    jpeg.write_bytes(data)
    assert read_metadata(jpeg).orientation == 6
    result = restore(jpeg)
    assert result.identical is False
    found = read_metadata(jpeg)
    assert found.orientation == 6
    assert found.camera.make == "Maker"
    assert not found.captions
    assert exif_of(jpeg).get(0x010E) is None


def test_a_packet_without_room_sends_the_caption_to_a_sidecar(tmp_path):
    packet = xmp_packet("<own:big>" + "x" * 62_000 + "</own:big>")
    path = tmp_path / "photo.jpg"
    path.write_bytes(with_segments(encoded("JPEG"), xmp_segment(packet)))
    before = path.read_bytes()
    result = embed(path, CAPTION, WriteOptions())
    assert "no room" in result.instead
    assert path.read_bytes() == before
    assert result.file.name == "photo.jpg.xmp"


def test_a_caption_too_long_for_iptc_stands_in_the_other_fields(jpeg):
    long = "word " * 800
    result = embed(jpeg, replace(ONLY_ENGLISH, texts={"en": long}))
    assert [(k.field, k.reason) for k in result.kept] == [
        ("iptc:Caption-Abstract", KeptReason.ROOM)
    ]
    assert exif_of(jpeg)[0x010E] == long.strip()


def kept_reasons(result):
    return {k.field: k.reason for k in result.kept}


def test_iptc_joins_resources_of_other_kinds(tmp_path):
    path = tmp_path / "photo.jpg"
    block = segment(0xED, b"Photoshop 3.0\0" + resource(0x03ED, b"odd"))
    path.write_bytes(with_segments(encoded("JPEG"), block))
    before = path.read_bytes()
    assert not embed(path).kept
    assert resource(0x03ED, b"odd") in path.read_bytes()
    assert texts(path, "iptc:Caption-Abstract") == {"x-default": ENGLISH}
    restore(path)
    assert path.read_bytes() == before


def test_blocks_that_are_no_clean_place_are_left_alone(tmp_path):
    path = tmp_path / "photo.jpg"
    mark = b"Photoshop 3.0\0"
    exif = segment(0xE1, b"Exif\0\0" + exif_with(t271="M")[6:])
    cases = {
        "two blocks of resources": segment(0xED, mark + resource(1, b"a")) * 2,
        "no resources": segment(0xED, mark + b"something"),
        "a digest of nothing": segment(0xED, mark + resource(0x0425, bytes(16))),
        "no datasets": iptc_segment(b"garbage"),
    }
    for name, block in cases.items():
        path.write_bytes(with_segments(encoded("JPEG"), exif, exif, block))
        assert kept_reasons(embed(path)) == {
            "exif:ImageDescription": KeptReason.FORM,
            "iptc:Caption-Abstract": KeptReason.FORM,
        }, name
        assert exif + exif in path.read_bytes()
        assert block in path.read_bytes()


def test_full_segments_are_left_alone(tmp_path):
    path = tmp_path / "photo.jpg"
    exif = segment(0xE1, b"Exif\0\0" + exif_with(t271="M")[6:] + bytes(65_480))
    block = iptc_segment(
        iptc_dataset(2, 90, b"Bern"), others=resource(9, bytes(65_470))
    )
    path.write_bytes(with_segments(encoded("JPEG"), exif, block))
    assert kept_reasons(embed(path)) == {
        "exif:ImageDescription": KeptReason.ROOM,
        "iptc:Caption-Abstract": KeptReason.ROOM,
    }
    assert exif in path.read_bytes()
    assert block in path.read_bytes()
