"""Captions, people, keywords and places of XMP, embedded and in sidecars."""

from metadata_photos import (
    encoded,
    languages,
    with_segments,
    xmp_packet,
    xmp_segment,
)
import pytest

from edge_runtime.metadata import Area, read_metadata
from edge_runtime.metadata.model import same_language


def found_in(tmp_path, data, name="photo.jpg"):
    path = tmp_path / name
    path.write_bytes(data)
    return read_metadata(path)


def in_jpeg(tmp_path, *segments):
    return found_in(tmp_path, with_segments(encoded("JPEG"), *segments))


def in_xmp(tmp_path, body, spaces=""):
    return in_jpeg(tmp_path, xmp_segment(xmp_packet(body, spaces)))


PEOPLE = (
    'xmlns:mwg-rs="http://www.metadataworkinggroup.com/schemas/regions/"'
    ' xmlns:stArea="http://ns.adobe.com/xmp/sType/Area#"'
    ' xmlns:MP="http://ns.microsoft.com/photo/1.2/"'
    ' xmlns:MPRI="http://ns.microsoft.com/photo/1.2/t/RegionInfo#"'
    ' xmlns:MPReg="http://ns.microsoft.com/photo/1.2/t/Region#"'
    ' xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"'
)


def test_people_are_read_from_three_standards_once_each(tmp_path):
    body = """
<mwg-rs:Regions rdf:parseType="Resource"><mwg-rs:RegionList><rdf:Bag>
 <rdf:li rdf:parseType="Resource"><mwg-rs:Name>Anna</mwg-rs:Name>
  <mwg-rs:Type>Face</mwg-rs:Type><mwg-rs:Area stArea:x="0.5" stArea:y="0.25"
   stArea:w="0.1" stArea:h="0.2" stArea:unit="normalized"/></rdf:li>
 <rdf:li><rdf:Description mwg-rs:Name="Rex" mwg-rs:Type="Pet"/></rdf:li>
 <rdf:li><rdf:Description mwg-rs:Name="Zoë" mwg-rs:Type="Face">
  <mwg-rs:Area stArea:x="9" stArea:y="0" stArea:w="0" stArea:h="0"/>
  </rdf:Description></rdf:li>
</rdf:Bag></mwg-rs:RegionList></mwg-rs:Regions>
<MP:RegionInfo rdf:parseType="Resource"><MPRI:Regions><rdf:Bag>
 <rdf:li MPReg:PersonDisplayName="Anna" MPReg:Rectangle="0.45, 0.15, 0.1, 0.2"/>
 <rdf:li MPReg:PersonDisplayName="Ben" MPReg:Rectangle="0.1, 0.2, 0.2, 0.4"/>
</rdf:Bag></MPRI:Regions></MP:RegionInfo>
<Iptc4xmpExt:PersonInImage><rdf:Bag><rdf:li>Cleo</rdf:li><rdf:li>Ben</rdf:li>
</rdf:Bag></Iptc4xmpExt:PersonInImage>
"""
    people = {p.name: p.area for p in in_xmp(tmp_path, body, PEOPLE).people}
    assert people == {
        "Anna": Area(0.5, 0.25, 0.1, 0.2),
        "Zoë": None,
        "Ben": Area(0.2, 0.4, 0.2, 0.4),
        "Cleo": None,
    }


def test_keywords_are_read_flat_and_as_paths(tmp_path):
    spaces = (
        'xmlns:digiKam="http://www.digikam.org/ns/1.0/"'
        ' xmlns:lr="http://ns.adobe.com/lightroom/1.0/"'
    )
    body = (
        "<dc:subject><rdf:Bag><rdf:li>dog</rdf:li></rdf:Bag></dc:subject>"
        "<digiKam:TagsList><rdf:Seq><rdf:li>Animals/dog</rdf:li></rdf:Seq>"
        "</digiKam:TagsList><lr:hierarchicalSubject><rdf:Bag>"
        "<rdf:li>Places|Italy|Rome</rdf:li></rdf:Bag></lr:hierarchicalSubject>"
    )
    found = in_xmp(tmp_path, body, spaces)
    assert found.keywords == ("dog", "Rome")
    assert found.hierarchical_keywords == (
        ("Animals", "dog"), ("Places", "Italy", "Rome")
    )  # fmt: skip


FORMS = {
    "attribute": ('dc:description="Hello"', ""),
    "text": ("", "<dc:description>Hello</dc:description>"),
    "qualified": (
        "",
        (
            '<dc:description rdf:parseType="Resource"><rdf:value>Hello</rdf:value>'
            "<xmp:x>1</xmp:x></dc:description>"
        ),
    ),
    "bag": (
        "",
        "<dc:description><rdf:Bag><rdf:li>Hello</rdf:li></rdf:Bag></dc:description>",
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_odd_forms_of_a_caption_are_read(tmp_path, form):
    spaces, body = FORMS[form]
    assert in_xmp(tmp_path, body, spaces).caption().text == "Hello"


def test_ratings_and_positions_of_xmp_are_read(tmp_path):
    spaces = (
        'xmlns:exif="http://ns.adobe.com/exif/1.0/"'
        ' exif:GPSLatitude="47,22.5N" exif:GPSLongitude="8,30,30W"'
        ' exif:GPSAltitude="4025/10" exif:GPSAltitudeRef="1"'
    )
    found = in_xmp(tmp_path, "", spaces)
    assert found.position.latitude == pytest.approx(47.375)
    assert found.position.longitude == pytest.approx(-8.5083333)
    assert found.position.altitude_m == -402.5
    windows = 'xmlns:m="http://ns.microsoft.com/photo/1.0/" m:Rating="75"'
    packet = xmp_packet("", windows).replace('xmp:Rating="4" ', "")
    assert in_jpeg(tmp_path, xmp_segment(packet)).rating == 4


def test_the_sidecar_with_the_whole_name_goes_first(tmp_path, jpeg):
    stem, full = tmp_path / "photo.xmp", tmp_path / "photo.jpg.xmp"
    stem.write_text(xmp_packet(languages("dc:description", _="stem")))
    assert read_metadata(jpeg).caption().text == "stem"
    full.write_text(xmp_packet(languages("dc:description", _="full")))
    found = read_metadata(jpeg)
    assert [c.text for c in found.captions] == ["full", "stem"]
    assert found.captions[0].source == "photo.jpg.xmp"
    assert found.sidecars == (full, stem)
    full.rename(tmp_path / "photo.jpg.XMP")
    assert read_metadata(jpeg).captions[0].source == "photo.jpg.XMP"


def test_a_sidecar_in_another_encoding_is_read(tmp_path, jpeg):
    text = xmp_packet(languages("dc:description", _="Grüße 🐕"))
    for encoding in ("utf-8-sig", "utf-16", "utf-16-be", "utf-32"):
        (tmp_path / "photo.xmp").write_bytes(text.encode(encoding))
        found = read_metadata(jpeg)
        assert found.caption().text == "Grüße 🐕", encoding
        assert not found.problems


def test_stray_bytes_in_xmp_are_told_and_read_over(tmp_path):
    data = xmp_packet(languages("dc:description", _="Gr??sse")).encode()
    for stray in (b"\xfc\xdf", b"\0\1"):
        found = in_jpeg(tmp_path, xmp_segment(data.replace(b"??", stray)))
        assert found.caption().text.startswith("Gr")
        assert "embedded XMP" in found.problems[0]


def test_a_caption_in_a_language_is_found_by_its_tag():
    assert same_language("de", "de-AT")
    assert same_language("PT-br", "pt")
    assert not same_language("de", "den")
    assert not same_language("de-AT", "de-CH")
    assert not same_language("x-default", "de")
