"""Tools for Assist, and the logbook."""

from fake_runtime import ANSWER, PNG
from homeassistant.components.camera import Image
from homeassistant.components.homeassistant.exposed_entities import async_expose_entity
from homeassistant.core import Context, Event, HomeAssistant
from homeassistant.helpers import llm
from homeassistant.setup import async_setup_component
import pytest

from custom_components.edge_captions.const import DOMAIN, EVENT_CAPTION
from custom_components.edge_captions.logbook import async_describe_events

CONTEXT = llm.LLMContext("test", Context(), "de", "conversation", None)


@pytest.fixture
async def tools(hass: HomeAssistant):
    """Return a function that calls a tool of Assist by its name."""
    assert await async_setup_component(hass, "llm", {})
    assert await async_setup_component(hass, "intent", {})
    await hass.async_block_till_done()

    async def call(name, **arguments):
        api = await llm.async_get_api(hass, llm.LLM_API_ASSIST, CONTEXT)
        call.names = [tool.name for tool in api.tools]
        if name not in call.names:
            return None
        return await api.async_call_tool(llm.ToolInput(name, arguments))

    return call


@pytest.fixture
def yard(hass, monkeypatch):
    """Give Assist a camera that it may know of."""

    async def get_image(hass, entity_id):
        return Image(content_type="image/png", content=PNG)

    hass.config.components.add("camera")
    monkeypatch.setattr("homeassistant.components.camera.async_get_image", get_image)
    hass.states.async_set("camera.yard", "idle", {"friendly_name": "Yard"})
    hass.states.async_set("camera.bath", "idle", {"friendly_name": "Bath"})
    async_expose_entity(hass, "conversation", "camera.yard", True)
    async_expose_entity(hass, "conversation", "camera.bath", False)


async def test_photos_are_searched(tools, runtime, loaded):
    result = await tools(f"{DOMAIN}__search_photos", words="black dog")
    assert result.data == {"photos": [{"caption": "A black dog.", "at": None}]}
    assert runtime.of("photos")[0]["q"] == "black dog"
    runtime.error = (429, {"code": "queue_full", "message": "32 wait"})
    result = await tools(f"{DOMAIN}__search_photos", words="dog")
    assert (result.error, result.data) == (True, {"error": "32 wait"})


async def test_a_camera_is_described(tools, yard, runtime, loaded):
    tool = f"{DOMAIN}__describe_camera"
    result = await tools(tool, camera="Yard")
    assert result.data == {
        "caption": "A black dog is running on the grass.",
        "verdict": "sure",
    }
    assert runtime.forms[0]["language"] == "de"
    runtime.error = (429, {"code": "queue_full", "message": "32 wait"})
    assert (await tools(tool, camera="Yard")).data == {"error": "32 wait"}


async def test_a_question_about_a_camera_is_answered(tools, yard, runtime, loaded):
    tool = f"{DOMAIN}__describe_camera"
    runtime.answer = dict(ANSWER)
    result = await tools(tool, camera="Yard", question="How many cars?")
    assert result.data == {"answer": "Two cars.", "verdict": "unchecked"}
    form = runtime.forms[0]
    assert (form["question"], form["language"]) == ("How many cars?", "de")
    runtime.answer = None
    result = await tools(tool, camera="Yard", question="How many cars?")
    assert result.error
    assert "install" in result.data["error"].lower()


async def test_a_camera_that_is_not_exposed_is_unknown(tools, yard, loaded):
    with pytest.raises(Exception, match="camera"):
        await tools(f"{DOMAIN}__describe_camera", camera="Bath")


async def test_tools_come_and_go_with_what_they_need(hass, tools, loaded):
    assert await tools(f"{DOMAIN}__describe_camera", camera="Yard") is None
    assert f"{DOMAIN}__search_photos" in tools.names
    await hass.config_entries.async_unload(loaded.entry_id)
    assert await tools(f"{DOMAIN}__search_photos", words="dog") is None


async def test_the_logbook_says_what_was_seen(hass):
    described = {}
    async_describe_events(hass, lambda *one: described.update({one[:2]: one[2]}))
    facts = {"title": "Yard", "caption": "A van.", "entity_id": "event.yard_caption"}
    line = described[(DOMAIN, EVENT_CAPTION)](Event(EVENT_CAPTION, facts))
    assert line == {
        "name": "Yard",
        "message": "A van.",
        "entity_id": "event.yard_caption",
    }
