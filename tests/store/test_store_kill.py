"""A killed process loses nothing that it was told is saved."""

import asyncio
import json
import random
import signal
import sys

import pytest

from edge_runtime.errors import PhotoNotFoundError
from edge_runtime.store import Store

CHILD = """
import asyncio, json, sys
from pathlib import Path
from edge_runtime.store import Store
from tests.store.photos import Gallery

async def work(gallery, lane):
    number = 0
    while True:
        number += 1
        name = f"{lane} {number} {sys.argv[2]}"
        photo = await gallery.photo(name)
        tell("photo", photo.id)
        made = await gallery.suggest(photo, f"dog {name}")
        await gallery.store.suggestions.accept(made.id, f"Rex {name} #tag{number}")
        tell("caption", photo.id, f"Rex {name} #tag{number}")
        if number % 5 == 0:
            await gallery.store.photos.forget(photo.id)
            tell("forgotten", photo.id)

def tell(*what):
    print(json.dumps(what), flush=True)

async def main():
    store = await Store.open(Path(sys.argv[1]))
    library = await store.sources.ensure("library", "Photos")
    gallery = Gallery(store, library.id, "")
    tell("ready")
    await asyncio.gather(*(work(gallery, lane) for lane in range(8)))

asyncio.run(main())
"""


async def killed_after(home, seconds, turn) -> list:
    """Return what a child said before it was killed in the middle of its work."""
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        CHILD,
        str(home),
        str(turn),
        stdout=asyncio.subprocess.PIPE,
    )
    ready = await child.stdout.readline()
    assert json.loads(ready) == ["ready"]
    await asyncio.sleep(seconds)
    child.send_signal(signal.SIGKILL)
    output, _ = await child.communicate()
    # the last line may be cut in its middle, like everything else
    lines = output.decode().splitlines(keepends=True)
    return [json.loads(line) for line in lines if line.endswith("\n")]


@pytest.mark.timeout(120)
async def test_what_was_acknowledged_is_there_after_a_kill(home):
    moments = random.Random(7)  # noqa: S311
    expected: dict[str, str | None] = {}
    for turn in range(10):
        for kind, photo_id, *text in await killed_after(
            home, moments.uniform(0.02, 0.5), turn
        ):
            expected[photo_id] = {"photo": "", "forgotten": None}.get(kind, *text)
        async with await Store.open(home) as store:
            assert store.opening.moved_aside == ()
            assert await store.check() == []
            await assert_there(store, expected)
    assert len(expected) > 20
    assert None in expected.values()


async def assert_there(store, expected) -> None:
    for photo_id, text in expected.items():
        if text is None:
            with pytest.raises(PhotoNotFoundError):
                await store.photos.get(photo_id)
            continue
        try:
            details = await store.photos.details(photo_id)
        except PhotoNotFoundError:
            # forgotten, and killed before it could say so
            assert text.rpartition("#tag")[2] in {str(n) for n in range(5, 9999, 5)}
            continue
        if text:
            assert [one.text for one in details.captions] == [text]
            assert details.tags == (text.rpartition("#")[2],)
