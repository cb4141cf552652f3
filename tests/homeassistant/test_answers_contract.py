"""Questions from Home Assistant to the real runtime, answered by a tiny real model."""

import asyncio

from homeassistant.exceptions import HomeAssistantError
import pytest
from test_contract import PYTHON, ROOT, SAMPLES, TASK, act, add, serving

from custom_components.edge_captions.const import DOMAIN

pytestmark = pytest.mark.timeout(120)
COFFEE = {
    "media_content_id": "media-source://media_source/local/coffee.jpg",
    "media_content_type": "image/jpeg",
}


@pytest.fixture
async def seeing(socket_enabled, tmp_path):
    """Return a runtime with a vision-language model of random weights."""
    if not PYTHON.exists() or await run("-c", "import gguf, llama_cpp"):
        pytest.skip("llama-cpp-python is not installed: run scripts/text_environment")
    assert not await run(str(ROOT / "tests" / "vision_home.py"), str(tmp_path))
    runtime = await serving(tmp_path / "home", "127.0.0.1")
    yield runtime
    await runtime.stop()


async def run(*arguments) -> int:
    """Return the exit code of a program in the runtime's environment."""
    process = await asyncio.create_subprocess_exec(
        str(PYTHON), *arguments, cwd=ROOT, stderr=asyncio.subprocess.DEVNULL
    )
    return await process.wait()


async def test_tasks_and_actions_are_answered(hass, seeing):
    hass.config.media_dirs = {"local": str(SAMPLES)}
    hass.config.allowlist_external_dirs = {str(SAMPLES)}
    entry = await add(hass, seeing.url)
    assert (await act(hass, DOMAIN, "check_answers"))["model"] == "tiny-vision"
    task = {"task_name": "test", "entity_id": TASK, "attachments": [COFFEE]}

    async def generate(instructions, **more):
        answer = await act(
            hass, "ai_task", "generate_data", instructions=instructions, **task, **more
        )
        return answer["data"]

    said = await generate("Count the cups.")
    assert isinstance(said, str)
    assert said
    structure = {
        "cups": {
            "selector": {"select": {"options": ["none", "one", "many"]}},
            "description": "How many cups",
            "required": True,
        },
        "door_open": {"selector": {"boolean": {}}, "required": True},
    }
    data = await generate("Look.", structure=structure)
    assert data["cups"] in {"none", "one", "many"}
    assert isinstance(data["door_open"], bool)

    schema = {"enum": ["yes", "no"]}
    ask = {"path": str(SAMPLES / "coffee.jpg"), "question": "Is it hot?"}
    found = await act(hass, DOMAIN, "ask_about_image", schema=schema, **ask)
    assert found["data"] in {"yes", "no"}
    assert found["model"] == "tiny-vision"
    assert any("not checked" in note for note in found["notes"])
    again = await act(hass, DOMAIN, "ask_about_image", schema=schema, **ask)
    assert (again["data"], again["origin"]) == (found["data"], "stored")
    for wrong, key in (
        ({"model": "tiny-captioner"}, "model_cannot_answer_ask"),
        ({"question": "x" * 3000}, "prompt_too_long"),
        ({"schema": {"type": "nonsense"}}, "refused"),
    ):
        with pytest.raises(HomeAssistantError) as caught:
            await act(hass, DOMAIN, "ask_about_image", **ask | wrong)
        assert caught.value.translation_key == key
    await hass.config_entries.async_unload(entry.entry_id)
