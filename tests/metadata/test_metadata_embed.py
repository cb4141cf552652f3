"""Captions go into a photo's own file; its picture and all that is not ours stay."""

from dataclasses import replace
from io import BytesIO
import zlib

from metadata_photos import (
    CAPTION,
    ENGLISH,
    GERMAN,
    JAPANESE,
    ONLY_ENGLISH,
    XMP_MARK,
    embed,
    encoded,
    exif_of,
    iptc_dataset,
    iptc_segment,
    languages,
    picture,
    picture_data,
    png_chunk,
    texts,
    with_chunks,
    with_segments,
    xmp_packet,
    xmp_segment,
)
from PIL import Image
import pytest

from edge_runtime.metadata import (
    EmbedRefusedError,
    WriteOptions,
    read_metadata,
    restore,
)
from edge_runtime.picture_hash import picture_hash


def pixels_of(path):
    with Image.open(path) as image:
        return image.tobytes()


def test_a_caption_goes_in_and_out_and_the_file_is_as_before(photo):
    before, hash_before = photo.read_bytes(), picture_hash(photo)
    pixels, data = pixels_of(photo), picture_data(photo)
    result = embed(photo)
    assert result.file == photo
    assert not result.kept
    found = read_metadata(photo)
    assert texts(photo, "dc:description") == {
        "x-default": ENGLISH, "en": ENGLISH, "de": GERMAN, "ja": JAPANESE
    }  # fmt: skip
    assert found.caption("ja").text == JAPANESE
    assert all(text.ours for text in found.captions)
    assert {t.language for t in found.alt_texts} == {"x-default", "en"}
    assert found.keywords == ("dog", "Wiese", "🐕")
    assert found.provenance.model == "tiny-captioner"
    assert not found.problems
    assert picture_hash(photo) == hash_before
    assert picture_data(photo) == data
    assert pixels_of(photo) == pixels
    assert not photo.with_name(photo.name + ".xmp").exists()
    back = restore(photo)
    assert back.identical is True
    assert back.rewritten == (photo,)
    assert photo.read_bytes() == before


def test_the_mirrors_of_a_jpeg_hold_the_caption_too(jpeg):
    embed(jpeg)
    for place in ("tiff:ImageDescription", "iptc:Caption-Abstract"):
        assert texts(jpeg, place) == {"x-default": ENGLISH}
    exif = exif_of(jpeg)
    assert exif[0x010E] == ENGLISH
    assert exif[0x010F] == "Maker"


def test_writing_the_same_again_changes_nothing(photo):
    embed(photo)
    written, time = photo.read_bytes(), photo.stat().st_mtime_ns
    again = embed(photo)
    assert again.file is None
    assert again.written
    assert (photo.read_bytes(), photo.stat().st_mtime_ns) == (written, time)


def test_a_new_caption_takes_the_place_of_ours(photo):
    before = photo.read_bytes()
    embed(photo)
    other = replace(CAPTION, texts={"fr": "Un chien"}, alt_texts={}, keywords=("x",))
    embed(photo, other)
    assert set(texts(photo).values()) == {"Un chien"}
    assert read_metadata(photo).keywords == ("x",)
    assert restore(photo).identical is True
    assert photo.read_bytes() == before


def test_languages_can_be_added_to_ours(photo):
    embed(photo, replace(CAPTION, texts={"de": GERMAN}, alt_texts={}, keywords=("a",)))
    added = replace(ONLY_ENGLISH, keywords=("b",))
    embed(photo, added, WriteOptions(fall_back=False, add=True))
    assert texts(photo, "dc:description") == {
        "x-default": GERMAN, "de": GERMAN, "en": ENGLISH
    }  # fmt: skip
    assert read_metadata(photo).keywords == ("a", "b")


XMP_FORMS = {
    "languages and keywords": languages("dc:description", de="Foto von Oma")
    + "<dc:subject><rdf:Bag><rdf:li>family</rdf:li></rdf:Bag></dc:subject>",
    "blank description": languages("dc:description", _=""),
    "empty tag": "<dc:description/>",
    "nothing of ours": "",
}


@pytest.mark.parametrize("form", XMP_FORMS)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_foreign_xmp_survives_to_the_byte(tmp_path, kind, form):
    packet = xmp_packet(XMP_FORMS[form])
    path = tmp_path / "photo"
    if kind == "JPEG":
        path.write_bytes(with_segments(encoded("JPEG"), xmp_segment(packet)))
    elif kind == "PNG":
        chunk = b"XML:com.adobe.xmp\0\0\0\0\0" + packet.encode()
        path.write_bytes(with_chunks(encoded("PNG"), png_chunk(b"iTXt", chunk)))
    else:
        path.write_bytes(encoded("WEBP", xmp=packet.encode()))
    before = path.read_bytes()
    embed(path)
    written = path.read_bytes()
    for part in (b"<!-- somebody was here -->", b'own:secret="keep me"', b"<?own inst"):
        assert part in written
    assert written.index(b">z<") < written.index(b">a<")
    found = read_metadata(path)
    assert found.rating == 4
    assert ENGLISH in texts(path).values()
    assert not found.problems
    assert restore(path).identical is True
    assert path.read_bytes() == before


def test_keywords_join_the_list_that_is_there(tmp_path):
    body = "<dc:subject><rdf:Bag><rdf:li>Dog</rdf:li></rdf:Bag></dc:subject>"
    path = tmp_path / "photo.jpg"
    path.write_bytes(with_segments(encoded("JPEG"), xmp_segment(xmp_packet(body))))
    embed(path)
    assert read_metadata(path).keywords == ("Dog", "Wiese", "🐕")


def test_a_new_list_repeats_the_words_of_the_lists_it_would_hide(tmp_path):
    path = tmp_path / "photo.jpg"
    word = iptc_segment(iptc_dataset(2, 25, b"family"))
    path.write_bytes(with_segments(encoded("JPEG"), word))
    before = path.read_bytes()
    embed(path)
    raw = path.read_bytes()
    tags = raw[raw.index(b"<digiKam:TagsList>") : raw.index(b"</digiKam:TagsList>")]
    assert tags.index(b"family") < tags.index(b"dog")
    restore(path)
    assert path.read_bytes() == before


def test_utf16_and_default_namespaces_are_left_as_they_are(tmp_path):
    packet = (
        '<xmpmeta xmlns="adobe:ns:meta/"><RDF'
        ' xmlns="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<Description about="uuid:1"><description'
        ' xmlns="http://purl.org/dc/elements/1.1/"><Alt'
        ' xmlns="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<li xml:lang="de">Oma</li></Alt></description></Description></RDF></xmpmeta>'
    )
    path = tmp_path / "photo.jpg"
    for data in (packet.encode(), packet.encode("utf-16")):
        path.write_bytes(with_segments(encoded("JPEG"), xmp_segment(data)))
        before = path.read_bytes()
        embed(path)
        assert texts(path, "dc:description") == {
            "de": "Oma", "en": ENGLISH, "ja": JAPANESE
        }  # fmt: skip
        assert restore(path).identical is True
        assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (encoded("JPEG")[:600], "ends before|cut off"),
        (encoded("JPEG")[:-2], "cut off"),
        (encoded("PNG")[:-20], "ends before"),
        (encoded("WEBP")[:-30], "cut off"),
        (encoded("TIFF"), "TIFF files are not rewritten"),
        (encoded("GIF"), "GIF files are not rewritten"),
        (encoded("AVIF"), "AVIF files are not rewritten"),
        (b"just some text, no picture", "not rewritten"),
        (
            with_segments(
                encoded("JPEG"), xmp_segment(xmp_packet("")), xmp_segment("<x/>")
            ),
            "two XMP packets",
        ),
        (with_segments(encoded("JPEG"), xmp_segment("<x:y>")), "broken"),
        (with_segments(encoded("JPEG"), xmp_segment("<x/>")), "no rdf:RDF"),
    ],
)
def test_what_must_not_be_rewritten_is_refused(tmp_path, data, reason):
    path = tmp_path / "photo.bin"
    path.write_bytes(data)
    with pytest.raises(EmbedRefusedError, match=reason):
        embed(path)
    assert path.read_bytes() == data
    assert embed(path, CAPTION, WriteOptions()).instead
    assert path.read_bytes() == data


def test_an_animated_webp_and_png_and_an_alpha_channel_stay(tmp_path):
    frames = [picture(), picture().rotate(90)]
    clear = picture().convert("RGBA")
    clear.putalpha(90)
    made = {
        "moving.webp": encoded(
            "WEBP", frames[0], save_all=True, append_images=frames[1:]
        ),
        "moving.png": encoded(
            "PNG", frames[0], save_all=True, append_images=frames[1:]
        ),
        "clear.webp": encoded("WEBP", clear),
        "clear-lossless.webp": encoded("WEBP", clear, lossless=True),
    }
    for name, data in made.items():
        path = tmp_path / name
        path.write_bytes(data)
        embed(path)
        with Image.open(path) as image, Image.open(BytesIO(data)) as old:
            assert getattr(image, "n_frames", 1) == getattr(old, "n_frames", 1)
            assert image.mode == old.mode
            assert image.tobytes() == old.tobytes()
        restore(path)
        assert path.read_bytes() == data, name


def test_what_lies_behind_a_webp_stays_there(tmp_path):
    path = tmp_path / "photo.webp"
    data = encoded("WEBP") + b"more of something"
    path.write_bytes(data)
    embed(path)
    assert path.read_bytes().endswith(b"more of something")
    restore(path)
    assert path.read_bytes() == data


def test_a_packed_png_packet_is_written_packed_again(tmp_path):
    packet = zlib.compress(xmp_packet("").encode())
    chunk = png_chunk(b"iTXt", b"XML:com.adobe.xmp\0\x01\0\0\0" + packet)
    path = tmp_path / "photo.png"
    path.write_bytes(with_chunks(encoded("PNG"), chunk))
    before = path.read_bytes()
    embed(path)
    assert b"A dog runs" not in path.read_bytes().replace(b"\0", b"")[:200]
    assert read_metadata(path).caption().text == ENGLISH
    restore(path)
    assert path.read_bytes() == before


def test_the_packet_is_marked_for_programs_that_search_for_it(jpeg):
    embed(jpeg)
    data = jpeg.read_bytes()
    packet = data[data.index(XMP_MARK) :]
    assert b'id="W5M0MpCehiHzreSzNTczkc9d"?>' in packet
    assert b'<?xpacket end="w"?>' in packet
