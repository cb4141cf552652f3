"""Sidecars: the right name, nothing of others lost, gone without a trace."""

from dataclasses import replace

from metadata_photos import (
    CAPTION,
    ENGLISH,
    GERMAN,
    ONLY_ENGLISH,
    encoded,
    languages,
    xmp_packet,
)
import pytest

from edge_runtime.metadata import (
    CaptionTextError,
    CaptionToWrite,
    MetadataDamagedError,
    MetadataError,
    Provenance,
    SidecarName,
    WriteMode,
    WriteOptions,
    read_metadata,
    restore,
    write_caption,
)

KINDS = ["JPEG", "PNG", "WEBP", "AVIF", "TIFF", "GIF"]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_file_can_have_a_sidecar(tmp_path, kind):
    path = tmp_path / "photo.any"
    path.write_bytes(encoded(kind))
    before = path.read_bytes()
    result = write_caption(path, CAPTION)
    assert result.file == tmp_path / "photo.any.xmp"
    found = read_metadata(path)
    assert found.caption("de").text == GERMAN
    assert found.keywords == CAPTION.keywords
    assert found.provenance.model == "tiny-captioner"
    assert not found.problems
    assert path.read_bytes() == before
    back = restore(path)
    assert back.removed == (result.file,)
    assert back.identical is True
    assert list(tmp_path.iterdir()) == [path]


def test_a_raw_photo_gets_a_sidecar_when_embedding_is_asked_for(tmp_path):
    path = tmp_path / "photo.cr2"
    path.write_bytes(b"II*\0\x10\0\0\0CR\2\0" + bytes(40))
    result = write_caption(path, CAPTION, WriteMode.EMBED)
    assert "RAW files are not rewritten" in result.instead
    assert result.file.name == "photo.cr2.xmp"


def test_the_sidecar_that_is_there_is_used(tmp_path, jpeg):
    stem = tmp_path / "photo.xmp"
    stem.write_text(xmp_packet(""))
    before = stem.read_bytes()
    assert write_caption(jpeg, CAPTION).file == stem
    text = stem.read_text()
    for part in ("<!-- somebody was here -->", 'own:secret="keep me"', "<?own instr"):
        assert part in text
    assert read_metadata(jpeg).rating == 4
    assert restore(jpeg).identical is True
    assert stem.read_bytes() == before


def test_the_name_of_a_new_sidecar_can_be_chosen(tmp_path, jpeg):
    options = WriteOptions(sidecar_name=SidecarName.STEM)
    assert write_caption(jpeg, CAPTION, options=options).file.name == "photo.xmp"
    # now it is there, so it is used, whatever the setting says
    assert write_caption(jpeg, ONLY_ENGLISH).file.name == "photo.xmp"


def test_the_sidecar_of_a_raw_photo_of_the_same_name_is_not_ours_to_write(
    tmp_path, jpeg
):
    (tmp_path / "photo.NEF").write_bytes(b"raw")
    stem = tmp_path / "photo.xmp"
    stem.write_text(xmp_packet(""))
    before = stem.read_bytes()
    options = WriteOptions(sidecar_name=SidecarName.STEM)
    assert write_caption(jpeg, CAPTION, options=options).file.name == "photo.jpg.xmp"
    assert stem.read_bytes() == before


def test_writing_the_same_again_does_not_touch_the_sidecar(jpeg):
    sidecar = write_caption(jpeg, CAPTION).file
    time = sidecar.stat().st_mtime_ns
    assert write_caption(jpeg, CAPTION).file is None
    assert sidecar.stat().st_mtime_ns == time


def test_a_new_caption_takes_the_place_of_ours(jpeg):
    write_caption(jpeg, CAPTION)
    write_caption(jpeg, replace(ONLY_ENGLISH, texts={"fr": "Un chien"}))
    found = read_metadata(jpeg)
    assert {c.text for c in found.captions} == {"Un chien"}
    assert not found.keywords


def test_a_broken_sidecar_is_not_overwritten(tmp_path, jpeg):
    sidecar = tmp_path / "photo.jpg.xmp"
    for text in ("no xml", "<a><b></a>", "<x/>", xmp_packet("")[:-300]):
        sidecar.write_text(text)
        with pytest.raises(MetadataDamagedError, match=r"photo.jpg.xmp: .*not overwr"):
            write_caption(jpeg, CAPTION)
        assert sidecar.read_text() == text
        assert restore(jpeg).identical is None


def test_an_empty_or_unreadable_sidecar_is_told(tmp_path, jpeg):
    sidecar = tmp_path / "photo.jpg.xmp"
    sidecar.touch()
    with pytest.raises(MetadataError, match="can't be read"):
        write_caption(jpeg, CAPTION)
    assert "empty" in read_metadata(jpeg).problems[0]


def test_a_rdf_without_anything_in_it_takes_a_caption(tmp_path, jpeg):
    sidecar = tmp_path / "photo.jpg.xmp"
    sidecar.write_text(
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><r:RDF'
        ' xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/></x:xmpmeta>'
    )
    write_caption(jpeg, CAPTION)
    assert read_metadata(jpeg).caption().text == ENGLISH
    restore(jpeg)
    assert not read_metadata(jpeg).captions
    assert sidecar.exists()


def test_utf16_stays_utf16(tmp_path, jpeg):
    sidecar = tmp_path / "photo.jpg.xmp"
    text = xmp_packet(languages("dc:description", fr="Été"))
    sidecar.write_bytes(text.encode("utf-16"))
    before = sidecar.read_bytes()
    write_caption(jpeg, CAPTION)
    assert sidecar.read_bytes()[:2] == before[:2]
    found = {c.language: c.text for c in read_metadata(jpeg).captions}
    assert (found["fr"], found["de"]) == ("Été", GERMAN)
    restore(jpeg)
    assert sidecar.read_bytes() == before


def test_no_date_is_ever_written(photo):
    write_caption(photo, CAPTION)
    write_caption(photo, CAPTION, WriteMode.EMBED)
    raw = photo.read_bytes()
    for word in (b"Date", b"date="):
        assert word not in raw


def test_text_with_markup_and_lines_comes_back_as_it_was(photo):
    odd = "a < b & \"c\" > 'd' ]]> \n second line\t& end"
    caption = replace(ONLY_ENGLISH, texts={"en": odd}, keywords=("<&>", 'a"b'))
    for mode in WriteMode:
        write_caption(photo, caption, mode)
        found = read_metadata(photo)
        assert found.caption("en").text == odd
        assert found.keywords == ("<&>", 'a"b')
        restore(photo)


@pytest.mark.parametrize(
    ("caption", "reason"),
    [
        (CaptionToWrite({}, Provenance("m")), "nothing to write"),
        (CaptionToWrite({"en": "  "}, Provenance("m")), "is empty"),
        (CaptionToWrite({"en": "a\0b"}, Provenance("m")), r"U\+0000"),
        (CaptionToWrite({"en": "a\ud800b"}, Provenance("m")), r"U\+D800"),
        (CaptionToWrite({"en": "a\x1b[2Jb"}, Provenance("m")), r"U\+001B"),
        (CaptionToWrite({"en": "x" * 10_001}, Provenance("m")), "longer than"),
        (CaptionToWrite({"x-default": "a"}, Provenance("m")), "no language code"),
        (CaptionToWrite({'en"/>': "a"}, Provenance("m")), "no language code"),
        (CaptionToWrite({}, Provenance("m"), keywords=("",)), "is empty"),
        (CaptionToWrite({}, Provenance("m"), keywords=("x" * 201,)), "longer"),
    ],
)
def test_what_is_no_text_is_refused_before_anything_is_touched(jpeg, caption, reason):
    before = jpeg.read_bytes()
    for mode in WriteMode:
        with pytest.raises(CaptionTextError, match=reason):
            write_caption(jpeg, caption, mode)
    assert jpeg.read_bytes() == before
    assert list(jpeg.parent.iterdir()) == [jpeg]


def test_windows_line_ends_become_plain_ones(jpeg):
    write_caption(jpeg, replace(ONLY_ENGLISH, texts={"en": "one\r\ntwo\rthree"}))
    assert read_metadata(jpeg).caption().text == "one\ntwo\nthree"


def test_a_keyword_with_a_slash_makes_no_tree(jpeg):
    write_caption(jpeg, replace(ONLY_ENGLISH, keywords=("AC/DC", "dog")))
    found = read_metadata(jpeg)
    assert found.keywords == ("AC/DC", "dog")
    assert found.hierarchical_keywords == (("dog",),)
