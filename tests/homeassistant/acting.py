"""Calling actions and AI tasks, and what they are refused with."""

from pathlib import Path

from fake_runtime import PNG
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import translation
from homeassistant.setup import async_setup_component
import pytest

from custom_components.edge_captions.const import DOMAIN

TASK = "ai_task.edge_captions_captions"


@pytest.fixture(autouse=True)
def photo(hass, tmp_path) -> Path:
    """Return a picture in a folder that Home Assistant may read and browse."""
    path = tmp_path / "cat.png"
    path.write_bytes(PNG)
    (tmp_path / "notes.txt").write_text("no picture")
    hass.config.allowlist_external_dirs = {str(tmp_path)}
    hass.config.media_dirs = {"local": str(tmp_path)}
    return path


@pytest.fixture
async def media(hass, photo) -> str:
    assert await async_setup_component(hass, "media_source", {})
    await hass.async_block_till_done()
    return "media-source://media_source/local/cat.png"


@pytest.fixture
def act(hass: HomeAssistant):
    async def call(name, **data):
        return await hass.services.async_call(
            DOMAIN, name, data, blocking=True, return_response=True
        )

    return call


@pytest.fixture
def ask(hass: HomeAssistant):
    async def call(instructions="Describe the picture.", attachments=(), **data):
        answer = await hass.services.async_call(
            "ai_task",
            "generate_data",
            {
                "task_name": "test",
                "entity_id": TASK,
                "instructions": instructions,
                "attachments": [
                    {"media_content_id": one, "media_content_type": kind}
                    for one, kind in attachments
                ],
                **data,
            },
            blocking=True,
            return_response=True,
        )
        return answer["data"]

    return call


async def refused(hass, awaitable, key, error=ServiceValidationError):
    """Check that an action is refused with a translated sentence; return it."""
    with pytest.raises(error) as caught:
        await awaitable
    assert caught.value.translation_key == key
    known = await translation.async_get_translations(hass, "en", "exceptions", [DOMAIN])
    sentence = known[f"component.{DOMAIN}.exceptions.{key}.message"]
    return sentence.format(**(caught.value.translation_placeholders or {}))
