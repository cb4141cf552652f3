"""Entities of the runtime and of its photo folders."""

from homeassistant.config_entries import ConfigSubentryData
from homeassistant.const import CONF_TOKEN, CONF_URL
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.edge_captions.const import DOMAIN

REFUSED = (409, {"code": "model_busy", "message": "it answers somebody"})


@pytest.fixture
def do(hass: HomeAssistant):
    async def call(domain, action, entity, **data):
        target = {"entity_id": f"{domain}.{entity}"}
        await hass.services.async_call(
            domain, action, {**target, **data}, blocking=True
        )
        await hass.async_block_till_done(wait_background_tasks=False)

    return call


@pytest.fixture
def value(hass: HomeAssistant):
    return lambda entity_id: hass.states.get(entity_id).state


@pytest.fixture
async def folder(hass, runtime):
    """Return an entry with a photo folder, set up."""
    entry = MockConfigEntry(
        domain=DOMAIN,
        title="Edge Captions",
        unique_id=runtime.id,
        data={CONF_URL: runtime.url, CONF_TOKEN: runtime.token},
        options={"language": "de"},
        subentries_data=[
            ConfigSubentryData(
                data={"source_id": "01FOLDER"},
                subentry_type="photo_folder",
                title="Holidays",
                unique_id="01FOLDER",
            )
        ],
    )
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    yield entry
    await hass.config_entries.async_unload(entry.entry_id)


async def test_the_captioner_is_chosen(hass, runtime, loaded, do):
    select = "select.edge_captions_captioner"
    assert hass.states.get(select).attributes["options"] == ["auto", "tiny-captioner"]
    assert hass.states.get(select).state == "auto"
    await do(
        "select", "select_option", "edge_captions_captioner", option="tiny-captioner"
    )
    assert runtime.of("selection") == [
        {"task": "image-to-text", "model": "tiny-captioner"}
    ]
    await loaded.runtime_data.coordinator.async_refresh()
    assert hass.states.get(select).state == "tiny-captioner"
    runtime.error = REFUSED
    with pytest.raises(HomeAssistantError) as caught:
        await do("select", "select_option", "edge_captions_captioner", option="auto")
    assert caught.value.translation_key == "model_busy"


async def test_language_and_style_count_without_a_new_start(
    hass, runtime, loaded, do, value
):
    assert value("select.edge_captions_language") == "auto"
    data = loaded.runtime_data
    await do("select", "select_option", "edge_captions_language", option="de")
    await do("select", "select_option", "edge_captions_style", option="alt_text")
    assert value("select.edge_captions_language") == "de"
    assert value("select.edge_captions_style") == "alt_text"
    assert loaded.runtime_data is data
    assert loaded.options == {"language": "de", "style": "alt_text"}
    await do("select", "select_option", "edge_captions_language", option="auto")
    await do("select", "select_option", "edge_captions_style", option="plain")
    assert loaded.options == {}
    hass.config_entries.async_update_entry(loaded, options={"timeout": 20})
    await hass.async_block_till_done(wait_background_tasks=False)
    assert loaded.runtime_data is not data


async def test_a_better_captioner_is_an_update(hass, runtime, loaded, do, value):
    update = "update.edge_captions_captioner"
    assert value(update) == "off"
    assert hass.states.get(update).attributes["installed_version"] == "Tiny captioner"
    runtime.selection["recommended"] = {"model": "qwen3-vl-2b-instruct"}
    await loaded.runtime_data.coordinator.async_refresh()
    assert value(update) == "on"
    state = hass.states.get(update)
    assert state.attributes["latest_version"] == "Qwen3-VL 2B Instruct"
    assert state.attributes["release_summary"] is None
    await do("update", "install", "edge_captions_captioner")
    assert runtime.of("models/qwen3-vl-2b-instruct/download") == [
        {"accept_license": False, "confirm": False}
    ]
    runtime.models[1]["license_pending"] = True
    await loaded.runtime_data.coordinator.async_refresh()
    assert "licence" in hass.states.get(update).attributes["release_summary"]
    runtime.error = (403, {"code": "license_not_accepted", "message": "read it"})
    with pytest.raises(HomeAssistantError) as caught:
        await do("update", "install", "edge_captions_captioner")
    assert caught.value.translation_key == "license_not_accepted"


async def test_online_and_loaded(hass, runtime, loaded, value):
    assert value("binary_sensor.edge_captions_online") == "on"
    assert value("binary_sensor.edge_captions_model_loaded") == "on"
    runtime.machine["runners"] = []
    await loaded.runtime_data.coordinator.async_refresh()
    assert value("binary_sensor.edge_captions_model_loaded") == "off"
    runtime.error = (500, {"code": "internal_error", "message": "oh"})
    await loaded.runtime_data.coordinator.async_refresh()
    assert value("binary_sensor.edge_captions_online") == "off"
    assert value("binary_sensor.edge_captions_model_loaded") == "unavailable"


async def test_numbers(runtime, loaded, value):
    assert value("sensor.edge_captions_photos") == "40"
    assert value("sensor.edge_captions_waiting_for_you") == "3"


async def test_looking_for_new_photos(runtime, loaded, do):
    await do("button", "press", "edge_captions_look_for_new_photos")
    assert runtime.of("sources/01FOLDER/scan") == [{}]
    runtime.error = REFUSED
    with pytest.raises(HomeAssistantError):
        await do("button", "press", "edge_captions_look_for_new_photos")
    runtime.error = None
    del runtime.shelves["sources"][0]
    await loaded.runtime_data.coordinator.async_refresh()
    with pytest.raises(HomeAssistantError) as caught:
        await do("button", "press", "edge_captions_look_for_new_photos")
    assert caught.value.translation_key == "no_folder"


async def test_a_photo_folder(hass, runtime, folder, do, value):
    assert value("sensor.holidays_photos") == "40"
    assert value("sensor.holidays_not_described") == "12"
    assert value("sensor.holidays_waiting_for_you") == "3"
    assert value("binary_sensor.holidays_folder") == "on"
    await do("button", "press", "holidays_look_for_new_photos")
    await do("button", "press", "holidays_describe_photos")
    assert runtime.of("sources/01FOLDER/scan") == [{}]
    assert runtime.of("sources/01FOLDER/caption") == [{"language": "de"}]
    runtime.error = REFUSED
    for name in ("holidays_look_for_new_photos", "holidays_describe_photos"):
        with pytest.raises(HomeAssistantError):
            await do("button", "press", name)
    runtime.error = None
    runtime.shelves["sources"][0]["status"] = {"online": False, "problem": "unplugged"}
    await folder.runtime_data.coordinator.async_refresh()
    assert value("binary_sensor.holidays_folder") == "off"
    del runtime.shelves["sources"][0]  # the runtime watches it no more
    await folder.runtime_data.coordinator.async_refresh()
    assert value("sensor.holidays_photos") == "unavailable"
