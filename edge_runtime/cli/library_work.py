"""What the actions of `edge-captions library` do, as clients of the service."""

import argparse
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from ..errors import ConfigError
from ..files import write_text
from ..runtime import EdgeRuntime
from ..units import printable
from .exit_codes import ExitCode
from .following import follow
from .library_view import (
    print_errors,
    print_result,
    print_source,
    shown_text,
)
from .output import Console

if TYPE_CHECKING:
    from .client import HomeClient

_PAGE = 200


@asynccontextmanager
async def _client(
    runtime: EdgeRuntime, *, works: bool = False
) -> AsyncIterator["HomeClient"]:
    from .client import Reach, home_client  # noqa: PLC0415 - aiohttp, only where needed

    reach = Reach.JOBS if works else Reach.LIBRARY
    async with home_client(runtime, reach) as client:
        yield client


async def add(
    runtime: EdgeRuntime, options: argparse.Namespace, console: Console
) -> ExitCode:
    """Watch a folder."""
    body = {"path": _real(options.path), **options.settings(options)}
    if options.name:
        body["name"] = options.name
    async with _client(runtime) as client:
        source = await client.post("sources", body)
        is_serving = client.is_serving
    if options.json:
        console.print(_json(source))
        return ExitCode.OK
    console.print(f"watching {printable(source['path'])} as '{source['name']}'")
    if not is_serving:
        console.tell(
            "next: edge-captions library caption, or edge-captions serve, which looks "
            "after the folder by itself"
        )
    return ExitCode.OK


async def change(
    runtime: EdgeRuntime, options: argparse.Namespace, console: Console
) -> ExitCode:
    """Change a folder's settings."""
    body = options.settings(options)
    if options.name:
        body["name"] = options.name
    if not body:
        raise ConfigError("name a setting to change (edge-captions library set --help)")
    async with _client(runtime) as client:
        source = await _one(client, options.folder)
        changed = await client.patch(f"sources/{source['id']}", body)
    console.print(_json(changed) if options.json else f"changed '{changed['name']}'")
    return ExitCode.OK


async def remove(
    runtime: EdgeRuntime, options: argparse.Namespace, console: Console
) -> ExitCode:
    """Forget a folder."""
    async with _client(runtime) as client:
        source = await _one(client, options.folder)
        forget = "?forget_captions=true" if options.forget_captions else ""
        await client.delete(f"sources/{source['id']}{forget}")
    console.print(f"forgot '{source['name']}'; its files are as they were")
    return ExitCode.OK


async def status(
    runtime: EdgeRuntime, options: argparse.Namespace, console: Console
) -> ExitCode:
    """Show how far the folders are."""
    async with _client(runtime) as client:
        sources = await _folders(client, options.folder)
    if options.json:
        console.print(_json(sources))
        return ExitCode.OK
    for source in sources:
        print_source(console, source)
    return ExitCode.OK


async def scan(
    runtime: EdgeRuntime, options: argparse.Namespace, console: Console
) -> ExitCode:
    """Look at folders."""
    return await _work(runtime, options, console, ("scan",), {})


async def caption(
    runtime: EdgeRuntime, options: argparse.Namespace, console: Console
) -> ExitCode:
    """Look at folders, then describe what nobody has described."""
    body = {
        "limit": options.limit,
        "language": options.language,
        "model": options.model,
        "refresh": options.refresh,
    }
    given = {key: value for key, value in body.items() if value}
    return await _work(runtime, options, console, ("scan", "caption"), given)


async def accept(
    runtime: EdgeRuntime, options: argparse.Namespace, console: Console
) -> ExitCode:
    """Make the suggestions of folders captions."""
    body = {"verdict": options.verdict}
    if options.language:
        body["language"] = options.language
    return await _work(runtime, options, console, ("accept",), body)


async def restore(
    runtime: EdgeRuntime, options: argparse.Namespace, console: Console
) -> ExitCode:
    """Take our words out of folders."""
    return await _work(runtime, options, console, ("restore",), {})


async def search(
    runtime: EdgeRuntime, options: argparse.Namespace, console: Console
) -> ExitCode:
    """Find photos."""
    query = urlencode(
        {"q": " ".join(options.words), "limit": min(options.limit, _PAGE)}
    )
    async with _client(runtime) as client:
        hits = (await client.get(f"photos?{query}"))["items"]
        roots = await _roots(client)
        found = [
            {**(await client.get(f"photos/{hit['id']}")), "match": hit["match"]}
            for hit in hits
        ]
    for photo in found:
        photo["paths"] = _paths(photo, roots)
    if options.json:
        console.print(_json(found))
        return ExitCode.OK
    for photo in found:
        path = photo["paths"][0] if photo["paths"] else photo["id"]
        name = console.style(f"{printable(path)}: ", "dim")
        console.print(f"{name}{shown_text(photo['match']['text'])}")
    if not found:
        console.tell("no photo has these words")
    return ExitCode.OK


async def export(
    runtime: EdgeRuntime, options: argparse.Namespace, console: Console
) -> ExitCode:
    """Print every caption."""
    lines: list[str] = []
    async with _client(runtime) as client:
        roots = await _roots(client)
        for source in await _folders(client, options.folder):
            async for photo in _captioned(client, source["id"]):
                lines.append(_exported(photo, roots))
                if options.output is None:
                    console.print(lines.pop())
    if options.output is not None:
        write_text(options.output, "".join(f"{line}\n" for line in lines))
        console.tell(f"{printable(str(options.output))}: {len(lines)} photos")
    return ExitCode.OK


async def _work(
    runtime: EdgeRuntime,
    options: argparse.Namespace,
    console: Console,
    actions: tuple[str, ...],
    body: Mapping[str, Any],
) -> ExitCode:
    """Have work done on folders; show the progress, then what came of it."""
    worst = ExitCode.OK
    async with _client(runtime, works=True) as client:
        for source in await _folders(client, options.folder):
            results = {}
            for action in actions:
                wanted = body if action == actions[-1] else {}
                job = await client.post(f"sources/{source['id']}/{action}", wanted)
                results[action] = await follow(client, job, console, source["name"])
            if options.json:
                console.print(_json({"source": source["name"], **results}))
            else:
                for action, result in results.items():
                    print_result(console, source["name"], action, result)
            for result in results.values():
                if result.get("failed"):
                    worst = ExitCode.PHOTO
                    print_errors(console, result.get("errors") or ())
    return worst


async def _captioned(
    client: "HomeClient", source_id: str
) -> AsyncIterator[dict[str, Any]]:
    cursor = ""
    while True:
        query = f"source_id={source_id}&has_caption=true&limit={_PAGE}"
        page = await client.get(f"photos?{query}{cursor}")
        for photo in page["items"]:
            yield await client.get(f"photos/{photo['id']}")
        if page["next_cursor"] is None:
            return
        cursor = f"&cursor={quote(page['next_cursor'])}"


def _exported(photo: Mapping[str, Any], roots: Mapping[str, str]) -> str:
    return json.dumps(
        {
            "paths": _paths(photo, roots),
            "captions": {c["language"]: c["text"] for c in photo["captions"]},
            "origins": {c["language"]: c["origin"] for c in photo["captions"]},
            "tags": photo["tags"],
            "people": photo["people"],
            "taken_at": photo["taken_at"],
        },
        ensure_ascii=False,
    )


async def _folders(client: "HomeClient", wanted: str | None) -> list[dict[str, Any]]:
    """Return the folder that was named, or all; raise ConfigError without any."""
    if wanted is not None:
        return [await _one(client, wanted)]
    sources = (await client.get("sources"))["items"]
    folders = [source for source in sources if source["settings"] is not None]
    if not folders:
        raise ConfigError("no folder is watched yet: edge-captions library add FOLDER")
    return folders


async def _one(client: "HomeClient", wanted: str) -> dict[str, Any]:
    sources = (await client.get("sources"))["items"]
    real = _real(Path(wanted))
    for source in sources:
        names = {source["id"], source["name"], source["path"]}
        if source["settings"] is not None and names & {wanted, real}:
            return dict(source)
    raise ConfigError(
        f"no watched folder has the path, name or id '{printable(wanted)}' "
        "(edge-captions library status)"
    )


def _real(path: Path) -> str:
    return os.path.realpath(path.expanduser())


async def _roots(client: "HomeClient") -> dict[str, str]:
    sources = (await client.get("sources"))["items"]
    return {s["id"]: s["path"] for s in sources if s["path"] is not None}


def _paths(photo: Mapping[str, Any], roots: Mapping[str, str]) -> list[str]:
    files = [file for file in photo["files"] if file["state"] == "present"]
    return [
        str(Path(roots.get(file["source_id"], "")) / file["path"]) for file in files
    ]


def _json(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, indent=2)
