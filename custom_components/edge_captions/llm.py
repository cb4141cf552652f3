"""Tools for Assist: search the photos, and look at a camera."""

from typing import Any, Final

from homeassistant.components.homeassistant.exposed_entities import async_should_expose
from homeassistant.components.llm import LLMTools
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.llm import (
    LLM_API_ASSIST,
    LLMContext,
    Tool,
    ToolAnnotations,
    ToolInput,
    ToolResult,
)
from homeassistant.util.json import JsonValueType
import probatio as vol

from . import pictures
from .asking import ask
from .client import CaptionOptions
from .client_errors import ClientError
from .const import DOMAIN
from .data import EdgeCaptionsConfigEntry
from .questions import MAX_QUESTION, Question

_LOOKS: Final = ToolAnnotations(
    read_only=True, destructive=False, idempotent=True, open_world=False
)
_FOUND: Final = 10
_DOMAINS: Final = ("camera", "image")


@callback
def async_get_tools(
    hass: HomeAssistant, llm_context: LLMContext, api_id: str
) -> LLMTools | None:
    """Return the tools while a runtime is there."""
    entries: list[EdgeCaptionsConfigEntry] = hass.config_entries.async_loaded_entries(
        DOMAIN
    )
    if api_id != LLM_API_ASSIST or not entries:
        return None
    tools: list[Tool] = [SearchPhotos(entries[0])]
    if cameras := _exposed_cameras(hass, llm_context.assistant):
        tools.append(DescribeCamera(entries[0], cameras))
    return LLMTools(tools=tools)


def _exposed_cameras(hass: HomeAssistant, assistant: str) -> dict[str, str]:
    """Return the cameras that the assistant may know of, by their names."""
    return {
        state.name: state.entity_id
        for state in sorted(hass.states.async_all(_DOMAINS), key=lambda one: one.name)
        if async_should_expose(hass, assistant, state.entity_id)
    }


class SearchPhotos(Tool):
    """Finds photos by what is said of them."""

    name = f"{DOMAIN}__search_photos"
    title = "Search photos"
    description = (
        "Search the photos of this home, and what its cameras saw, by words of their "
        "captions, tags, places and people. All words must occur: use few. "
        "The newest come first."
    )
    parameters = vol.Schema({vol.Required("words"): str})
    annotations = _LOOKS
    integration = DOMAIN

    def __init__(self, entry: EdgeCaptionsConfigEntry) -> None:
        self._client = entry.runtime_data.client

    async def async_call(
        self, hass: HomeAssistant, tool_input: ToolInput, llm_context: LLMContext
    ) -> ToolResult:
        """Return captions and times."""
        words = self.parameters(tool_input.tool_args)["words"]
        try:
            photos = await self._client.photos({"q": words}, _FOUND)
        except ClientError as err:
            return ToolResult(data={"error": err.message}, error=True)
        found: list[JsonValueType] = [
            {"caption": one.words or one.found, "at": one.taken_at or one.added_at}
            for one in photos
        ]
        return ToolResult(data={"photos": found})


class DescribeCamera(Tool):
    """Says what a camera shows now."""

    name = f"{DOMAIN}__describe_camera"
    title = "Describe a camera's picture"
    description = (
        "Look at a camera now and return a short description of what it shows, or "
        "with a question what a vision model answers to it. Without a question it "
        "can't count or read text. "
        "With a verdict other than 'sure' the words may be wrong: say so."
    )
    annotations = _LOOKS
    integration = DOMAIN

    def __init__(self, entry: EdgeCaptionsConfigEntry, cameras: dict[str, str]) -> None:
        self._client = entry.runtime_data.client
        self._cameras = cameras
        self.parameters = vol.Schema(
            {
                vol.Required("camera"): vol.In(list(cameras)),
                vol.Optional("question"): vol.All(
                    str, vol.Length(min=1, max=MAX_QUESTION)
                ),
            }
        )

    async def async_call(
        self, hass: HomeAssistant, tool_input: ToolInput, llm_context: LLMContext
    ) -> ToolResult:
        """Return the caption or the answer, and how sure it is."""
        arguments = self.parameters(tool_input.tool_args)
        name, language = arguments["camera"], llm_context.language
        try:
            picture = await pictures.of_entity(hass, self._cameras[name])
            if text := arguments.get("question"):
                return ToolResult(data=await self._ask(picture, text, language))
            options = CaptionOptions(language=language)
            caption = await self._client.caption(picture.content, name, options)
        except (ClientError, HomeAssistantError) as err:
            return ToolResult(data={"error": str(err)}, error=True)
        data: dict[str, Any] = {"caption": caption.text, "verdict": caption.verdict}
        return ToolResult(data=data)

    async def _ask(
        self, picture: pictures.Picture, text: str, language: str | None
    ) -> dict[str, JsonValueType]:
        answer = await ask(self._client, picture, Question(text, language))
        return {"answer": answer.text, "verdict": "unchecked"}
