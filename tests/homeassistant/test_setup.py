"""Setting up, losing and finding the runtime again, versions, taking down."""

import asyncio
from datetime import timedelta
from unittest.mock import patch

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_URL, STATE_UNAVAILABLE
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr, issue_registry as ir
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed
from pytest_homeassistant_custom_component.components.diagnostics import (
    get_diagnostics_for_config_entry,
)

from custom_components.edge_captions.const import DOMAIN
from custom_components.edge_captions.system_health import _facts

YARD = {"camera": "camera.yard", "on_change": True, "cooldown": 0}


async def eventually(check, seconds=5.0):
    """Wait until a check holds: what happens in background tasks has no better sign."""
    async with asyncio.timeout(seconds):
        while not check():  # noqa: ASYNC110 - checks of any kind
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("cameras", [[YARD]])
async def test_devices(hass, loaded, runtime):
    registry = dr.async_get(hass)
    (service,) = [
        device
        for device in dr.async_entries_for_config_entry(registry, loaded.entry_id)
        if device.identifiers == {(DOMAIN, runtime.id)}
    ]
    assert service.sw_version == "0.1.0"
    assert service.configuration_url == runtime.url
    (subentry_id,) = loaded.subentries
    (camera,) = [
        device
        for device in dr.async_entries_for_config_entry(registry, loaded.entry_id)
        if device.identifiers == {(DOMAIN, subentry_id)}
    ]
    assert camera.name == "Camera 1"
    assert camera.via_device_id == service.id


async def test_sensors(hass, loaded):
    assert hass.states.get("sensor.edge_captions_captioner").state == "tiny-captioner"
    assert hass.states.get("sensor.edge_captions_waiting").state == "2"
    assert hass.states.get("sensor.edge_captions_memory") is None  # off by default


async def test_sensors_that_are_off_by_default(hass, entry):
    with patch(
        "homeassistant.helpers.entity.Entity.entity_registry_enabled_default",
        return_value=True,
    ):
        assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    assert float(hass.states.get("sensor.edge_captions_memory").state) == 170
    assert hass.states.get("sensor.edge_captions_captions_made").state == "7"
    await hass.config_entries.async_unload(entry.entry_id)


async def test_a_runtime_without_a_captioner(hass, runtime, entry):
    runtime.machine["selection"] = {}
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    assert hass.states.get("sensor.edge_captions_captioner").state == "unknown"
    await hass.config_entries.async_unload(entry.entry_id)


async def test_a_runtime_that_is_away_is_tried_again(hass, runtime, entry):
    url = entry.data[CONF_URL]
    hass.config_entries.async_update_entry(entry, data={CONF_URL: "http://127.0.0.1:1"})
    await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_RETRY
    assert "127.0.0.1:1" in entry.reason
    assert url != "http://127.0.0.1:1"


async def test_a_token_that_counts_no_more_asks_the_person(hass, runtime, entry):
    runtime.token = "ec_new"
    await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_ERROR
    (flow,) = hass.config_entries.flow.async_progress()
    assert flow["context"]["source"] == "reauth"


@pytest.mark.parametrize(
    ("change", "issue"),
    [
        ({"api_version": 0}, "runtime_too_old"),
        ({"api_version": 3, "min_api_version": 2}, "integration_too_old"),
    ],
)
async def test_versions_that_do_not_match(hass, runtime, entry, change, issue):
    good, runtime.info = runtime.info, {**runtime.info, **change}
    await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_ERROR
    registry = ir.async_get(hass)
    assert registry.async_get_issue(DOMAIN, f"{issue}_{entry.entry_id}") is not None
    runtime.info = good
    assert await hass.config_entries.async_reload(entry.entry_id)
    assert registry.async_get_issue(DOMAIN, f"{issue}_{entry.entry_id}") is None
    await hass.config_entries.async_unload(entry.entry_id)


async def test_an_issue_leaves_with_its_entry(hass, runtime, entry):
    runtime.info["api_version"] = 0
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.config_entries.async_remove(entry.entry_id)
    assert not ir.async_get(hass).issues


async def test_lost_and_found(hass, runtime, loaded):
    runtime.info["name"] = "something-else"
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=61))
    await hass.async_block_till_done()
    state = hass.states.get("sensor.edge_captions_captioner")
    await eventually(
        lambda: (
            hass.states.get("sensor.edge_captions_captioner").state == STATE_UNAVAILABLE
        )
    )
    runtime.info["name"] = "edge-captions"
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=130))
    await eventually(
        lambda: (
            hass.states.get("sensor.edge_captions_captioner").state == "tiny-captioner"
        )
    )
    assert state is not None


async def test_a_changed_selection_is_pushed(hass, runtime, loaded):
    await eventually(lambda: runtime.streams)
    runtime.stats["jobs"]["model"]["waiting"] = 9
    runtime.tell("selection.changed", {}, 2)
    await eventually(
        lambda: hass.states.get("sensor.edge_captions_waiting").state == "9"
    )


async def test_a_broken_stream_is_resumed_where_it_ended(hass, runtime, entry):
    with patch("custom_components.edge_captions.follower._FIRST_WAIT_S", 0.01):
        assert await hass.config_entries.async_setup(entry.entry_id)
        await eventually(lambda: runtime.streams)
        runtime.tell("photo.added", {}, 41)
        await asyncio.sleep(0.05)
        runtime.stop_streams()
        await eventually(lambda: len(runtime.event_ids) == 2)
    assert runtime.event_ids == [None, "41"]
    await hass.config_entries.async_unload(entry.entry_id)


async def test_a_runtime_that_is_back_is_noticed_at_once(hass, runtime, entry):
    waiting = "sensor.edge_captions_waiting"
    with patch("custom_components.edge_captions.follower._FIRST_WAIT_S", 0.01):
        assert await hass.config_entries.async_setup(entry.entry_id)
        await eventually(lambda: runtime.streams)
        runtime.error = (500, {"code": "internal_error", "message": "oh"})
        await entry.runtime_data.coordinator.async_refresh()
        assert hass.states.get(waiting).state == "unavailable"
        runtime.error = None
        coordinator = entry.runtime_data.coordinator
        with patch.object(coordinator, "async_request_refresh"):  # it may be too early
            runtime.stop_streams()
            await eventually(lambda: hass.states.get(waiting).state == "2")
    await hass.config_entries.async_unload(entry.entry_id)


async def test_a_stream_that_is_refused_is_tried_again(hass, runtime, entry):
    with patch("custom_components.edge_captions.follower._FIRST_WAIT_S", 0.01):
        assert await hass.config_entries.async_setup(entry.entry_id)
        await eventually(lambda: runtime.streams)
        runtime.token = "ec_new"
        runtime.stop_streams()
        await eventually(
            lambda: any(
                flow["context"]["source"] == "reauth"
                for flow in hass.config_entries.flow.async_progress()
            )
        )
    await hass.config_entries.async_unload(entry.entry_id)


async def test_unloading_ends_the_stream(hass, runtime, loaded):
    await eventually(lambda: runtime.streams)
    await hass.config_entries.async_unload(loaded.entry_id)
    assert loaded.state is ConfigEntryState.NOT_LOADED
    await eventually(lambda: not runtime.streams)


async def test_unload_button(hass, runtime, loaded):
    press = {"entity_id": "button.edge_captions_unload_models"}
    await hass.services.async_call("button", "press", press, blocking=True)
    assert [path for _, path, _ in runtime.asked] == ["models/tiny-captioner/unload"]


async def test_unload_button_while_the_model_is_at_work(hass, runtime, loaded):
    runtime.error = (409, {"code": "model_busy", "message": "it answers somebody"})
    press = {"entity_id": "button.edge_captions_unload_models"}
    with pytest.raises(HomeAssistantError) as caught:
        await hass.services.async_call("button", "press", press, blocking=True)
    assert caught.value.translation_key == "model_busy"


@pytest.mark.parametrize("cameras", [[YARD]])
async def test_diagnostics_hold_nothing_private(hass, hass_client, loaded, runtime):
    assert await async_setup_component(hass, "diagnostics", {})
    found = await get_diagnostics_for_config_entry(hass, hass_client, loaded)
    text = str(found)
    for secret in (runtime.token, runtime.url, runtime.id, "camera.yard"):
        assert secret not in text
    assert found["info"]["version"] == "0.1.0"
    assert found["stats"]["waiting"] == 2
    assert found["cameras"][0]["cooldown"] == 0


@pytest.mark.parametrize("is_set_up", [True, False])
async def test_system_health(hass, runtime, entry, is_set_up):
    if is_set_up:
        assert await hass.config_entries.async_setup(entry.entry_id)
    facts = await _facts(hass)
    assert facts["runtimes"] == 1
    assert await facts.pop("reachable") == "ok"
    assert ("version" in facts) is is_set_up
    if is_set_up:
        assert facts["captioner"] == "tiny-captioner"
        await hass.config_entries.async_unload(entry.entry_id)


async def test_system_health_without_a_runtime(hass):
    assert await async_setup_component(hass, "system_health", {})
    assert await async_setup_component(hass, DOMAIN, {})
    await hass.async_block_till_done()
    assert await _facts(hass) == {"runtimes": 0}
