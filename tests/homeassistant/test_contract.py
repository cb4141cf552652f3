"""The integration against the real runtime, in a process of its own.

EDGE_CAPTIONS_COMMAND names another runtime than the checkout's own.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
import os
from pathlib import Path
import re
import shlex

from homeassistant.components.camera import Image
from homeassistant.components.media_source import async_browse_media
from homeassistant.config_entries import ConfigEntryState, ConfigSubentryData
from homeassistant.const import CONF_TOKEN, CONF_URL
from homeassistant.core import HomeAssistant, callback
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.edge_captions.client import RuntimeClient
from custom_components.edge_captions.client_errors import RefusedError
from custom_components.edge_captions.const import DOMAIN
from custom_components.edge_captions.media_source import photo_id_of

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "edge_runtime" / "bundled" / "samples"
PYTHON = ROOT / ".venv" / "bin" / "python"
TASK = "ai_task.edge_captions_captions"

pytestmark = pytest.mark.timeout(120)


def command() -> list[str]:
    """Return what starts the runtime's command line."""
    if given := os.environ.get("EDGE_CAPTIONS_COMMAND"):
        return shlex.split(given)
    if not PYTHON.exists():
        pytest.skip("the runtime's environment .venv is not there: run scripts/test")
    return [str(PYTHON), "-P", "-m", "edge_runtime"]


@dataclass(slots=True)
class RealRuntime:
    home: Path
    url: str
    process: asyncio.subprocess.Process

    async def run(self, *arguments: str) -> str:
        """Run a command on the runtime's home and return what it prints."""
        process = await start(self.home, *arguments)
        out, err = await process.communicate()
        assert process.returncode == 0, err.decode()
        return out.decode()

    async def stop(self) -> None:
        if self.process.returncode is None:
            self.process.terminate()
        await self.process.wait()


async def start(home: Path, *arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *command(),
        *arguments,
        cwd=ROOT,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={
            **os.environ,
            "EDGE_CAPTIONS_HOME": str(home),
            "EDGE_CAPTIONS_OFFLINE": "1",
            "EDGE_CAPTIONS_ANNOUNCE": "0",
        },
    )


async def serving(home: Path, host: str, port: int = 0) -> RealRuntime:
    process = await start(home, "serve", "--host", host, "--port", str(port))
    told = b""
    async with asyncio.timeout(60):
        while not (found := re.search(rb"listening at http://[^\s]+:(\d+)", told)):
            line = await process.stderr.readline()
            assert line, told.decode()
            told += line
    # read on: a full pipe would stop the service
    task = asyncio.get_running_loop().create_task(drain(process.stderr))
    task.add_done_callback(lambda _: None)
    return RealRuntime(home, f"http://127.0.0.1:{int(found[1])}", process)


async def drain(stream: asyncio.StreamReader) -> None:
    while await stream.read(65536):
        pass


@pytest.fixture
async def real(socket_enabled, tmp_path) -> AsyncIterator[RealRuntime]:
    """Return a runtime that lets this machine in."""
    runtime = await serving(tmp_path / "home", "127.0.0.1")
    yield runtime
    await runtime.stop()


@pytest.fixture
async def strict(socket_enabled, tmp_path) -> AsyncIterator[RealRuntime]:
    """Return a runtime on the whole network: every request needs a token."""
    runtime = await serving(tmp_path / "home", "0.0.0.0")  # noqa: S104 - what is tested
    yield runtime
    await runtime.stop()


@pytest.fixture(autouse=True)
def _samples(hass):
    hass.config.media_dirs = {"local": str(SAMPLES)}
    hass.config.allowlist_external_dirs = {str(SAMPLES)}


async def add(hass: HomeAssistant, url: str, **more) -> MockConfigEntry:
    entry = MockConfigEntry(
        domain=DOMAIN, title="Edge Captions", data={CONF_URL: url}, **more
    )
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    assert entry.state is ConfigEntryState.LOADED
    return entry


async def act(hass: HomeAssistant, domain: str, name: str, **data):
    return await hass.services.async_call(
        domain, name, data, blocking=True, return_response=True
    )


async def test_captions_search_review_and_models(hass, real):
    entry = await add(hass, real.url)
    assert hass.states.get("sensor.edge_captions_captioner").state == "tiny-captioner"
    coffee = str(SAMPLES / "coffee.jpg")
    made = await act(hass, DOMAIN, "caption_image", path=coffee, store=True)
    assert made["caption"]
    assert made["model"] == "tiny-captioner"
    assert made["verdict"] in {"sure", "unsure", "none", "unchecked"}
    assert made["photo_id"]

    accepted = await act(
        hass, DOMAIN, "accept_suggestion", suggestion_id=made["caption_id"]
    )
    assert accepted["caption"] == made["caption"]
    mine = "Espresso at the lake"
    written = await act(
        hass, DOMAIN, "set_caption", photo_id=made["photo_id"], text=mine
    )
    assert written["caption"] == mine
    found = await act(hass, DOMAIN, "search_captions", query="espresso lake")
    assert [photo["photo_id"] for photo in found["photos"]] == [made["photo_id"]]

    assert await act(hass, DOMAIN, "unload_models") == {"unloaded": ["tiny-captioner"]}
    for name, data, key in (
        ("download_model", {"model": "nonsense"}, "model_unknown"),
        ("caption_image", {"path": str(SAMPLES / "samples.yaml")}, None),
        ("accept_suggestion", {"suggestion_id": "0" * 26}, "suggestion_not_found"),
    ):
        with pytest.raises(HomeAssistantError) as caught:
            await act(hass, DOMAIN, name, **data)
        assert key is None or caught.value.translation_key == key
        assert caught.value.translation_key not in {"not_edge_captions", None}
    await hass.config_entries.async_unload(entry.entry_id)


async def test_an_ai_task(hass, real):
    entry = await add(hass, real.url)
    task = {
        "task_name": "test",
        "entity_id": TASK,
        "attachments": [
            {
                "media_content_id": "media-source://media_source/local/coffee.jpg",
                "media_content_type": "image/jpeg",
            }
        ],
    }
    answer = await act(
        hass, "ai_task", "generate_data", instructions="Describe the picture.", **task
    )
    assert isinstance(answer["data"], str)
    assert answer["data"]
    yes_no = {"selector": {"boolean": {}}}
    structure = {"cup": yes_no, "horse": yes_no, "zyzzyva": yes_no, "raining": yes_no}
    answer = await act(
        hass, "ai_task", "generate_data", instructions="", structure=structure, **task
    )
    found, reasons = answer["data"], answer["data"]["reasons"]
    assert found["horse"] is False
    assert (found["zyzzyva"], found["raining"]) == (None, None)
    assert "doesn't know" in reasons["zyzzyva"]
    assert "no single thing" in reasons["raining"]
    assert (found["cup"] is None) is ("cup" in reasons)
    with pytest.raises(HomeAssistantError) as caught:
        await act(
            hass, "ai_task", "generate_data", instructions="Count the cups.", **task
        )
    assert caught.value.translation_key.startswith("model_cannot_answer")
    assert caught.value.translation_placeholders["model"]
    await hass.config_entries.async_unload(entry.entry_id)


async def test_a_watched_camera(hass, real, monkeypatch):
    frame = (SAMPLES / "cat.jpg").read_bytes()

    async def get_image(hass, entity_id):
        return Image(content_type="image/jpeg", content=frame)

    hass.config.components.add("camera")
    monkeypatch.setattr("homeassistant.components.camera.async_get_image", get_image)
    hass.states.async_set("camera.yard", "idle")
    events: asyncio.Queue = asyncio.Queue()

    @callback
    def take(event):
        if event.data["entity_id"] == "event.yard_caption" and (
            kind := event.data["new_state"].attributes.get("event_type")
        ):
            events.put_nowait((kind, event.data["new_state"].attributes))

    hass.bus.async_listen("state_changed", take)
    entry = await add(
        hass,
        real.url,
        subentries_data=[
            ConfigSubentryData(
                data={"camera": "camera.yard", "on_change": True, "cooldown": 0},
                subentry_type="watched_camera",
                title="Yard",
                unique_id="camera.yard",
            )
        ],
    )
    async with asyncio.timeout(60):
        hass.states.async_set("camera.yard", "recording")
        kind, seen = await events.get()
        assert kind in {"captioned", "unsure"}, seen
        assert seen["caption"]
        while seen["phase"] == "fast":
            _, seen = await events.get()
        hass.states.async_set("camera.yard", "idle")
        frame += b" "  # another file, the same picture
        hass.states.async_set("camera.yard", "recording")
        kind, again = await events.get()
    assert kind in {"nothing_new", "captioned", "unsure"}
    assert again["caption"] == seen["caption"]
    await hass.config_entries.async_unload(entry.entry_id)


async def test_pairing_and_a_revoked_token(hass, strict):
    flows = hass.config_entries.flow
    result = await flows.async_init(DOMAIN, context={"source": "user"})
    result = await flows.async_configure(result["flow_id"], {CONF_URL: strict.url})
    assert result["step_id"] == "sign_in"
    result = await flows.async_configure(result["flow_id"], {"next_step_id": "pair"})
    code = result["description_placeholders"]["code"]
    assert f"{code}  Home Assistant test home" in await strict.run("pair")
    await strict.run("pair", code)
    await hass.async_block_till_done(wait_background_tasks=True)
    result = await flows.async_configure(result["flow_id"])
    assert result["type"] is FlowResultType.CREATE_ENTRY, result
    entry = result["result"]
    assert entry.data[CONF_TOKEN].startswith("ec_")
    assert entry.state is ConfigEntryState.LOADED

    await strict.run("token", "revoke", "Home Assistant test home")
    await entry.runtime_data.coordinator.async_refresh()
    await hass.async_block_till_done()
    (flow,) = flows.async_progress()
    assert flow["context"]["source"] == "reauth"
    await hass.config_entries.async_unload(entry.entry_id)


async def test_a_folder_its_photos_and_the_captioner(hass, real, tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    for name in ("cat.jpg", "coffee.jpg"):
        (folder / name).write_bytes((SAMPLES / name).read_bytes())
    await real.run("library", "add", str(folder), "--name", "Holidays")
    assert await async_setup_component(hass, "media_source", {})
    client = RuntimeClient(async_get_clientsession(hass), real.url)
    runtime_id = (await client.info()).runtime_id
    entry = await add(hass, real.url, unique_id=runtime_id)
    async with asyncio.timeout(60):
        await act(hass, DOMAIN, "caption_folder", folder="Holidays")
        source = None
        while source is None or source.pending < 2:
            (source,) = await client.sources()
            await asyncio.sleep(0.2)
    assert (source.is_folder, source.photos, source.undescribed) == (True, 2, 0)

    root = f"media-source://{DOMAIN}/{runtime_id}"
    found = await async_browse_media(hass, f"{root}/all")
    assert len(found.children) == 2
    assert all(child.title for child in found.children)
    for kind in ("albums", "tags", "places", "months", "sources"):
        await async_browse_media(hass, f"{root}/{kind}")
    photo_id = photo_id_of(found.children[0].media_content_id)
    parts = [part async for part in client.thumbnail(photo_id, 320)]
    assert b"".join(parts)[:4] == b"RIFF"
    with pytest.raises(RefusedError):
        [part async for part in client.thumbnail("0" * 26, 320)]

    press = {"entity_id": "button.edge_captions_look_for_new_photos"}
    await hass.services.async_call("button", "press", press, blocking=True)
    choice = {"entity_id": "select.edge_captions_captioner", "option": "tiny-captioner"}
    await hass.services.async_call("select", "select_option", choice, blocking=True)
    await entry.runtime_data.coordinator.async_refresh()
    assert hass.states.get(choice["entity_id"]).state == "tiny-captioner"
    assert int(hass.states.get("sensor.edge_captions_photos").state) == 2
    answer = await act(hass, DOMAIN, "check_answers")
    assert answer["can_answer"] is False
    await hass.config_entries.async_unload(entry.entry_id)
