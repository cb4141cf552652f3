"""`edge-captions metadata`: what photos say of themselves, and what we write there."""

import argparse
import asyncio
from collections.abc import Callable, Iterable
from functools import partial
import json
from pathlib import Path
from typing import Any, Final

from ..errors import EdgeRuntimeError
from ..metadata import (
    CaptionToWrite,
    FoundText,
    KeptReason,
    PhotoMetadata,
    Provenance,
    RestoreResult,
    WriteMode,
    WriteOptions,
    WriteResult,
    Zone,
    read_metadata,
    restore,
    write_caption,
)
from ..runtime import EdgeRuntime
from ..units import printable
from .exit_codes import ExitCode, exit_code_of
from .output import Console, language_code

_ZONES: Final = {
    Zone.KNOWN: "",
    Zone.FROM_GPS: " (time zone worked out from GPS)",
    Zone.UNKNOWN: " (time zone unknown)",
}
_REASONS: Final = {
    KeptReason.PERSON: "somebody's own words stand there",
    KeptReason.CAMERA: "the camera's own text stands there",
    KeptReason.FORM: "it is written in a form that leaves no room for more",
    KeptReason.ENCODING: "its encoding can't hold the text",
    KeptReason.ROOM: "the text is too long for it",
}
_STARS: Final = 5
_BY_HAND: Final = "command line"


def add_parser(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "metadata",
        help="read and write captions and keywords in photos",
        description="Read what photos say about themselves, write captions where "
        "other programs see them, and take them out again.",
    )
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    show = _action(actions, common, "show", "show captions, keywords, date, place")
    show.set_defaults(run=_show)
    write = _action(actions, common, "write", "write a caption or keywords")
    write.add_argument("--text", help="the caption")
    write.add_argument("--alt", metavar="TEXT", help="what a picture reader says")
    write.add_argument(
        "--keywords", metavar="A,B", default="", help="separated by commas"
    )
    write.add_argument(
        "--language",
        metavar="CODE",
        type=language_code,
        help="language of caption and alt text (default: the setting)",
    )
    write.add_argument(
        "--embed",
        action="store_true",
        help="into the photo's own file (JPEG, PNG, WebP), not into a sidecar",
    )
    write.set_defaults(run=_write, parser=write)
    back = _action(
        actions, common, "restore", "take out again what Edge Captions wrote"
    )
    back.set_defaults(run=_restore)


def _action(
    actions: Any, common: argparse.ArgumentParser, name: str, text: str
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = actions.add_parser(
        name, parents=[common], help=text
    )
    parser.add_argument("photos", nargs="+", metavar="PHOTO")
    parser.add_argument(
        "--json", action="store_true", help="one JSON object a line and photo"
    )
    return parser


async def _show(
    _runtime: EdgeRuntime, options: argparse.Namespace, console: Console
) -> ExitCode:
    return await _each(options, console, read_metadata, _print_metadata)


async def _write(
    runtime: EdgeRuntime, options: argparse.Namespace, console: Console
) -> ExitCode:
    words = tuple(w.strip() for w in options.keywords.split(",") if w.strip())
    if options.text is None and options.alt is None and not words:
        options.parser.error("nothing to write: give --text, --alt or --keywords")
    language = options.language or runtime.settings.language
    caption = CaptionToWrite(
        {} if options.text is None else {language: options.text},
        Provenance(_BY_HAND),
        {} if options.alt is None else {language: options.alt},
        words,
    )
    mode = WriteMode.EMBED if options.embed else WriteMode.SIDECAR
    write = partial(
        write_caption, caption=caption, mode=mode, options=WriteOptions(add=True)
    )
    return await _each(options, console, write, _print_written)


async def _restore(
    _runtime: EdgeRuntime, options: argparse.Namespace, console: Console
) -> ExitCode:
    return await _each(options, console, restore, _print_restored)


async def _each(
    options: argparse.Namespace,
    console: Console,
    work: Callable[[Path], Any],
    show: Callable[[Console, str, Any], None],
) -> ExitCode:
    """Do the work for every photo; one that fails does not stop the others."""
    worst = ExitCode.OK
    for path in options.photos:
        try:
            done = await asyncio.to_thread(work, Path(path))
        except EdgeRuntimeError as err:
            if options.json:
                line = {"path": path, "error": err.to_dict()}
                console.print(json.dumps(line, ensure_ascii=False))
            console.fail(err.message)
            worst = max(worst, exit_code_of(err))
            continue
        if options.json:
            line = {"path": path, **done.to_dict()}
            console.print(json.dumps(line, ensure_ascii=False))
        else:
            show(console, path, done)
    return worst


def _print_metadata(console: Console, path: str, found: PhotoMetadata) -> None:
    name = console.style(printable(path), "bold")
    console.print(f"{name}  {console.style(found.kind.value, 'dim')}")
    for label, text, remark in _rows(found):
        line = f"  {console.style(f'{label:12}', 'dim')} {_one_line(text)}"
        if remark:
            line += f"  {console.style(_one_line(remark), 'dim')}"
        console.print(line)
    for problem in found.problems:
        console.print(f"  {console.style('note', 'yellow'):12} {_one_line(problem)}")


def _rows(found: PhotoMetadata) -> Iterable[tuple[str, str, str]]:
    """Yield label, text and remark of everything that was found."""
    yield from _text_rows("caption", found.captions)
    yield from _text_rows("alt text", found.alt_texts)
    yield from _text_rows("title", found.titles)
    yield from _text_rows("comment", found.comments)
    paths = [" > ".join(p) for p in found.hierarchical_keywords if len(p) > 1]
    people = [f"{p.name}{' (face)' if p.area else ''}" for p in found.people]
    for label, words in (
        ("keywords", found.keywords),
        ("in a tree", paths),
        ("people", people),
    ):
        if words:
            yield label, ", ".join(words), ""
    if found.rating is not None:
        stars = "★" * found.rating + "☆" * (_STARS - found.rating)
        yield "rating", "rejected" if found.rating < 0 else stars, ""
    if found.taken is not None:
        when = found.taken
        yield "taken", f"{when.value}{_ZONES[when.zone]}", when.place
    yield from _origin_rows(found)


def _origin_rows(found: PhotoMetadata) -> Iterable[tuple[str, str, str]]:
    if found.camera is not None:
        camera = found.camera
        yield "camera", " ".join(f"{camera.make} {camera.model}".split()), camera.lens
    if found.position is not None:
        place = found.position
        text = f"{place.latitude:.6f}, {place.longitude:.6f}"
        if place.altitude_m is not None:
            text += f", {place.altitude_m:g} m"
        yield "place", text, ""
    if found.software:
        yield "software", found.software, ""
    if found.provenance is not None:
        made = found.provenance
        by = " ".join(part for part in (made.model, made.model_version) if part)
        yield "written by", by, made.software
    for sidecar in found.sidecars:
        yield "sidecar", sidecar.name, ""


def _text_rows(
    label: str, found: tuple[FoundText, ...]
) -> Iterable[tuple[str, str, str]]:
    """Yield each text once, with its languages and all the places it stands in."""
    places: dict[str, list[FoundText]] = {}
    for one in found:
        places.setdefault(one.text, []).append(one)
    for text, same in places.items():
        tags = dict.fromkeys(one.language for one in same)
        languages = " ".join(tag for tag in tags if tag != "x-default")
        where = dict.fromkeys(f"{one.place}, {one.source}" for one in same)
        remark = "; ".join(where)
        if any(one.ours for one in same):
            remark += "; written by Edge Captions"
        yield f"{label} {languages}".strip(), text, remark


def _print_written(console: Console, path: str, result: WriteResult) -> None:
    name = console.style(f"{printable(path)}: ", "dim")
    if result.instead:
        console.tell(f"note: {printable(path)}: {_one_line(result.instead)}", "yellow")
    if result.file is not None:
        fields = ", ".join(dict.fromkeys(text.field for text in result.written))
        done = f"wrote {fields}" if fields else "took the old text out"
        console.print(f"{name}{done}  {console.style(_file_name(result.file), 'dim')}")
    elif result.written:
        console.print(f"{name}unchanged, all of it stands there already")
    else:
        console.print(f"{name}nothing written")
    for kept in dict.fromkeys(result.kept):
        field = (
            kept.field
            if kept.language in {"", "x-default"}
            else (f"{kept.field} ({kept.language})")
        )
        where = f" ({kept.where})" if kept.where not in {"", kept.field} else ""
        console.tell(f"  {field} left alone: {_REASONS[kept.reason]}{where}", "dim")


def _print_restored(console: Console, path: str, result: RestoreResult) -> None:
    name = console.style(f"{printable(path)}: ", "dim")
    if result.identical is None:
        console.print(f"{name}nothing of ours was there")
        return
    done = [f"removed {_file_name(file)}" for file in result.removed]
    done += [f"cleaned {_file_name(file)}" for file in result.rewritten]
    rest = "to the byte as before"
    if not result.identical:
        rest = "others changed the metadata since; their changes were kept"
    console.print(f"{name}{', '.join(done)}  {console.style(rest, 'dim')}")


def _file_name(path: Path) -> str:
    return printable(path.name)


def _one_line(text: str) -> str:
    return printable(" ".join(text.split()))
