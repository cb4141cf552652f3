"""Models of a running service: brought, proven, pinned, loaded, unloaded, removed."""

import asyncio
from dataclasses import replace

import pytest
from service_helpers import SECOND
from serving import serving

from edge_runtime.config import AutoDownload
from edge_runtime.errors import (
    LicenseNotAcceptedError,
    ModelNotInstalledError,
    ModelUnknownError,
    ModelUnusableError,
)
from edge_runtime.inference.runner import RunnerState
from edge_runtime.schemas import Task
from edge_runtime.service import (
    CaptionOptions,
    ModelBuiltInError,
    ModelBusyError,
    ModelDoesNotFitError,
    ModelDownloadingError,
    Question,
)
from edge_runtime.store import JobState

pytestmark = pytest.mark.timeout(120)  # workers start slowly on a loaded machine
CAPTIONS = Task.IMAGE_TO_TEXT


async def ended(service, job, state=JobState.DONE):
    done = await service.jobs.wait(job.id)
    assert done.state is state, done
    return done


async def test_the_life_of_a_model(service, astronaut):
    async with service.events.subscribe() as heard:
        await _life_of_a_model(service, astronaut)
        kinds = set()
        while not heard._events.empty():
            kinds.add((await heard.get()).type)
    assert {"model.installed", "model.removed", "model.state", "selection.changed"} <= (
        kinds
    )


async def _life_of_a_model(service, astronaut):
    models = service.models
    before = await models.get(SECOND)
    assert (before.state.value, before.is_suited) == ("missing", True)
    job = await models.download(SECOND, started_by="a test")
    assert (await models.download(SECOND)).id == job.id
    done = await ended(service, job)
    assert done.result["self_test"] == "passed"
    after = await models.get(SECOND)
    assert after.state.value == "installed"
    assert after.self_test.passed
    assert after.fit.value == "running"

    question = Question(CaptionOptions(), path=astronaut, is_upload=True)
    assert (await service.captions.ask(question)).model == SECOND
    await models.pin(CAPTIONS, "tiny-captioner")
    assert (await models.get("tiny-captioner")).pinned
    fresh = replace(question, options=CaptionOptions(refresh=True))
    assert (await service.captions.ask(fresh)).model == "tiny-captioner"

    verified = await ended(service, await models.verify(SECOND))
    assert verified.result["problems"] == []
    loaded = await ended(service, await models.load(SECOND))
    assert loaded.result["rss_bytes"] > 10_000_000
    assert service.captions._parts.pool.state(SECOND) is RunnerState.READY
    async with service.captions._parts.pool.gate.hold(0, SECOND):
        with pytest.raises(ModelBusyError):
            await models.unload(SECOND)
        with pytest.raises(ModelBusyError):
            await models.remove(SECOND)
    await models.unload(SECOND)
    assert service.captions._parts.pool.state(SECOND) is RunnerState.STOPPED
    removed = await ended(service, await models.remove(SECOND))
    assert removed.result["freed_bytes"] > 1_000_000
    assert (await models.get(SECOND)).state.value == "missing"


async def test_a_damaged_file_is_found(service_with_second):
    service = service_with_second
    folder = service.settings.models_home / SECOND
    victim = max(folder.glob("*.onnx"), key=lambda path: path.stat().st_size)
    data = bytearray(victim.read_bytes())
    data[5000] ^= 0xFF
    victim.unlink()  # it may be a link to the file that was put ready
    victim.write_bytes(data)
    done = await ended(service, await service.models.verify(SECOND))
    assert [p["code"] for p in done.result["problems"]] == ["hash_mismatch"]
    assert (await service.models.get(SECOND)).state.value != "installed"


async def test_a_file_that_went_is_noticed_before_the_next_photo(
    service_with_second, astronaut
):
    service = service_with_second
    folder = service.settings.models_home / SECOND
    question = Question(
        CaptionOptions(model=SECOND, refresh=True), path=astronaut, is_upload=True
    )
    assert (await service.captions.ask(question)).model == SECOND
    await service.models.unload(SECOND)
    max(folder.glob("*.onnx"), key=lambda path: path.stat().st_size).unlink()
    with pytest.raises(ModelNotInstalledError, match="1 of"):
        await service.captions.ask(question)
    with pytest.raises(ModelNotInstalledError):
        await service.models.load(SECOND)
    anything = replace(question, options=CaptionOptions(refresh=True))
    assert (await service.captions.ask(anything)).model == "tiny-captioner"


async def test_what_does_not_fit_wants_to_be_confirmed(service):
    giant = await service.models.get("giant-captioner")
    assert giant.fit.value == "does_not_fit"
    with pytest.raises(ModelDoesNotFitError, match=r"GB.*confirm"):
        await service.models.download("giant-captioner")
    with pytest.raises(ModelDoesNotFitError):
        await service.models.pin(CAPTIONS, "giant-captioner")
    job = await service.models.download("giant-captioner", confirm=True)
    failed = await ended(service, job, JobState.FAILED)
    assert failed.error["code"] == "offline"


async def test_a_licence_is_accepted_first(service):
    with pytest.raises(LicenseNotAcceptedError):
        await service.models.download("asking-captioner")
    job = await service.models.download("asking-captioner", accept_license=True)
    await ended(service, job, JobState.FAILED)  # offline
    assert not (await service.models.get("asking-captioner")).license_pending


async def test_refusals(service):
    models = service.models
    with pytest.raises(ModelBuiltInError):
        await models.remove("tiny-captioner")
    with pytest.raises(ModelUnknownError):
        await models.get("no-such-model")
    with pytest.raises(ModelNotInstalledError):
        await models.load(SECOND)
    with pytest.raises(ModelUnusableError):
        await models.pin(Task.TRANSLATION, "tiny-captioner")
    await models.unload("tiny-captioner")  # is not loaded: nothing to do


async def test_a_pin_outlives_a_restart(settings, astronaut):
    async with serving(settings) as service:
        await service.models.pin(CAPTIONS, "none")
    async with serving(settings) as service:
        entry = (await service.selection()).get(CAPTIONS)
        assert entry.stage == "off"
        await service.models.pin(CAPTIONS, "auto")
        assert (await service.selection()).get(CAPTIONS).stage == "on"
    async with serving(settings) as service:
        assert dict(service.models._parts.selector.pins) == {}


async def test_a_pinned_model_that_is_lacking_is_fetched_where_allowed(
    settings, astronaut
):
    wanted = Question(CaptionOptions(model=SECOND), path=astronaut, is_upload=True)
    async with serving(settings) as service:
        with pytest.raises(ModelNotInstalledError, match="edge-captions download"):
            await service.captions.ask(wanted)
    allowed = replace(settings, auto_download=AutoDownload.YES, offline=False)
    async with serving(allowed) as service:
        with pytest.raises(ModelDownloadingError) as raised:
            await service.captions.ask(wanted)
        job_id = raised.value.to_dict()["job_id"]
        async with asyncio.timeout(25):
            assert (await service.jobs.wait(job_id)).state is JobState.DONE
        assert (await service.captions.ask(wanted)).model == SECOND


async def test_a_better_model_is_recommended_while_nobody_has_chosen(
    service, astronaut
):
    question = Question(CaptionOptions(), path=astronaut, is_upload=True)
    assert (await service.captions.ask(question)).model == "tiny-captioner"
    assert (await service.captions.recommended()).model.id == SECOND
    await service.models.pin(CAPTIONS, "tiny-captioner")
    assert await service.captions.recommended() is None


async def test_one_model_at_a_time_where_memory_is_short(
    service_with_second, astronaut, monkeypatch
):
    service = service_with_second
    pool = service.captions._parts.pool
    tiny = Question(
        CaptionOptions(model="tiny-captioner"), path=astronaut, is_upload=True
    )
    second = replace(tiny, options=CaptionOptions(model=SECOND))
    await service.captions.ask(tiny)
    await service.captions.ask(second)
    assert pool.state("tiny-captioner") is RunnerState.READY
    await service.models.unload(SECOND)
    monkeypatch.setattr(
        "edge_runtime.service.runners.available_memory", lambda: 50_000_000
    )
    again = replace(second, options=CaptionOptions(model=SECOND, refresh=True))
    await service.captions.ask(again)
    assert pool.state("tiny-captioner") is RunnerState.STOPPED
    assert pool.state(SECOND) is RunnerState.READY
