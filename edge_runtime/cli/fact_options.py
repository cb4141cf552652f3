"""Options of what is known about photos, and of the style that tells it."""

import argparse
from collections.abc import Mapping
from typing import Any, Final

from ..config import Settings
from ..errors import FactError
from ..facts import FactKind, FactSource
from ..pipeline import given_facts, parse_custom
from ..schemas import CaptionRequest, CaptionResult, ReadText, Style
from ..units import printable
from ..yaml_reader import suggest

_GIVEN: Final[Mapping[str, tuple[str, str]]] = {
    "place": ("NAME", "where the photos were taken"),
    "people": ("NAMES", "who is in them, with commas"),
    "date": ("DATE", "when: 2023-12-24, 2023-12 or 2023"),
    "album": ("NAME", "the album that they belong to"),
}
_SOURCES: Final = {
    FactSource.REQUEST: "given by you",
    FactSource.GPS: "from the position",
    FactSource.EXIF: "from the camera",
    FactSource.XMP: "from the photo's XMP",
    FactSource.IPTC: "from the photo's IPTC",
    FactSource.FILE_NAME: "from the file's name",
    FactSource.FOLDER: "from the folder's name",
    FactSource.PICASA: "from Picasa",
    FactSource.OCR: "read in the picture",
}


def add_fact_options(parser: argparse.ArgumentParser) -> None:
    """Add what a caption may say beside what is seen, and how."""
    for name, (metavar, text) in _GIVEN.items():
        parser.add_argument(f"--{name}", metavar=metavar, help=text)
    parser.add_argument(
        "--facts",
        metavar="KINDS",
        help="what may be told of what the photos know: place, date, album, camera, "
        "keyword, person (with commas), or none",
    )
    parser.add_argument(
        "--style",
        choices=[style.value for style in Style],
        metavar="STYLE",
        help=f"one of {', '.join(style.value for style in Style)}",
    )
    parser.add_argument(
        "--template",
        metavar="TEXT",
        help="your own, such as '{caption}[ ({place}, {year})]'; what stands in [ ] "
        "goes where nothing is known",
    )


def add_text_options(parser: argparse.ArgumentParser) -> None:
    """Add what text models may do for a caption."""
    parser.add_argument(
        "--rewrite",
        action=argparse.BooleanOptionalAction,
        help="let a language model join caption and facts",
    )
    parser.add_argument(
        "--read-text",
        choices=[which.value for which in ReadText],
        metavar="WHICH",
        help="text in the photos that is read: never, large or all",
    )


def wanted_of(options: argparse.Namespace, settings: Settings) -> CaptionRequest:
    """Return what was asked for, before it is known of which photo."""
    said = {name: getattr(options, name) for name in _GIVEN}
    facts, _ = given_facts({k: v for k, v in said.items() if v is not None})
    template = options.template or settings.template
    style = settings.style if options.style is None else Style(options.style)
    if options.template and options.style is None:
        style = Style.CUSTOM
    if style is Style.CUSTOM:
        parse_custom(template or "{caption}")
    return CaptionRequest(
        path="",
        facts=facts,
        find=settings.facts if options.facts is None else _kinds(options.facts),
        style=style,
        template=template or "{caption}",
        rewrite=settings.rewrite if options.rewrite is None else options.rewrite,
        read_text=ReadText(options.read_text or settings.read_text),
    )


def sources_of(result: CaptionResult) -> str:
    """Return which facts a caption tells, each with where it comes from."""
    return "; ".join(
        f"{printable(fact.value)} ({_SOURCES[fact.source]})" for fact in result.facts
    )


def _kinds(text: str) -> tuple[FactKind, ...]:
    words = [word.strip() for word in text.split(",") if word.strip()]
    known: dict[str, Any] = {kind.value: kind for kind in FactKind}
    for word in words:
        if word not in {*known, "none"}:
            raise FactError(f"unknown fact '{word}'; {suggest(word, known)}")
    return tuple(known[word] for word in dict.fromkeys(words) if word != "none")
