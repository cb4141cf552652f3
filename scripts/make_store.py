#!/usr/bin/env python3
"""Fill a store with plausible photos and captions, and time what people wait for.

    scripts/make_store.py FOLDER --photos 100000 --time

The folder becomes a home: `edge-captions serve --home FOLDER` shows what is in it.
"""

import argparse
import asyncio
from collections.abc import Awaitable, Callable
import hashlib
from pathlib import Path
import random
import statistics
import sys
import time

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from edge_runtime.schemas import Verdict
from edge_runtime.store import (
    NewFile,
    NewPhoto,
    NewSuggestion,
    PhotoFilter,
    SourceKind,
    Store,
    now_ms,
)

BATCH = 1000
REPEATS = 7
YEAR_MS = 31_556_952_000
WHO = [
    "a dog",
    "two dogs",
    "a man",
    "a woman",
    "a child",
    "people",
    "a cat",
    "a boy",
    "a girl",
    "a bird",
]
DOES = [
    "runs",
    "sits",
    "plays",
    "stands",
    "jumps",
    "sleeps",
    "waits",
    "swims",
    "looks up",
    "walks",
]
WHERE = [
    "on the beach",
    "in the park",
    "in front of a house",
    "in the snow",
    "by the lake",
    "on a street",
    "under a tree",
    "in the kitchen",
    "on a red sofa",
    "in green grass",
    "near an old car",
]
TAGS = ["#summer", "#family", "#holiday", "#winter", "#garden", "#birthday"]
PLACES = ("Lisboa", "Zürich", "Kraków", "Graz", "Malmö", "Gent", "京都市")
PEOPLE = ("Anna", "Jörg", "Zoë", "Grandma")


def sentence(rng: random.Random) -> str:
    """Return a caption of the kind that a captioner writes."""
    words = f"{rng.choice(WHO)} {rng.choice(DOES)} {rng.choice(WHERE)}"
    return f"{words[0].upper()}{words[1:]}."


def photo(rng: random.Random, source_id: str, number: int, start_ms: int) -> NewPhoto:
    """Return the numbered photo of a camera that takes one every half hour or so."""
    taken = start_ms + number * 1_800_000 + rng.randrange(1_000_000)
    folder = f"{1970 + taken // YEAR_MS}/{rng.choice(PLACES)}"
    return NewPhoto(
        source_id=source_id,
        picture_hash=hashlib.sha256(f"photo {number}".encode()).hexdigest(),
        perceptual_hash=rng.getrandbits(64),
        width=4032,
        height=3024,
        taken_at=taken if rng.random() < 0.95 else None,  # noqa: PLR2004
        camera="Pixel 8",
        place={"city": rng.choice(PLACES), "country": "Europe"},
        people=(rng.choice(PEOPLE),) if rng.random() < 0.2 else (),  # noqa: PLR2004
        file=NewFile(f"{folder}/IMG_{number:06}.jpg", 3_000_000 + number, number),
    )


async def fill(store: Store, photos: int, rng: random.Random) -> float:
    """Add photos with suggestions, captions and tags; return photos added a second."""
    source = await store.sources.ensure(SourceKind.LIBRARY, "Photos", "/photos")
    start_ms = now_ms() - photos * 1_800_000
    seconds = 0.0
    for first in range(0, photos, BATCH):
        numbers = range(first, min(first + BATCH, photos))
        batch = [photo(rng, source.id, number, start_ms) for number in numbers]
        begun = time.perf_counter()
        added = await store.photos.add_many(batch)
        seconds += time.perf_counter() - begun
        await asyncio.gather(*(describe(store, rng, one) for one, _ in added))
        print(f"{numbers[-1] + 1} photos", file=sys.stderr)
    return photos / seconds


async def describe(store: Store, rng: random.Random, photo_id: str) -> None:
    """Give a photo what happens to one: most are captioned, many are accepted."""
    fate = rng.random()
    if fate < 0.05:  # noqa: PLR2004  # not captioned yet
        return
    made = await store.suggestions.add(
        NewSuggestion(
            photo_id,
            "en",
            sentence(rng),
            verdict=rng.choice([Verdict.SURE, Verdict.SURE, Verdict.UNSURE]),
            provenance={"model": "tiny-captioner"},
        )
    )
    if fate < 0.2:  # noqa: PLR2004
        await store.suggestions.accept(made.id, f"{made.text} {rng.choice(TAGS)}")
    elif fate < 0.6:  # noqa: PLR2004
        await store.suggestions.accept(made.id)
    elif fate < 0.65:  # noqa: PLR2004
        await store.suggestions.reject(made.id)


async def report_times(store: Store) -> None:
    """Print how long the answers take that people wait for."""
    first = await store.photos.page()
    works: dict[str, Callable[[], Awaitable[object]]] = {
        "first page of photos": store.photos.page,
        "second page": lambda: store.photos.page(cursor=first.next_cursor),
        "photos that wait for review": lambda: store.photos.page(
            PhotoFilter(pending=True)
        ),
        "photos of a tag": lambda: store.photos.page(PhotoFilter(tag="summer")),
        "search: dog": lambda: store.search.photos("dog "),
        "search: woman gard": lambda: store.search.photos("woman gard"),
        "search: dog bea": lambda: store.search.photos("dog bea"),
        'search: "red sofa"': lambda: store.search.photos('"red sofa"'),
        "search: e (unfinished)": lambda: store.search.photos("e"),
        "search: IMG (in all)": lambda: store.search.photos("IMG"),
        "search: nothing": lambda: store.search.photos("zeppelin"),
        "tags": store.tags.page,
        "counts": store.counts,
    }
    for name, work in works.items():
        samples = [await milliseconds(work) for _ in range(REPEATS)]
        print(f"{name:30} {statistics.median(samples):8.1f} ms")


async def milliseconds(work: Callable[[], Awaitable[object]]) -> float:
    """Return how long a piece of work takes."""
    begun = time.perf_counter()
    await work()
    return (time.perf_counter() - begun) * 1000


async def run(folder: Path, photos: int, *, timed: bool, seed: int) -> None:
    """Fill the store of a home and report."""
    async with await Store.open(folder) as store:
        rate = await fill(store, photos, random.Random(seed))  # noqa: S311
        print(f"{'photos added a second':30} {rate:8.0f}")
        if timed:
            await report_times(store)
        for name, count in (await store.counts()).items():
            print(f"{name:30} {count:8}")


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="the home to fill")
    parser.add_argument("--photos", type=int, default=1000)
    parser.add_argument("--time", action="store_true", help="time lists and searches")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    asyncio.run(run(chosen.folder, chosen.photos, timed=chosen.time, seed=chosen.seed))


if __name__ == "__main__":
    main()
