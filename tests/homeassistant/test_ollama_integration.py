"""Home Assistant's own Ollama integration, unchanged, with the runtime for Ollama."""

from types import MappingProxyType

from homeassistant.config_entries import ConfigEntryState, ConfigSubentry
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.exceptions import HomeAssistantError
import pytest
from test_contract import SAMPLES, act, real, strict

__all__ = ["real", "strict"]
pytestmark = pytest.mark.timeout(120)
MODEL = "edge-captions:latest"
TASK = "ai_task.captions"
PHOTO = {
    "media_content_id": "media-source://media_source/local/dogs-on-grass.jpg",
    "media_content_type": "image/jpeg",
}

ollama = pytest.importorskip(
    "ollama", reason="the ollama package could not be installed"
)
# the integration passes on what comes while it reads a stream
REFUSED = (HomeAssistantError, ollama.ResponseError)


@pytest.fixture(autouse=True)
def _samples(hass):
    hass.config.media_dirs = {"local": str(SAMPLES)}
    hass.config.allowlist_external_dirs = {str(SAMPLES)}


async def connect(hass, domain, values):
    """Type the address of a service into an integration's first form."""
    flows = hass.config_entries.flow
    form = await flows.async_init(domain, context={"source": "user"})
    return await flows.async_configure(form["flow_id"], values)


async def add_task(hass, entry):
    """Add an AI task the way that a person does: choose the model, give it a name."""
    flows = hass.config_entries.subentries
    form = await flows.async_init(
        (entry.entry_id, "ai_task_data"), context={"source": "user"}
    )
    models = form["data_schema"].schema["model"].config["options"]
    assert models[0] == {"label": f"{MODEL} (downloaded)", "value": MODEL}
    values = {"name": "Captions", "model": MODEL}
    done = await flows.async_configure(form["flow_id"], values)
    assert done["type"] is FlowResultType.CREATE_ENTRY, done
    await hass.async_block_till_done()


async def generate(hass, instructions, **more):
    return await act(
        hass,
        "ai_task",
        "generate_data",
        entity_id=TASK,
        task_name="test",
        instructions=instructions,
        attachments=[PHOTO],
        **more,
    )


async def test_an_ai_task_with_an_attachment(hass, strict):
    token = (await strict.run("token", "create", "home assistant")).split()[-1]
    wrong = await connect(hass, "ollama", {"url": strict.url, "api_key": "ec_wrong"})
    assert wrong["errors"] == {"base": "invalid_auth"}
    made = await connect(hass, "ollama", {"url": strict.url, "api_key": token})
    assert made["type"] is FlowResultType.CREATE_ENTRY, made
    entry = made["result"]
    assert entry.state is ConfigEntryState.LOADED
    await add_task(hass, entry)

    answer = await generate(hass, "Describe the picture in one sentence.")
    assert "dog" in answer["data"]
    structure = {
        "title": {"selector": {"text": {}}},
        "scene": {
            "description": "A short description of the picture",
            "required": True,
            "selector": {"text": {}},
        },
    }
    answer = await generate(hass, "Describe the picture.", structure=structure)
    assert set(answer["data"]) == {"title", "scene"}
    assert "dog" in answer["data"]["scene"]
    with pytest.raises(REFUSED, match="follows no other instructions"):
        await generate(hass, "How many dogs are there?")
    await hass.config_entries.async_unload(entry.entry_id)


async def test_a_model_that_is_gone_is_named(hass, real):
    made = await connect(hass, "ollama", {"url": real.url})
    entry = made["result"]
    gone = ConfigSubentry(
        data=MappingProxyType({"model": "llava:latest"}),
        subentry_type="ai_task_data",
        title="Captions",
        unique_id=None,
    )
    hass.config_entries.async_add_subentry(entry, gone)
    await hass.async_block_till_done()
    with pytest.raises(REFUSED, match="'llava:latest' not found"):
        await generate(hass, "Describe the picture.")
    await hass.config_entries.async_unload(entry.entry_id)


async def test_litellm_takes_the_address_and_has_no_ai_task(hass, real):
    pytest.importorskip("openai", reason="the openai package could not be installed")
    made = await connect(hass, "litellm", {"url": real.url})
    assert made["type"] is FlowResultType.CREATE_ENTRY, made
    entry = made["result"]
    assert entry.state is ConfigEntryState.LOADED
    assert set(entry.supported_subentry_types) == {"conversation"}
    await hass.config_entries.async_unload(entry.entry_id)
