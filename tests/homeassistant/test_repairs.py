"""Issues that the integration raises, and what their fixes do."""

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.edge_captions.const import DOMAIN
from custom_components.edge_captions.repairs import async_create_fix_flow

MEMORY = {"rejected": [{"model": "x", "reasons": [{"code": "memory_short"}]}]}


@pytest.fixture
def issue(hass: HomeAssistant, entry):
    registry = ir.async_get(hass)
    return lambda kind: registry.async_get_issue(DOMAIN, f"{kind}_{entry.entry_id}")


@pytest.fixture
async def fix(hass: HomeAssistant, hass_client, issue):
    """Return a function that goes through an issue's dialogue."""
    assert await async_setup_component(hass, "repairs", {})

    async def run(kind):
        client = await hass_client()  # not before the entry: no address is added later
        body = {"handler": DOMAIN, "issue_id": issue(kind).issue_id}
        response = await client.post("/api/repairs/issues/fix", json=body)
        flow = await response.json()
        assert flow["step_id"] == "confirm", flow
        response = await client.post(f"/api/repairs/issues/fix/{flow['flow_id']}")
        await hass.async_block_till_done(wait_background_tasks=False)
        return await response.json()

    return run


async def refresh(entry: MockConfigEntry) -> None:
    await entry.runtime_data.coordinator.async_refresh()


async def test_a_missing_captioner_is_downloaded(runtime, loaded, issue, fix):
    runtime.selection |= {"running": None, "recommended": {"model": "vit-gpt2"}}
    await refresh(loaded)
    assert issue("model_missing").is_fixable
    result = await fix("model_missing")
    assert result["type"] == "create_entry"
    assert runtime.of("models/vit-gpt2/download") == [
        {"accept_license": False, "confirm": False}
    ]
    runtime.selection["running"] = {"model": "vit-gpt2"}
    await refresh(loaded)
    assert issue("model_missing") is None


async def test_a_download_that_is_refused_says_why(runtime, loaded, issue, fix):
    runtime.selection |= {"running": None, "recommended": {"model": "vit-gpt2"}}
    await refresh(loaded)
    runtime.error = (507, {"code": "disk_full", "message": "1 MB is free"})
    result = await fix("model_missing")
    assert result["errors"] == {"base": "failed"}
    assert result["description_placeholders"]["reason"] == "1 MB is free"
    assert issue("model_missing") is not None


async def test_memory_is_given_back(runtime, loaded, issue, fix):
    runtime.selection |= {"running": None, **MEMORY}
    await refresh(loaded)
    assert issue("low_memory") is not None
    assert issue("model_missing") is None
    await fix("low_memory")
    assert runtime.of("models/tiny-captioner/unload")
    assert issue("low_memory") is None


async def test_an_updated_runtime_is_connected_again(hass, runtime, entry, issue, fix):
    runtime.info |= {"api_version": 0, "min_api_version": 0}
    await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_ERROR
    result = await fix("runtime_too_old")
    assert result["errors"] == {"base": "failed"}  # it is as old as before
    runtime.info |= {"api_version": 1, "min_api_version": 1}
    result = await fix("runtime_too_old")
    assert result["type"] == "create_entry"
    assert entry.state is ConfigEntryState.LOADED
    assert issue("runtime_too_old") is None
    await hass.config_entries.async_unload(entry.entry_id)


async def test_a_runtime_that_is_no_more(hass, entry):
    facts = {"entry_id": "gone", "kind": "low_memory"}
    flow = await async_create_fix_flow(hass, "low_memory_gone", facts)
    flow.hass = hass
    assert (await flow.async_step_confirm({}))["reason"] == "not_set_up"


@pytest.mark.parametrize(
    ("fit", "is_fixable"), [("recommended", True), ("does_not_fit", False)]
)
async def test_questions_that_no_model_answers(
    hass, runtime, loaded, issue, fix, fit, is_fixable
):
    runtime.models[1] |= {"fit": fit, "reasons": [{"cure": "more memory"}]}

    async def check():
        return await hass.services.async_call(
            DOMAIN, "check_answers", {}, blocking=True, return_response=True
        )

    answer = await check()
    assert answer["can_answer"] is False
    assert answer["model"] == "qwen3-vl-2b-instruct"
    found = issue("no_model_answers")
    assert found.is_fixable is is_fixable
    assert found.translation_placeholders["cure"] == "more memory"
    if is_fixable:
        await fix("no_model_answers")
        assert runtime.of("models/qwen3-vl-2b-instruct/download")
    runtime.models[1] |= {"fit": "running", "state": "installed", "reasons": []}
    assert (await check())["can_answer"] is True
    assert issue("no_model_answers") is None


async def test_no_model_that_could_answer_at_all(hass, runtime, loaded, issue):
    del runtime.models[1]
    answer = await hass.services.async_call(
        DOMAIN, "check_answers", {}, blocking=True, return_response=True
    )
    assert answer == {"can_answer": False, "model": None, "cure": None}
    assert issue("no_model_answers").is_fixable is False


async def test_removing_the_entry_takes_its_issues_along(hass, runtime, loaded, issue):
    runtime.selection |= {"running": None, **MEMORY}
    await refresh(loaded)
    assert issue("low_memory") is not None
    await hass.config_entries.async_remove(loaded.entry_id)
    assert issue("low_memory") is None
