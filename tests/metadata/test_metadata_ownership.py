"""A person's words are never replaced and never hidden, wherever they stand."""

from dataclasses import replace

from metadata_photos import (
    CAPTION,
    ENGLISH,
    GERMAN,
    JAPANESE,
    ONLY_ENGLISH,
    STRICT,
    encoded,
    exif_with,
    iptc_dataset,
    iptc_segment,
    languages,
    png_chunk,
    with_chunks,
    with_segments,
    xmp_packet,
    xmp_segment,
)
from PIL import Image
import pytest

from edge_runtime.metadata import (
    KeptReason,
    WriteMode,
    read_metadata,
    restore,
    write_caption,
)

GRANNY = "Granny at the lake"
XP_COMMENT = GRANNY.encode("utf-16-le") + b"\0\0"

PLACES = {
    "dc:description": xmp_segment(xmp_packet(languages("dc:description", _=GRANNY))),
    "tiff:ImageDescription": xmp_segment(
        xmp_packet(
            languages("tiff:ImageDescription", _=GRANNY),
            'xmlns:tiff="http://ns.adobe.com/tiff/1.0/"',
        )
    ),
    "iptc:Caption-Abstract": iptc_segment(iptc_dataset(2, 120, GRANNY.encode())),
    "exif:ImageDescription": b"",
    "exif:XPComment": b"",
}


def a_photo_of_granny(tmp_path, place):
    exif = {
        "exif:ImageDescription": {"exif": exif_with(t270=GRANNY)},
        "exif:XPComment": {"exif": exif_with(t40092=XP_COMMENT)},
    }
    path = tmp_path / "photo.jpg"
    data = encoded("JPEG", **exif.get(place, {}))
    path.write_bytes(with_segments(data, PLACES[place]))
    return path


@pytest.mark.parametrize("mode", WriteMode)
@pytest.mark.parametrize("place", PLACES)
def test_a_persons_caption_is_kept_wherever_it_stands(tmp_path, place, mode):
    path = a_photo_of_granny(tmp_path, place)
    before = path.read_bytes()
    result = write_caption(path, ONLY_ENGLISH, mode, STRICT)
    assert result.file is None
    assert not result.written
    (kept,) = result.kept
    assert (kept.reason, kept.where) == (KeptReason.PERSON, place)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("mode", WriteMode)
def test_keywords_are_written_beside_a_persons_caption(tmp_path, mode):
    path = a_photo_of_granny(tmp_path, "iptc:Caption-Abstract")
    before = path.read_bytes()
    write_caption(path, CAPTION, mode, STRICT)
    found = read_metadata(path)
    assert [(c.text, c.ours) for c in found.captions] == [(GRANNY, False)]
    assert found.keywords == ("dog", "Wiese", "🐕")
    assert found.alt_texts
    assert restore(path).identical is True
    assert path.read_bytes() == before


@pytest.mark.parametrize("mode", WriteMode)
def test_a_persons_caption_in_a_sidecar_counts_too(tmp_path, jpeg, mode):
    sidecar = tmp_path / "photo.xmp"
    sidecar.write_text(xmp_packet(languages("dc:description", _=GRANNY)))
    before = jpeg.read_bytes(), sidecar.read_bytes()
    result = write_caption(jpeg, ONLY_ENGLISH, mode, STRICT)
    assert result.file is None
    assert result.kept[0].reason is KeptReason.PERSON
    assert (jpeg.read_bytes(), sidecar.read_bytes()) == before


def test_a_persons_png_text_counts_too(tmp_path):
    path = tmp_path / "photo.png"
    chunk = png_chunk(b"tEXt", b"Description\0" + GRANNY.encode())
    path.write_bytes(with_chunks(encoded("PNG"), chunk))
    result = write_caption(path, ONLY_ENGLISH, WriteMode.EMBED, STRICT)
    assert result.kept[0].where == "png:Description"


def test_languages_join_a_persons_caption_whose_language_is_known(tmp_path, jpeg):
    sidecar = tmp_path / "photo.jpg.xmp"
    body = languages("dc:description", _=GRANNY, **{"en-GB": GRANNY})
    sidecar.write_text(xmp_packet(body))
    before = sidecar.read_bytes()
    result = write_caption(jpeg, CAPTION)
    found = {c.language: c.text for c in read_metadata(jpeg).captions}
    assert found == {
        "x-default": GRANNY, "en-GB": GRANNY, "de": GERMAN, "ja": JAPANESE
    }  # fmt: skip
    assert [k.language for k in result.kept] == ["en"]
    assert b"tiff:ImageDescription" not in sidecar.read_bytes()
    assert restore(jpeg).identical is True
    assert sidecar.read_bytes() == before


def test_languages_do_not_join_a_caption_of_unknown_language(tmp_path, jpeg):
    sidecar = tmp_path / "photo.jpg.xmp"
    sidecar.write_text(xmp_packet(languages("dc:description", _=GRANNY, fr="Mamie")))
    result = write_caption(jpeg, replace(CAPTION, alt_texts={}, keywords=()))
    assert result.file is None
    assert {k.language for k in result.kept} == {"en", "de", "ja"}


def test_mirrors_of_one_caption_count_as_one(tmp_path):
    body = languages("dc:description", _=GRANNY, en=GRANNY)
    path = tmp_path / "photo.jpg"
    data = encoded("JPEG", exif=exif_with(t270=GRANNY))
    path.write_bytes(with_segments(data, xmp_segment(xmp_packet(body))))
    write_caption(path, CAPTION, WriteMode.EMBED, STRICT)
    found = {c.language: c.text for c in read_metadata(path).captions}
    assert found["de"] == GERMAN
    assert found["en"] == found["x-default"] == GRANNY


def edit(path, old, new):
    """Change a text as another program would, of the same length or not."""
    data = path.read_bytes()
    assert old.encode() in data
    path.write_bytes(data.replace(old.encode(), new.encode()))


def test_our_text_is_a_persons_as_soon_as_a_person_changes_it(jpeg):
    write_caption(jpeg, ONLY_ENGLISH)
    sidecar = jpeg.with_name("photo.jpg.xmp")
    edit(sidecar, ENGLISH, "My dog Rex runs")
    found = read_metadata(jpeg)
    assert not any(c.ours for c in found.captions)
    other = replace(ONLY_ENGLISH, texts={"en": "Something else"})
    result = write_caption(jpeg, other)
    assert all(k.reason is KeptReason.PERSON for k in result.kept)
    assert {c.text for c in read_metadata(jpeg).captions} == {"My dog Rex runs"}
    restore(jpeg)
    assert {c.text for c in read_metadata(jpeg).captions} == {"My dog Rex runs"}


def test_only_the_changed_language_becomes_a_persons(jpeg):
    write_caption(jpeg, CAPTION)
    sidecar = jpeg.with_name("photo.jpg.xmp")
    edit(sidecar, GERMAN, "Mein Hund Rex")
    restore(jpeg)
    found = read_metadata(jpeg)
    assert [(c.text, c.language) for c in found.captions] == [("Mein Hund Rex", "de")]
    assert not found.alt_texts
    assert not found.keywords
    assert found.provenance is None


def test_what_others_add_outlives_the_restoring(jpeg):
    write_caption(jpeg, CAPTION, WriteMode.EMBED)
    data = jpeg.read_bytes()
    mine = b"<rdf:li>dog</rdf:li>"
    assert data.count(mine) == 2
    at = data.index(b"http://ns.adobe.com/xap") - 2
    new = data.replace(mine, mine + b"<rdf:li>Rex</rdf:li>", 1)
    grown = len(new) - len(data)
    length = int.from_bytes(new[at : at + 2], "big") + grown
    jpeg.write_bytes(new[:at] + length.to_bytes(2, "big") + new[at + 2 :])
    assert "Rex" in read_metadata(jpeg).keywords
    result = restore(jpeg)
    assert result.identical is False
    found = read_metadata(jpeg)
    assert found.keywords == ("Rex",)
    assert not found.captions


def test_a_copy_of_our_text_by_another_program_is_still_ours(jpeg):
    write_caption(jpeg, ONLY_ENGLISH)
    jpeg.write_bytes(
        with_segments(
            jpeg.read_bytes(), iptc_segment(iptc_dataset(2, 120, ENGLISH.encode()))
        )
    )
    assert all(c.ours for c in read_metadata(jpeg).captions)
    other = replace(ONLY_ENGLISH, texts={"en": "A cat"})
    result = write_caption(jpeg, other)
    assert not result.kept
    assert read_metadata(jpeg).caption().text == "A cat"


def test_embedding_takes_our_sidecar_away(jpeg):
    before = jpeg.read_bytes()
    write_caption(jpeg, ONLY_ENGLISH)
    sidecar = jpeg.with_name("photo.jpg.xmp")
    assert sidecar.exists()
    write_caption(jpeg, ONLY_ENGLISH, WriteMode.EMBED, STRICT)
    assert not sidecar.exists()
    restore(jpeg)
    assert jpeg.read_bytes() == before


def test_a_sidecar_repeats_the_keywords_that_it_would_hide(tmp_path):
    path = tmp_path / "photo.jpg"
    word = iptc_segment(iptc_dataset(2, 25, b"family"))
    path.write_bytes(with_segments(encoded("JPEG"), word))
    write_caption(path, CAPTION)
    sidecar = (tmp_path / "photo.jpg.xmp").read_text()
    assert sidecar.count("<rdf:li>family</rdf:li>") == 2
    restore(path)
    assert list(tmp_path.iterdir()) == [path]


def test_somebody_elses_description_writer_is_kept(tmp_path):
    spaces = (
        'xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"'
        ' photoshop:CaptionWriter="Jo"'
    )
    path = tmp_path / "photo.jpg"
    packet = xmp_segment(xmp_packet("", spaces))
    path.write_bytes(with_segments(encoded("JPEG"), packet))
    write_caption(path, ONLY_ENGLISH, WriteMode.EMBED, STRICT)
    assert b"Edge Captions (" not in path.read_bytes()
    restore(path)
    assert b'CaptionWriter="Jo"' in path.read_bytes()


def test_a_persons_text_that_comes_later_ends_ours(jpeg):
    """Ours would otherwise stand before theirs in programs that read XMP first."""
    write_caption(jpeg, ONLY_ENGLISH, WriteMode.EMBED, STRICT)
    restore(jpeg)
    jpeg.write_bytes(
        with_segments(
            jpeg.read_bytes(), iptc_segment(iptc_dataset(2, 120, GRANNY.encode()))
        )
    )
    result = write_caption(jpeg, CAPTION, WriteMode.EMBED, STRICT)
    assert {c.text for c in read_metadata(jpeg).captions} == {GRANNY}
    assert any(k.reason is KeptReason.PERSON for k in result.kept)
    with Image.open(jpeg) as image:
        assert 0x010E not in image.getexif()


def test_odd_forms_of_a_persons_caption_are_left_alone(tmp_path):
    forms = {
        f'dc:description="{GRANNY}"': "",
        "": f"<dc:description>{GRANNY}</dc:description>",
        " ": f"<dc:description><rdf:Bag><rdf:li>{GRANNY}</rdf:li></rdf:Bag>"
        "</dc:description>",
    }
    path = tmp_path / "photo.jpg"
    for spaces, body in forms.items():
        packet = xmp_segment(xmp_packet(body, spaces))
        path.write_bytes(with_segments(encoded("JPEG"), packet))
        result = write_caption(path, ONLY_ENGLISH, WriteMode.EMBED, STRICT)
        assert result.file is None
        assert result.kept[0].where == "dc:description"
