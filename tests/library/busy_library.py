"""A process that describes, accepts, writes and takes out without a pause: to kill it.

python busy_library.py HOME FOLDER SEED
"""

import asyncio
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
import random
import sys

from edge_runtime.config import Settings
from edge_runtime.errors import EdgeRuntimeError
from edge_runtime.runtime import EdgeRuntime
from edge_runtime.service import Service
from edge_runtime.store import PhotoFilter

WORDS = ("Ein Schloß am See #Urlaub", "湖畔の城 🏰 #城", "A castle", "Été à Évian")


async def main(home: str, folder: str, seed: str) -> None:
    settings = replace(
        Settings(home=Path(home)),
        offline=True,
        threads=1,
        allowed_folders=(Path(folder),),
    )
    async with EdgeRuntime(settings) as runtime:
        service = Service(settings, runtime)
        await service.start()
        wanted = {"write_metadata": "embed", "poll_s": 5}
        with suppress(EdgeRuntimeError):  # an earlier run added it
            await service.library.add(folder, wanted)
        await write_for_ever(service, random.Random(seed))  # noqa: S311


async def write_for_ever(service: Service, chance: random.Random) -> None:
    told = False
    while True:
        page = await service.store.photos.page(PhotoFilter(), limit=200)
        for photo in chance.sample(page.items, min(5, len(page.items))):
            language = chance.choice(("de", "en", "ja"))
            if chance.random() < 0.3:
                await service.review.remove_caption(photo.id, language)
            else:
                text = f"{chance.choice(WORDS)} {chance.randrange(10**9)}"
                await service.review.write_caption(photo.id, language, text)
            if not told:
                told = True
                sys.stdout.write("busy\n")
                sys.stdout.flush()
        await asyncio.sleep(0.02)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:4]))
