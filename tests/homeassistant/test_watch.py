"""Watched cameras: when they are looked at, and what is told."""

import asyncio
from datetime import timedelta

from fake_runtime import PNG
from homeassistant.components.camera import Image
from homeassistant.core import HomeAssistant, State, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import (
    async_fire_time_changed,
    mock_restore_cache,
    mock_restore_cache_with_extra_data,
)

EVENT = "event.camera_1_caption"
SENSOR = "sensor.camera_1_last_caption"
FRAME = "image.camera_1_captioned_frame"
SWITCH = "switch.camera_1_watch"
YARD = {"camera": "camera.yard", "on_change": True, "cooldown": 0}


@pytest.fixture(autouse=True)
def pictures_of_yard(hass, monkeypatch):
    """Give the yard a picture: a camera's own workings are not what is tested."""
    found = {"content": PNG, "error": None, "asked": 0}

    async def get_image(hass, entity_id):
        found["asked"] += 1
        if found["error"]:
            raise HomeAssistantError(found["error"])
        if (frames := found.get("next")) is not None:
            if (content := next(frames, None)) is None:
                raise HomeAssistantError("gone")
            return Image(content_type="image/png", content=content)
        return Image(content_type="image/png", content=found["content"])

    hass.config.components.add("camera")  # image comes with our own entity
    for domain in ("camera", "image"):
        monkeypatch.setattr(
            f"homeassistant.components.{domain}.async_get_image", get_image
        )
    hass.states.async_set("camera.yard", "idle")
    return found


@pytest.fixture
def seen(hass: HomeAssistant):
    """Return a function that waits for the next event of the camera."""
    events: asyncio.Queue[State] = asyncio.Queue()

    @callback
    def take(event):
        new = event.data["new_state"]
        if (
            event.data["entity_id"] == EVENT
            and new
            and new.state
            not in (
                "unknown",
                "unavailable",
            )
        ):
            events.put_nowait(new)

    hass.bus.async_listen("state_changed", take)

    async def wait():
        async with asyncio.timeout(5):
            return await events.get()

    wait.events = events
    return wait


@pytest.mark.parametrize("cameras", [[YARD]])
async def test_a_recording_is_captioned(hass, runtime, loaded, seen, hass_client):
    hass.states.async_set("camera.yard", "recording")
    state = await seen()
    assert state.attributes["event_type"] == "captioned"
    assert state.attributes["title"] == "Camera 1"
    assert state.attributes["caption"] == "A black dog is running on the grass."
    assert state.attributes["short"] == "A black dog is running on the grass."
    assert state.attributes["language"] == "en"
    assert state.attributes["score"] == 0.91
    assert state.attributes["phase"] == "final"
    (form,) = runtime.forms
    assert form["source"] == "camera.yard"
    assert form["two_phase"] == "true"
    assert form["file"] == PNG
    sensor = hass.states.get(SENSOR)
    assert sensor.state == "A black dog is running on the grass."
    assert sensor.attributes["verdict"] == "sure"
    client = await hass_client()
    response = await client.get(f"/api/image_proxy/{FRAME}")
    assert await response.read() == PNG


@pytest.mark.parametrize("cameras", [[YARD]])
@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"verdict": "unsure", "doubted": ["dog"]}, "unsure"),
        ({"verdict": "none"}, "unsure"),
        ({"verdict": "unchecked"}, "captioned"),
        ({"origin": "near_duplicate"}, "nothing_new"),
    ],
)
async def test_kinds_of_events(hass, runtime, loaded, seen, change, kind):
    runtime.caption |= change
    hass.states.async_set("camera.yard", "recording")
    assert (await seen()).attributes["event_type"] == kind


@pytest.mark.parametrize("cameras", [[YARD]])
async def test_a_long_caption_is_cut_in_the_state(hass, runtime, loaded, seen):
    runtime.caption["caption"] = "word " * 100
    hass.states.async_set("camera.yard", "recording")
    state = await seen()
    assert len(state.attributes["short"]) <= 255
    assert state.attributes["caption"] == "word " * 100
    assert len(hass.states.get(SENSOR).state) <= 255


@pytest.mark.parametrize("cameras", [[YARD]])
async def test_a_failure_is_told_and_the_last_caption_stays(
    hass, runtime, loaded, seen, pictures_of_yard
):
    hass.states.async_set("camera.yard", "recording")
    await seen()
    runtime.error = (429, {"code": "queue_full", "message": "32 wait"})
    hass.states.async_set("camera.yard", "idle")
    hass.states.async_set("camera.yard", "recording")
    state = await seen()
    assert state.attributes["event_type"] == "failed"
    assert state.attributes["code"] == "queue_full"
    pictures_of_yard["error"] = "Unable to get image"
    hass.states.async_set("camera.yard", "idle")
    hass.states.async_set("camera.yard", "recording")
    state = await seen()
    assert state.attributes["code"] == "no_picture"
    assert hass.states.get(SENSOR).state == "A black dog is running on the grass."


@pytest.mark.parametrize("cameras", [[YARD]])
@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "0 bytes"),
        (b"<html><title>Log in</title>", "HTML"),
        (b"\n  <!DOCTYPE html>", "HTML"),
        (bytes(64 * 2**20 + 1), "64 MiB"),
    ],
    ids=["nothing", "a page", "a document", "too much"],
)
async def test_a_camera_that_gives_no_picture(
    hass, runtime, loaded, seen, pictures_of_yard, content, words
):
    pictures_of_yard["content"] = content
    hass.states.async_set("camera.yard", "recording")
    state = await seen()
    assert (state.attributes["event_type"], state.attributes["code"]) == (
        "failed",
        "no_picture",
    )
    assert words in state.attributes["reason"]
    assert not runtime.forms


@pytest.mark.parametrize("cameras", [[YARD]])
async def test_a_snapshot_of_40_mb(hass, runtime, loaded, seen, pictures_of_yard):
    pictures_of_yard["content"] = PNG + bytes(40 * 2**20)
    hass.states.async_set("camera.yard", "recording")
    assert (await seen()).attributes["event_type"] == "captioned"
    assert len(runtime.forms[0]["file"]) == len(PNG) + 40 * 2**20


@pytest.mark.parametrize("cameras", [[YARD | {"cooldown": 60}]])
async def test_50_snapshots_in_a_second(hass, runtime, loaded, seen):
    for _ in range(50):
        hass.states.async_set("camera.yard", "idle")
        hass.states.async_set("camera.yard", "recording")
    await seen()
    await asyncio.sleep(0.05)
    assert len(runtime.forms) == 1
    assert seen.events.empty()


@pytest.mark.parametrize("cameras", [[YARD | {"cooldown": 60}]])
async def test_a_clock_that_is_set_back_does_not_end_the_watch(
    hass, runtime, loaded, seen, freezer, monkeypatch
):
    hass.states.async_set("camera.yard", "recording")
    await seen()
    freezer.move_to(dt_util.utcnow() - timedelta(days=30))
    past = "custom_components.edge_captions.watch.monotonic"
    monkeypatch.setattr(past, lambda: float("inf"))  # the pause is over
    hass.states.async_set("camera.yard", "idle")
    hass.states.async_set("camera.yard", "recording")
    await seen()


@pytest.mark.parametrize("cameras", [[YARD | {"snapshots": 3}]])
async def test_the_snapshot_with_the_most_detail_is_described(
    hass, runtime, loaded, seen, pictures_of_yard, monkeypatch
):
    monkeypatch.setattr("custom_components.edge_captions.watch._BETWEEN_SNAPSHOTS_S", 0)
    frames = iter([PNG + b"12", PNG + b"12345", PNG + b"1"])
    pictures_of_yard["next"] = frames
    hass.states.async_set("camera.yard", "recording")
    await seen()
    assert runtime.forms[0]["file"] == PNG + b"12345"
    pictures_of_yard["next"] = iter([PNG])  # then the camera is gone
    hass.states.async_set("camera.yard", "idle")
    hass.states.async_set("camera.yard", "recording")
    assert (await seen()).attributes["event_type"] == "captioned"
    assert runtime.forms[1]["file"] == PNG


@pytest.mark.parametrize("cameras", [[YARD]])
async def test_a_runtime_that_goes_away_in_the_middle(hass, runtime, loaded, seen):
    runtime.cut = True
    hass.states.async_set("camera.yard", "recording")
    state = await seen()
    assert state.attributes["code"] == "cannot_connect"
    runtime.cut = False
    hass.states.async_set("camera.yard", "idle")
    hass.states.async_set("camera.yard", "recording")
    assert (await seen()).attributes["event_type"] == "captioned"


@pytest.mark.parametrize("cameras", [[YARD]])
async def test_tags_and_the_event_on_the_bus(hass, runtime, loaded, seen):
    told = []
    hass.bus.async_listen("edge_captions_captioned", told.append)
    runtime.caption["caption"] = "A dog on the beach. #dog #Strand"
    hass.states.async_set("camera.yard", "recording")
    assert (await seen()).attributes["tags"] == ["dog", "Strand"]
    await hass.async_block_till_done(wait_background_tasks=False)
    (event,) = told
    assert event.data["entity_id"] == EVENT
    assert event.data["title"] == "Camera 1"
    runtime.caption["origin"] = "near_duplicate"
    hass.states.async_set("camera.yard", "idle")
    hass.states.async_set("camera.yard", "recording")
    await seen()
    await hass.async_block_till_done(wait_background_tasks=False)
    assert len(told) == 1


@pytest.mark.parametrize("cameras", [[YARD]])
async def test_what_does_not_count(hass, runtime, loaded, seen):
    for state in ("streaming", "unavailable", "recording", "unknown"):
        hass.states.async_set("camera.yard", state)
    hass.states.async_remove("camera.yard")
    await hass.async_block_till_done(wait_background_tasks=False)
    assert not runtime.forms


@pytest.mark.parametrize(
    "cameras",
    [
        [
            {
                "camera": "camera.yard",
                "on_change": False,
                "triggers": ["binary_sensor.motion"],
                "interval": 10,
                "cooldown": 60,
            }
        ]
    ],
)
async def test_motion_interval_and_pause(hass, runtime, loaded, seen, freezer):
    hass.states.async_set("camera.yard", "recording")  # not wanted here
    hass.states.async_set("binary_sensor.motion", "on")  # was not off before
    hass.states.async_set("binary_sensor.motion", "off")
    hass.states.async_set("binary_sensor.motion", "on")
    await seen()
    assert len(runtime.forms) == 1
    hass.states.async_set("binary_sensor.motion", "off")
    hass.states.async_set("binary_sensor.motion", "on")  # within the pause
    freezer.tick(timedelta(minutes=11))
    async_fire_time_changed(hass, dt_util.utcnow())
    await seen()
    assert len(runtime.forms) == 2


@pytest.mark.parametrize(
    "cameras", [[{"camera": "image.bell", "on_change": True, "cooldown": 0}]]
)
async def test_each_new_image_is_looked_at(hass, runtime, loaded, seen):
    hass.states.async_set("image.bell", "unknown")
    hass.states.async_set("image.bell", "2026-11-23T10:00:00+00:00")
    await seen()
    assert runtime.forms[0]["source"] == "image.bell"


@pytest.mark.parametrize("cameras", [[YARD]])
async def test_the_switch(hass, runtime, loaded, seen):
    assert hass.states.get(SWITCH).state == "on"
    target = {"entity_id": SWITCH}
    await hass.services.async_call("switch", "turn_off", target, blocking=True)
    assert hass.states.get(SWITCH).state == "off"
    hass.states.async_set("camera.yard", "recording")
    await hass.async_block_till_done()
    assert not runtime.forms
    await hass.services.async_call("switch", "turn_on", target, blocking=True)
    hass.states.async_set("camera.yard", "idle")
    hass.states.async_set("camera.yard", "recording")
    await seen()


@pytest.mark.parametrize("cameras", [[YARD]])
async def test_the_button_looks_at_once(hass, runtime, loaded, seen):
    target = {"entity_id": "button.camera_1_look_now"}
    await hass.services.async_call("button", "press", target, blocking=True)
    await seen()
    (watch,) = loaded.runtime_data.watches.values()
    watch._looking = True  # a look is under way
    await hass.services.async_call("button", "press", target, blocking=True)
    assert len(runtime.forms) == 1


@pytest.mark.parametrize("cameras", [[YARD]])
async def test_switch_and_caption_stay_over_a_restart(hass, entry):
    mock_restore_cache(hass, [State(SWITCH, "off")])
    mock_restore_cache_with_extra_data(
        hass,
        [
            (
                State(SENSOR, "A cat.", {"verdict": "sure", "caption": "A cat."}),
                {"native_value": "A cat.", "native_unit_of_measurement": None},
            ),
            (State(SWITCH, "off"), None),
        ],
    )
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    assert hass.states.get(SWITCH).state == "off"
    assert hass.states.get(SENSOR).state == "A cat."
    assert hass.states.get(SENSOR).attributes["verdict"] == "sure"
    await hass.config_entries.async_unload(entry.entry_id)


async def until_followed(runtime):
    async with asyncio.timeout(5):
        while not runtime.streams:  # noqa: ASYNC110 - the fake's plain list
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("cameras", [[YARD]])
@pytest.mark.parametrize("kind", ["caption.enriched", "reset"])
async def test_a_better_text_follows_under_the_same_id(
    hass, runtime, loaded, seen, kind
):
    await until_followed(runtime)
    runtime.caption["phase"] = "fast"
    hass.states.async_set("camera.yard", "recording")
    first = await seen()
    assert first.attributes["phase"] == "fast"
    runtime.caption |= {"phase": "final", "caption": "Rex runs on the grass."}
    runtime.tell("caption.enriched", {"id": "01ANOTHER"}, 2)
    runtime.tell(kind, {"id": "01CAPTION"}, 3)
    second = await seen()
    assert second.attributes["caption"] == "Rex runs on the grass."
    assert second.attributes["caption_id"] == first.attributes["caption_id"]
    runtime.tell(kind, {"id": "01CAPTION"}, 4)
    await asyncio.sleep(0.05)
    assert seen.events.empty()  # told once


@pytest.mark.parametrize("cameras", [[YARD]])
async def test_a_better_text_that_never_comes(hass, runtime, loaded, seen):
    runtime.caption["phase"] = "fast"
    hass.states.async_set("camera.yard", "recording")
    await seen()
    (watch,) = loaded.runtime_data.watches.values()
    await watch.update_caption("01CAPTION")  # still the fast one
    runtime.error = (404, {"code": "caption_not_found", "message": "forgotten"})
    await watch.update_caption("01CAPTION")
    assert seen.events.empty()
