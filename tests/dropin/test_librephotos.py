"""LibrePhotos' caption service: today's request and answer, and those of 2024."""

from dataclasses import replace
import time

from aiohttp.test_utils import TestClient
import pytest

from edge_runtime.api.drop_in.librephotos import LibrePhotos


@pytest.fixture
def settings(settings, tmp_path, photo):
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "dogs.jpg").write_bytes(photo)
    return replace(settings, allowed_folders=(folder,))


@pytest.fixture
def path(settings) -> str:
    return str(settings.allowed_folders[0] / "dogs.jpg")


async def ask(http, body, expected=201):
    async with http.post("/generate-caption", json=body) as response:
        answer = await response.json()
        assert response.status == expected, answer
        return answer


async def test_todays_form(http, path):
    assert "dog" in (await ask(http, {"image_path": path}))["caption"]
    prompt = "Describe this image in a short, concise caption."
    answer = await ask(http, {"image_path": path, "prompt": prompt})
    assert set(answer) == {"caption"}


async def test_the_form_of_2024(http, path):
    answer = await ask(http, {"image_path": path, "onnx": False, "blip": True})
    assert "dog" in answer["caption"]


async def test_the_model_leaves_when_it_is_told_to(http, service, path):
    await ask(http, {"image_path": path})
    assert "ready" in {fact.state for fact in service.runner_states()}
    async with http.get("/unload-model") as response:
        assert (response.status, await response.text()) == (200, "")
    assert "ready" not in {fact.state for fact in service.runner_states()}


async def test_health_is_what_it_was_and_what_librephotos_reads(http, path):
    async with http.get("/health") as response:
        before = await response.json()
    assert (before["status"], before["last_request_time"]) == ("ok", None)
    await ask(http, {"image_path": path})
    async with http.get("/health") as response:
        after = await response.json()
    assert abs(after["last_request_time"] - time.time()) < 60


def test_an_idle_service_never_looks_stale_to_librephotos():
    assert LibrePhotos(asked_at=time.time() - 119).last_request_time is None
    assert LibrePhotos(asked_at=time.time() - 30).last_request_time is not None


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"image_path": ""}, 400),
        ({"image_path": "/etc/passwd"}, 403),
        ({"image_path": "MISSING"}, 404),
        ({"image_path": "GOOD", "prompt": "How many people are there?"}, 400),
    ],
)
async def test_errors_are_a_text_that_its_log_can_show(http, path, body, status):
    places = {"GOOD": path, "MISSING": path + ".jpg"}
    sent = {key: places.get(value, value) for key, value in body.items()}
    answer = await ask(http, sent, status)
    assert set(answer) == {"error"}
    assert isinstance(answer["error"], str)


async def test_a_token_is_needed_where_the_network_listens(strict, path):
    async with TestClient(strict) as client:
        await ask(client, {"image_path": path}, 401)
