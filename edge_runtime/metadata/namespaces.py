"""The XML namespaces that XMP uses, each with the prefix that everybody knows it by."""

from typing import Final

Name = tuple[str, str]
"""Namespace URI and local name."""

RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
XML: Final = "http://www.w3.org/XML/1998/namespace"
DC: Final = "http://purl.org/dc/elements/1.1/"
XMP: Final = "http://ns.adobe.com/xap/1.0/"
XMP_NOTE: Final = "http://ns.adobe.com/xmp/note/"
TIFF: Final = "http://ns.adobe.com/tiff/1.0/"
EXIF: Final = "http://ns.adobe.com/exif/1.0/"
EXIF_EX: Final = "http://cipa.jp/exif/1.0/"
AUX: Final = "http://ns.adobe.com/exif/1.0/aux/"
PHOTOSHOP: Final = "http://ns.adobe.com/photoshop/1.0/"
LIGHTROOM: Final = "http://ns.adobe.com/lightroom/1.0/"
DIGIKAM: Final = "http://www.digikam.org/ns/1.0/"
IPTC_CORE: Final = "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/"
IPTC_EXT: Final = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
MWG_REGIONS: Final = "http://www.metadataworkinggroup.com/schemas/regions/"
MICROSOFT_PHOTO: Final = "http://ns.microsoft.com/photo/1.0/"
MICROSOFT_PEOPLE: Final = "http://ns.microsoft.com/photo/1.2/"
MICROSOFT_REGION_INFO: Final = "http://ns.microsoft.com/photo/1.2/t/RegionInfo#"
MICROSOFT_REGION: Final = "http://ns.microsoft.com/photo/1.2/t/Region#"
AREA: Final = "http://ns.adobe.com/xmp/sType/Area#"
OURS: Final = "https://github.com/edge-captions/edge-captions/ns/1.0/"

PREFIXES: Final = {
    "dc": DC,
    "digiKam": DIGIKAM,
    "edgeCaptions": OURS,
    "Iptc4xmpCore": IPTC_CORE,
    "photoshop": PHOTOSHOP,
    "rdf": RDF,
    "tiff": TIFF,
}
"""The ones that we write."""


def qualified(field: str) -> Name:
    """Return the full name of a field such as `dc:description`."""
    prefix, _, local = field.partition(":")
    return PREFIXES[prefix], local
