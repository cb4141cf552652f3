"""Immich: only photos without words are captioned, and a kill changes nothing."""

import asyncio
from dataclasses import replace
import os
from pathlib import Path
import signal
import sys

from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer
from fake_immich import KEY, FakeImmich
import pytest

from edge_runtime.connectors.errors import (
    ConnectorError,
    ConnectorRefusedError,
    ConnectorSetupError,
)
from edge_runtime.connectors.immich import ImmichAsset, ImmichClient
from edge_runtime.service.immich import State, Step, decide
from edge_runtime.store import ConnectorItem, JobState

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "edge_runtime" / "bundled" / "samples"
PHOTOS = sorted(SAMPLES.glob("*.jpg"))
MINE = "Rex and Luna in the garden"


@pytest.fixture
async def immich():
    immich = FakeImmich()
    async with immich.server:
        yield immich


@pytest.fixture
def settings(settings, immich):
    return replace(
        settings,
        immich_url=immich.url,
        immich_api_key=KEY,
        immich_per_minute=100_000,
        immich_tags=True,
    )


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    monkeypatch.setattr("edge_runtime.connectors.immich.WAITS_S", (0.01, 0.02))


async def run(service, state=JobState.DONE, **options):
    job = await service.immich.enqueue(**options)
    async with asyncio.timeout(25):
        job = await service.jobs.wait(job.id)
    assert job.state is state, job
    return job.result or job.error


async def test_what_has_no_words_gets_some_and_all_others_keep_theirs(service, immich):
    dogs = immich.add("dogs", (SAMPLES / "dogs-on-grass.jpg").read_bytes())
    immich.add("mine", (SAMPLES / "cat.jpg").read_bytes(), MINE)
    immich.page_size = 1  # two pages
    result = await run(service)
    assert (result["captioned"], result["human"], result["failed"]) == (1, 1, 0)
    assert "dog" in dogs.description
    assert "edge-captions/dog" in dogs.tags
    assert immich.assets["mine"].description == MINE
    assert immich.written == {"dogs": 1}
    # the second time nothing is fetched
    before = immich.requests["GET assets"]
    result = await run(service)
    assert (result["captioned"], result["kept"], result["human"]) == (0, 1, 1)
    assert immich.requests["GET assets"] == before
    facts = await service.immich.facts()
    assert (facts["is_set_up"], facts["items"]) == (True, {"written": 1})


async def test_ours_is_captioned_anew_when_it_is_asked_for_or_another_picture(
    service, immich
):
    asset = immich.add("one", (SAMPLES / "dogs-on-grass.jpg").read_bytes())
    await run(service)
    asset.photo, asset.checksum = (SAMPLES / "cat.jpg").read_bytes(), "c2"
    await run(service)
    assert "cat" in asset.description
    assert immich.written["one"] == 2
    await run(service, refresh=True)
    assert immich.written["one"] == 3


async def test_a_persons_words_and_wishes_stand(service, immich):
    photo = (SAMPLES / "dogs-on-grass.jpg").read_bytes()
    edited, emptied = immich.add("edited", photo), immich.add("emptied", photo)
    await run(service)
    edited.description, emptied.description = f"{edited.description} Rex!", ""
    result = await run(service, refresh=True)
    assert (result["captioned"], result["human"]) == (0, 2)
    assert edited.description.endswith("Rex!")
    assert emptied.description == ""


async def test_somebody_who_writes_meanwhile_is_not_overwritten(service, immich):
    asset = immich.add("one", (SAMPLES / "dogs-on-grass.jpg").read_bytes())
    ask = service.captions.ask

    async def slowly(question, **options):
        answer = await ask(question, **options)
        asset.description = MINE
        return answer

    service.captions.ask = slowly
    result = await run(service)
    assert (result["captioned"], result["human"]) == (0, 1)
    assert asset.description == MINE


async def test_a_picture_that_is_none_ends_no_run(service, immich):
    immich.add("bad", b"no picture")
    immich.add("good", (SAMPLES / "dogs-on-grass.jpg").read_bytes())
    result = await run(service)
    assert (result["captioned"], result["failed"]) == (1, 1)
    assert result["errors"][0]["asset"] == "bad"
    assert result["errors"][0]["code"] == "photo_format_unsupported"
    result = await run(service)  # known to be bad: not tried again
    assert (result["captioned"], result["failed"], result["kept"]) == (0, 0, 2)
    assert not list((service.settings.home / "work").iterdir())


async def test_what_passes_is_waited_for_and_what_does_not_is_said(service, immich):
    immich.add("one", (SAMPLES / "dogs-on-grass.jpg").read_bytes())
    immich.failing = [429, 503]
    assert (await run(service))["captioned"] == 1
    immich.failing = [500] * 3
    error = await run(service, JobState.FAILED)
    assert error == {"code": "connector_failed", "message": "Immich answered 500 busy"}
    await immich.server.close()
    error = await run(service, JobState.FAILED)
    assert "can't be reached" in error["message"]


async def test_a_limit_ends_a_run_early(service, immich):
    for name in "abc":
        immich.add(name, PHOTOS[0].read_bytes())
    assert (await run(service, limit=2))["captioned"] == 2
    assert (await run(service))["captioned"] == 1


async def test_the_pace_is_kept(service, immich):
    slow = replace(service.immich._parts.settings, immich_per_minute=60)
    service.immich._parts = replace(service.immich._parts, settings=slow)
    for name in "ab":
        immich.add(name, PHOTOS[0].read_bytes())
    started = asyncio.get_running_loop().time()
    await run(service)
    assert asyncio.get_running_loop().time() - started >= 1.0


async def test_over_http(http, service, immich):
    immich.add("one", PHOTOS[0].read_bytes())
    async with http.post("/api/v1/connectors/immich/run", json={}) as response:
        assert response.status == 202
        job = await response.json()
    await service.jobs.wait(job["id"])
    async with http.get("/api/v1/connectors/immich") as response:
        facts = await response.json()
    assert (facts["job_id"], facts["items"]) == (job["id"], {"written": 1})
    assert KEY not in str(facts)


async def test_without_settings_it_says_what_is_missing(http, service):
    bare = replace(service.immich._parts.settings, immich_api_key=None)
    service.immich._parts = replace(service.immich._parts, settings=bare)
    async with http.post("/api/v1/connectors/immich/run", json={}) as response:
        assert response.status == 409
        assert (await response.json())["error"]["code"] == "connector_setup"


NEW = ImmichAsset("a", "a.jpg", "c1", "")
OURS = ImmichAsset("a", "a.jpg", "c1", "A dog.")


@pytest.mark.parametrize(
    ("asset", "known", "step"),
    [
        (NEW, None, Step.CAPTION),
        (OURS, None, Step.HUMAN),
        (OURS, ConnectorItem("a", State.WRITTEN, "c1", "A dog."), Step.KEEP),
        (OURS, ConnectorItem("a", State.WRITTEN, "c0", "A dog."), Step.CAPTION),
        (OURS, ConnectorItem("a", State.WRITTEN, "c1", "A cat."), Step.HUMAN),
        (OURS, ConnectorItem("a", State.WRITING, "c1", "A dog."), Step.KEEP),
        (OURS, ConnectorItem("a", State.WRITING, "c1", "A dog.\x1eA."), Step.KEEP),
        (OURS, ConnectorItem("a", State.WRITING, "c1", "A.\x1eA dog."), Step.KEEP),
        (OURS, ConnectorItem("a", State.FAILED, "c1", None), Step.HUMAN),
        (NEW, ConnectorItem("a", State.WRITING, "c1", "A dog."), Step.CAPTION),
        (NEW, ConnectorItem("a", State.WRITTEN, "c1", "A dog."), Step.HUMAN),
        (NEW, ConnectorItem("a", State.FAILED, "c1", None), Step.KEEP),
        (NEW, ConnectorItem("a", State.FAILED, "c0", None), Step.CAPTION),
        (NEW, ConnectorItem("a", State.NOTHING, "c1", None), Step.KEEP),
    ],
)
def test_what_is_done_with_a_photo(asset, known, step):
    assert decide(asset, known) is step


PAIRS = {
    # written by hand from https://api.immich.app
    ("POST", "/api/search/metadata"): (
        {"type": "IMAGE", "page": 1, "size": 2, "order": "asc", "withExif": True},
        200,
        {
            "albums": {"total": 0, "count": 0, "items": [], "facets": []},
            "assets": {
                "total": 1,
                "count": 1,
                "facets": [],
                "nextPage": "2",
                "items": [
                    {
                        "id": "3fa85f64-5717-4562-b3fc-2c963f66afa6",
                        "deviceAssetId": "web-dogs.jpg",
                        "ownerId": "5b0f4e1d-4f0c-4f93-8f0d-0d5c1c5b6a11",
                        "type": "IMAGE",
                        "originalPath": "upload/library/admin/2026/dogs.jpg",
                        "originalFileName": "dogs.jpg",
                        "originalMimeType": "image/jpeg",
                        "thumbhash": "1QcSHQRnh493V4dIh4eXh1h4kJUI",
                        "checksum": "2vjkXfgbHkDdmPm0eGYbAZqXRqM=",
                        "isFavorite": False,
                        "isTrashed": False,
                        "visibility": "timeline",
                        "exifInfo": {"make": "Canon", "description": " A note. "},
                    }
                ],
            },
        },
    ),
    ("PUT", "/api/assets/a"): ({"description": "A dog."}, 200, {"id": "a"}),
    ("GET", "/api/assets/a"): (None, 200, {"id": "a", "exifInfo": None}),
    ("PUT", "/api/tags"): (
        {"tags": ["edge-captions/dog"]},
        200,
        [{"id": "t", "name": "dog", "value": "edge-captions/dog"}],
    ),
    ("PUT", "/api/tags/t/assets"): (
        {"ids": ["a"]},
        200,
        [{"id": "a", "success": True}],
    ),
}


@pytest.fixture
async def pairs():
    """Play the pairs back: a request that differs is an error."""

    async def answer(request):
        body, status, reply = PAIRS[request.method, request.path]
        sent = await request.json() if request.can_read_body else None
        assert request.headers["x-api-key"] == KEY
        assert sent == body, (request.path, sent)
        return web.json_response(reply, status=status)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    async with TestServer(app) as server, ClientSession() as session:
        yield ImmichClient(str(server.make_url("/api")), KEY, session, waits_s=())


async def test_the_documented_pairs(pairs):
    page = await pairs.page(1, 2)
    assert page.next_page == 2
    assert page.assets == (
        ImmichAsset(
            "3fa85f64-5717-4562-b3fc-2c963f66afa6",
            "dogs.jpg",
            "2vjkXfgbHkDdmPm0eGYbAZqXRqM=",
            "A note.",
        ),
    )
    assert (await pairs.asset("a")).description == ""
    await pairs.describe("a", "A dog.")
    await pairs.tag("a", ["edge-captions/dog"])


@pytest.mark.parametrize(
    ("status", "body", "error", "words"),
    [
        (401, {"message": "Invalid API key"}, ConnectorSetupError, "asset.update"),
        (403, {"message": "Forbidden"}, ConnectorSetupError, "asset.read"),
        (400, {"message": "Not found"}, ConnectorRefusedError, "400 Not found"),
        (502, None, ConnectorError, "502"),
        (200, {"assets": None}, ConnectorError, "a page that is none"),
        (200, {"assets": {"items": [{}]}}, ConnectorError, "an asset that is none"),
        (200, "<html>", ConnectorError, "not as Immich"),
    ],
)
async def test_other_answers_say_what_is_wrong(status, body, error, words):
    async def answer(request):
        if isinstance(body, str):
            return web.Response(text=body, content_type="text/html", status=status)
        return web.json_response(body, status=status)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    async with TestServer(app) as server, ClientSession() as session:
        client = ImmichClient(str(server.make_url("")), KEY, session, waits_s=())
        with pytest.raises(error, match=words):
            await client.page(1, 2)


async def command(home, immich, *arguments):
    """Start `edge-captions immich` in a process of its own."""
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *("-P", "-m", "edge_runtime", "immich", *arguments),
        cwd=ROOT,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={
            **os.environ,
            "EDGE_CAPTIONS_HOME": str(home),
            "EDGE_CAPTIONS_OFFLINE": "1",
            "EDGE_CAPTIONS_IMMICH_URL": immich.url,
            "EDGE_CAPTIONS_IMMICH_API_KEY": KEY,
            "EDGE_CAPTIONS_IMMICH_PER_MINUTE": "100000",
        },
    )


@pytest.mark.timeout(120)
async def test_a_killed_run_goes_on_and_writes_over_nobody(tmp_path, immich):
    for number, path in enumerate(PHOTOS * 2):
        immich.add(f"photo-{number:02}", path.read_bytes())
    immich.add("mine", PHOTOS[0].read_bytes(), MINE)
    home, killed = tmp_path / "home", asyncio.Event()
    process = await command(home, immich)

    def kill(asset):  # at the worst moment: the words are there, the answer is not
        if sum(immich.written.values()) == 3 and not killed.is_set():
            killed.set()
            process.send_signal(signal.SIGKILL)

    immich.before_write = kill
    await process.communicate()
    assert killed.is_set()
    texts = {i: a.description for i, a in immich.assets.items() if immich.written[i]}
    assert len(texts) == 3

    process = await command(home, immich)
    out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    assert "1 with words of somebody else, 0 failed" in out.decode()
    assert set(immich.written) == set(immich.assets) - {"mine"}
    assert set(immich.written.values()) == {1}
    assert {i: immich.assets[i].description for i in texts} == texts
    assert immich.assets["mine"].description == MINE

    process = await command(home, immich, "--status")
    out, _ = await process.communicate()
    states = {
        line.split()[0]: int(line.split()[1]) for line in out.decode().splitlines()
    }
    assert sum(states.values()) == len(PHOTOS) * 2
    assert set(states) <= {"written", "writing"}
