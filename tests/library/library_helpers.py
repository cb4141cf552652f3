"""A service at work on a folder of real photos, and what tests ask of it."""

import asyncio
from collections.abc import Callable
from pathlib import Path
import shutil
import subprocess
import time
from typing import Any

from PIL import Image
import pytest

from edge_runtime.service import Service
from edge_runtime.store import Job, PhotoDetails, PhotoFilter

PHOTOS = Path(__file__).parent.parent / "fixtures" / "photos" / "out_of_domain"


def put_photo(target: Path, name: str = "castle", **save: Any) -> Path:
    """Save a real photo under a name, in the format of its suffix."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with Image.open(PHOTOS / f"{name}.webp") as image:
        image.thumbnail((640, 640))
        image.convert("RGB").save(target, **save)
    return target


def size_of(path: Path) -> tuple[int, int]:
    with Image.open(path) as image:
        return image.size


def exiftool(*arguments: str | Path) -> str:
    """Run the other program that people edit metadata with."""
    program = shutil.which("exiftool")
    if program is None:
        pytest.skip("exiftool is not installed")
    command = [program, "-q", "-overwrite_original", *map(str, arguments)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


async def until(condition: Callable[[], Any], seconds: float = 20.0) -> Any:
    """Return the first true answer of a condition."""
    end = time.monotonic() + seconds
    while True:
        found = condition()
        if asyncio.iscoroutine(found):
            found = await found
        if found:
            return found
        assert time.monotonic() < end, "it did not come true"
        await asyncio.sleep(0.05)


async def scan(service: Service, source_id: str) -> dict[str, Any]:
    return await done(service, "scan_folder", source_id)


async def done(service: Service, kind: str, source_id: str, **params) -> dict[str, Any]:
    """Return the result of work on a folder."""
    job = await service.library.enqueue(kind, source_id, params, "test")
    return result_of(await service.jobs.wait(job.id))


def result_of(job: Job) -> dict[str, Any]:
    assert job.state == "done", (job.state, job.error)
    return dict(job.result or {})


async def photos(service: Service, **wanted) -> list[PhotoDetails]:
    page = await service.store.photos.page(PhotoFilter(**wanted), limit=500)
    return [await service.store.photos.details(photo.id) for photo in page.items]


def by_path(found: list[PhotoDetails]) -> dict[str, PhotoDetails]:
    """Return photos by the path of each file that is there."""
    return {
        file.path: one for one in found for file in one.files if file.state == "present"
    }
