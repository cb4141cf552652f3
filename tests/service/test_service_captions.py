"""Captions below HTTP: phases, batches, stops and restarts, things that go wrong."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from functools import partial
import os
from pathlib import Path
import shutil
import signal
import sqlite3

from PIL import Image
import pytest
from service_helpers import SECOND
from serving import serving

from edge_runtime.errors import (
    DiskFullError,
    ModelBrokenError,
    PhotoNotFoundError,
    WorkerCrashedError,
)
from edge_runtime.jobs import Priority
from edge_runtime.schemas import Task
from edge_runtime.service import (
    AnswerNotFoundError,
    CaptionOptions,
    Origin,
    Phase,
    PhotoFileMissingError,
    Question,
    ServiceStoppingError,
)
from edge_runtime.store import (
    JobState,
    NewFile,
    NewPhoto,
    SourceKind,
    StoreLockedError,
)

pytestmark = pytest.mark.timeout(120)  # workers start slowly on a loaded machine


def upload(path: Path, **options) -> Question:
    wishes = CaptionOptions(**options.pop("wishes", {}))
    return Question(wishes, path=path, is_upload=True, **options)


def copies(astronaut: Path, folder: Path, count: int) -> list[Path]:
    """Return different pictures: pieces of one photo."""
    folder.mkdir(exist_ok=True)
    paths = []
    with Image.open(astronaut) as image:
        for number in range(count):
            path = folder / f"{number}.jpg"
            image.crop((number * 5, 0, 300 + number * 5, 300)).save(path)
            paths.append(path)
    return paths


async def library(service, folder: Path, paths: list[Path]) -> list[str]:
    source = await service.store.sources.add(SourceKind.LIBRARY, "photos", str(folder))
    ids = []
    for number, path in enumerate(paths):
        file = NewFile(path.name, path.stat().st_size, 1)
        new = NewPhoto(source.id, f"{number:064x}", 300, 300, file=file)
        ids.append((await service.store.photos.add(new))[0].id)
    return ids


def hold_model(service):
    """Keep the model away from everybody until the block ends."""
    return service.captions._parts.pool.gate.hold(100)


async def fill(store) -> None:
    """Write until nothing more fits, small things neither."""
    for size in (3000, 300, 30):
        with suppress(DiskFullError):
            for number in range(2000):
                await store.meta.set(f"{size} {number}", "x" * size)


def is_closed(pid: int) -> bool:
    return not Path(f"/proc/{pid}").exists()


async def test_two_phases_share_an_id(service_with_second, astronaut):
    service = service_with_second
    await service.models.pin(Task.IMAGE_TO_TEXT, SECOND)
    kept = astronaut.with_name("upload.jpg")
    shutil.copy(astronaut, kept)
    question = upload(kept, store=True, two_phase=True, take=lambda: kept)
    fast = await service.captions.ask(question)
    assert (fast.phase, fast.model) == (Phase.FAST, "tiny-captioner")
    job = await service.jobs.wait(fast.job_id)
    assert job.state is JobState.DONE, job.error
    better = await service.captions.get(fast.id)
    assert (better.phase, better.model) == (Phase.FINAL, SECOND)
    stored = await service.store.suggestions.get(fast.id)
    assert stored.provenance["model"] == SECOND
    assert not kept.exists()
    # a single model that nothing can check gives the final answer at once
    await service.models.pin(Task.IMAGE_TO_TEXT, "tiny-captioner")
    once = upload(astronaut, two_phase=True, wishes={"refresh": True, "verify": False})
    assert (await service.captions.ask(once)).phase is Phase.FINAL


async def test_a_decision_between_the_phases_stays(service_with_second, astronaut):
    service = service_with_second
    async with hold_model(service):
        asked = asyncio.create_task(
            service.captions.ask(upload(astronaut, store=True, two_phase=True))
        )
        await asyncio.sleep(0.1)
    fast = await asked
    await service.review.accept(fast.id, "my own words")
    job = await service.jobs.wait(fast.job_id)
    assert job.state is JobState.DONE
    photo = await service.store.photos.details(fast.photo_id)
    assert [caption.text for caption in photo.captions] == ["my own words"]


async def test_a_batch_lets_a_person_through_and_survives_a_restart(
    settings, astronaut, tmp_path
):
    folder = tmp_path / "photos"
    paths = copies(astronaut, folder, 6)
    async with serving(settings) as service:
        ids = await library(service, folder, paths)
        job = await service.caption_jobs.enqueue_photos(ids, CaptionOptions(), "a test")
        async with asyncio.timeout(20), service.events.subscribe() as heard:
            while (await heard.get()).type != "caption.ready":
                pass
        answer = await service.captions.ask(upload(astronaut))
        assert answer.origin is Origin.MODEL
        assert service.jobs.running[0].id == job.id
        assert service.jobs.running[0].priority == Priority.BATCH
    async with serving(settings) as service:
        parked = await service.store.jobs.get(job.id)
        assert parked.state in {JobState.QUEUED, JobState.RUNNING}
        assert parked.resume["next"] >= 1
        done = await service.jobs.wait(job.id)
        assert done.result == {"captioned": 6, "failed": 0, "errors": []}
        for photo_id in ids:
            assert (await service.store.photos.get(photo_id)).is_pending


async def test_a_batch_tells_which_photos_failed(service, astronaut, tmp_path):
    paths = copies(astronaut, tmp_path / "photos", 2)
    ids = await library(service, tmp_path / "photos", paths)
    paths[1].unlink()
    job = await service.caption_jobs.enqueue_photos(
        [*ids, "0" * 26], CaptionOptions(), ""
    )
    done = await service.jobs.wait(job.id)
    assert (done.result["captioned"], done.result["failed"]) == (1, 2)
    codes = [error["code"] for error in done.result["errors"]]
    assert codes == ["photo_file_missing", "photo_not_found"]


async def test_an_upload_survives_a_restart_as_a_job(settings, astronaut, tmp_path):
    received = tmp_path / "received.jpg"
    shutil.copy(astronaut, received)
    async with serving(settings) as service, hold_model(service):
        job = await service.captions.enqueue(upload(received, take=lambda: received))
        assert not received.exists()
        await asyncio.sleep(0.2)
        left = service.settings.home / "work" / "left-over.upload"
        left.write_bytes(b"of a crash")
        await service.stop()
    async with serving(settings) as service:
        done = await service.jobs.wait(job.id)
        assert done.state is JobState.DONE
        assert done.result["caption"]["caption"].endswith(".")
        await asyncio.sleep(0.1)
        assert not list((service.settings.home / "work").iterdir())


async def test_a_photo_that_is_forgotten_while_it_waits(service, astronaut):
    stored = await service.captions.ask(upload(astronaut, store=True))
    photo_id = stored.photo_id
    anew = Question(CaptionOptions(refresh=True), photo_id=photo_id)
    async with hold_model(service):
        job = await service.captions.enqueue(anew)
        asked = asyncio.create_task(service.captions.ask(anew))
        await asyncio.sleep(0.3)
        await service.review.forget(photo_id)
    with pytest.raises(PhotoNotFoundError):
        await asked
    failed = await service.jobs.wait(job.id)
    assert failed.error["code"] in {"photo_not_found", "photo_file_missing"}
    with pytest.raises(AnswerNotFoundError):
        await service.captions.get(stored.id)
    thumbnails = service.settings.home / "thumbnails"
    assert not [path for path in thumbnails.rglob("*") if path.is_file()]
    assert (await service.captions.ask(upload(astronaut))).origin is Origin.MODEL


async def test_a_stored_upload_is_described_again_from_its_thumbnail(
    service, astronaut
):
    first = await service.captions.ask(upload(astronaut, store=True))
    again = Question(CaptionOptions(refresh=True), photo_id=first.photo_id)
    answer = await service.captions.ask(again)
    assert answer.photo_id == first.photo_id
    assert any("thumbnail" in note for note in answer.notes)
    service.store.thumbnails.path(first.photo_id, 1280).unlink()
    with pytest.raises(PhotoFileMissingError):
        await service.captions.ask(again)


async def test_a_killed_worker_fails_one_question_and_comes_back(service, astronaut):
    await service.captions.ask(upload(astronaut))
    fact = next(f for f in service.runner_states() if f.model_id.startswith("tiny"))
    gate = service.captions._parts.pool.gate
    anew = upload(astronaut, wishes={"refresh": True})
    os.kill(fact.pid, signal.SIGSTOP)
    asked = asyncio.create_task(service.captions.ask(anew))
    while gate.group is None:  # noqa: ASYNC110 - the turn has no event
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.1)
    os.kill(fact.pid, signal.SIGKILL)
    with pytest.raises(WorkerCrashedError):
        await asked
    assert (await service.captions.ask(anew)).caption
    assert service.counters.captions_failed == 1


async def test_a_question_that_is_cancelled_leaves_the_line(service, astronaut):
    async with hold_model(service):
        asked = asyncio.create_task(service.captions.ask(upload(astronaut)))
        while not service.queue_length():  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.01)
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked
        assert service.queue_length() == 0
    assert (await service.captions.ask(upload(astronaut))).caption


async def test_a_stop_is_quick_and_final(settings, astronaut):
    loop = asyncio.get_running_loop()
    async with serving(settings) as service:
        await service.captions.ask(upload(astronaut, store=True))
        pids = [fact.pid for fact in service.runner_states() if fact.pid]
        assert len(pids) == 2
        anew = upload(astronaut, wishes={"refresh": True})
        for fact in service.runner_states():
            os.kill(fact.pid, signal.SIGSTOP)
        asked = asyncio.create_task(service.captions.ask(anew))
        await asyncio.sleep(0.2)
        started = loop.time()
        await service.stop()
        assert loop.time() - started < 4
        with pytest.raises(ServiceStoppingError):
            await asked
        assert all(is_closed(pid) for pid in pids)
        await service.stop()


async def test_a_locked_store_is_an_error_and_no_loss(service, astronaut):
    await service.captions.ask(upload(astronaut))
    path = service.settings.home / "edge-captions.db"
    other = sqlite3.connect(path, isolation_level=None, timeout=0)
    other.execute("BEGIN IMMEDIATE")
    wishes = {"refresh": True}
    try:
        with pytest.raises(StoreLockedError):
            await service.captions.ask(upload(astronaut, store=True, wishes=wishes))
    finally:
        other.execute("ROLLBACK")
        other.close()
    assert not list((service.settings.home / "work").iterdir())
    stored = await service.captions.ask(upload(astronaut, store=True, wishes=wishes))
    assert (await service.store.photos.get(stored.photo_id)).id == stored.photo_id
    assert await service.store.check() == []


async def test_a_full_disk_is_an_error_and_no_loss(service, astronaut):
    stored = await service.captions.ask(upload(astronaut, store=True))
    write = partial(service.review.write_caption, stored.photo_id, "en")
    await write("Eileen")

    async def limit(pages: int) -> None:
        def work(connection):
            return connection.execute(f"PRAGMA max_page_count = {pages}").fetchone()

        await service.store._database.write(work)

    await limit(1)  # SQLite takes the present size for the least
    await fill(service.store)
    with pytest.raises(DiskFullError):
        await write("E" * 15_000)
    caption = await service.store.captions.get(stored.photo_id, "en")
    assert caption.text == "Eileen"
    anew = upload(astronaut, wishes={"refresh": True})
    assert (await service.captions.ask(anew)).caption  # nothing is stored for it
    await limit(1_000_000)
    assert (await write("E" * 15_000)).text.startswith("EEE")
    assert await service.store.check() == []


async def test_what_was_not_stored_can_be_stored_later(service, astronaut):
    first = await service.captions.ask(upload(astronaut))
    assert first.photo_id is None
    kept = await service.captions.ask(upload(astronaut, store=True))
    assert kept.photo_id is not None
    again = await service.captions.ask(upload(astronaut, store=True))
    assert (again.photo_id, again.origin) == (kept.photo_id, Origin.STORED)


async def test_the_embedded_model_answers_for_one_that_fails(
    settings, home_with_second, astronaut
):
    shutil.copytree(home_with_second, settings.home)
    folder = settings.models_home / SECOND
    victim = max(folder.glob("*.onnx"), key=lambda path: path.stat().st_size)
    found = victim.stat()
    data = victim.read_bytes()
    victim.unlink()
    victim.write_bytes(bytes(1000) + data[1000:])
    os.utime(victim, ns=(found.st_atime_ns, found.st_mtime_ns))
    async with serving(settings) as service:
        answer = await service.captions.ask(upload(astronaut))
        assert answer.model == "tiny-captioner"
        assert any(SECOND in note and "instead" in note for note in answer.notes)
        asked = upload(astronaut, wishes={"model": SECOND})
        with pytest.raises(ModelBrokenError):
            await service.captions.ask(asked)


async def test_a_camera_s_ring_is_bounded(service, astronaut, tmp_path):
    source = await service.store.sources.ensure(SourceKind.CAMERA, "door")
    await service.store.sources.update(source.id, settings={"count": 2})
    for number, path in enumerate(copies(astronaut, tmp_path / "frames", 11)):
        wishes = {"refresh": True, "model": "tiny-captioner"}
        question = replace(upload(path, wishes=wishes), source="door")
        await service.captions.ask(question)
        assert (await service.store.counts())["photos"] <= 2 + number % 10
    assert (await service.store.counts())["photos"] == 2
    thumbnails = service.settings.home / "thumbnails"
    assert len([p for p in thumbnails.rglob("*") if p.is_file()]) == 4
