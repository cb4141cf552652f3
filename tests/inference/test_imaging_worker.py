"""The imaging worker: real children, real photos, broken ones too."""

from contextlib import asynccontextmanager
from pathlib import Path
import sys

from PIL import Image
import pytest

from edge_runtime.errors import (
    PhotoDamagedError,
    PhotoFormatError,
    PhotoNotFoundError,
)
from edge_runtime.files import FileWriteError
from edge_runtime.inference.imaging_runner import ImagingRunner
from edge_runtime.inference.runner import RunnerState


@asynccontextmanager
async def imaging():
    runner = ImagingRunner.create((sys.executable,))
    try:
        yield runner
    finally:
        await runner.stop()


def with_exif(path: Path, source: Path, *, zone: str | None, gps: dict) -> Path:
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "ACME", "Acme Box 3"
    inner = exif.get_ifd(0x8769)
    inner[0x9003] = "2024:06:01 12:30:00"
    if zone:
        inner[0x9011] = zone
    exif.get_ifd(0x8825).update(gps)
    with Image.open(source) as image:
        image.save(path, exif=exif)
    return path


GPS = {1: "S", 2: (33.0, 51.0, 30.0), 3: "E", 4: (151.0, 12.0, 0.0)}


async def test_a_photo_is_described_and_gets_its_thumbnails(astronaut, tmp_path):
    places = {320: tmp_path / "s.webp", 1280: tmp_path / "l.webp"}
    async with imaging() as runner:
        found = await runner.inspect(astronaut, places)
        again = await runner.inspect(astronaut)
    assert (found.format, found.width, found.height) == ("jpeg", 512, 512)
    assert 0 < found.perceptual_hash < 2**64
    assert len(found.brightness) == 32 * 24
    assert (found.thumbnail_bytes, again.thumbnail_bytes) == (
        sum(place.stat().st_size for place in places.values()),
        0,
    )
    sizes = {}
    for size, place in places.items():
        with Image.open(place) as small:
            sizes[size] = small.size
    assert sizes == {320: (320, 320), 1280: (512, 512)}
    assert sorted(p.name for p in tmp_path.iterdir()) == ["l.webp", "s.webp"]


@pytest.mark.parametrize("suffix", ["jpg", "webp", "png", "avif"])
async def test_exif_facts_are_read(astronaut, tmp_path, suffix):
    photo = with_exif(tmp_path / f"p.{suffix}", astronaut, zone="+02:00", gps=GPS)
    async with imaging() as runner:
        found = await runner.inspect(photo)
    assert found.taken_at == 1717237800000  # 10:30 UTC
    assert found.camera == "Acme Box 3"
    assert found.latitude == pytest.approx(-33.858333, abs=1e-5)
    assert found.longitude == pytest.approx(151.2)


@pytest.mark.parametrize(
    "gps",
    [
        {1: "N", 2: (0.0, 0.0, 0.0), 3: "E", 4: (0.0, 0.0, 0.0)},
        {1: "N", 2: (91.0, 0.0, 0.0), 3: "E", 4: (0.0, 0.0, 0.0)},
        {2: (1.0, 2.0, 3.0)},
    ],
)
async def test_positions_that_make_no_sense_are_left_out(astronaut, tmp_path, gps):
    photo = with_exif(tmp_path / "p.jpg", astronaut, zone=None, gps=gps)
    async with imaging() as runner:
        found = await runner.inspect(photo)
    assert (found.latitude, found.longitude) == (None, None)
    assert found.taken_at is not None


async def test_bad_files_are_typed_errors_and_the_worker_stays(astronaut, tmp_path):
    cut = tmp_path / "cut.jpg"
    cut.write_bytes(astronaut.read_bytes()[:9000])
    text = tmp_path / "text.jpg"
    text.write_text("no picture")
    async with imaging() as runner:
        with pytest.raises(PhotoDamagedError):
            await runner.inspect(cut)
        with pytest.raises(PhotoFormatError):
            await runner.inspect(text)
        with pytest.raises(PhotoNotFoundError):
            await runner.inspect(tmp_path / "missing.jpg")
        assert runner.state is RunnerState.READY
        assert runner.stats.starts == 1
        assert runner.rss_bytes() < 60_000_000


async def test_a_thumbnail_that_cannot_be_written_is_an_error(astronaut, tmp_path):
    async with imaging() as runner:
        with pytest.raises(FileWriteError, match="thumbnail"):
            await runner.inspect(astronaut, {320: tmp_path / "no folder" / "s.webp"})
        await runner.inspect(astronaut, {320: tmp_path / "s.webp"})
    assert [p.name for p in tmp_path.iterdir()] == ["s.webp"]


def maps_of(pid: int) -> str:
    return Path(f"/proc/{pid}/maps").read_text()


async def test_the_child_knows_no_inference_library(astronaut):
    async with imaging() as runner:
        await runner.inspect(astronaut)
        maps = maps_of(runner.pid)
    assert "/PIL/" in maps
    assert "onnxruntime" not in maps
