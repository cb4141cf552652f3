"""AI Task: describe attached pictures, and say honestly what a captioner can't."""

from collections.abc import Sequence
from typing import Any, Final

from homeassistant.components.ai_task import (
    AITaskEntity,
    AITaskEntityFeature,
    GenDataTask,
    GenDataTaskResult,
)
from homeassistant.components.conversation import AssistantContent, Attachment, ChatLog
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.selector import BooleanSelector, TextSelector
import probatio as vol

from . import pictures
from .answering import asked_thing, is_description_field, unfollowable, yes_or_no
from .client import CaptionOptions
from .client_errors import ClientError
from .const import CONF_LANGUAGE, CONF_LENIENT, DOMAIN
from .data import EdgeCaptionsConfigEntry
from .entity import RuntimeEntity
from .failures import translated
from .records import Caption, Model

PARALLEL_UPDATES = 1
REASONS: Final = "reasons"
"""Field of a structured answer that says why a yes-or-no field is empty."""
_READS_INSTRUCTIONS: Final = "vision_chat"
"""The family of models that could follow an instruction."""


async def async_setup_entry(
    hass: HomeAssistant,
    entry: EdgeCaptionsConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the task entity of the runtime."""
    async_add_entities([CaptionTask(entry)])


class CaptionTask(RuntimeEntity, AITaskEntity):
    """Answers with captions; refuses what it would have to make up."""

    _attr_supported_features = (
        AITaskEntityFeature.GENERATE_DATA | AITaskEntityFeature.SUPPORT_ATTACHMENTS
    )

    def __init__(self, entry: EdgeCaptionsConfigEntry) -> None:
        super().__init__(entry, entry.runtime_data.coordinator, "captions")
        self._entry = entry
        self._client = entry.runtime_data.client

    async def _async_generate_data(
        self, task: GenDataTask, chat_log: ChatLog
    ) -> GenDataTaskResult:
        """Return the caption, or a structure made of it."""
        try:
            data = await self._answer(task)
        except ClientError as err:
            raise translated(err) from err
        chat_log.async_add_assistant_content_without_tools(
            AssistantContent(agent_id=self.entity_id, content=str(data))
        )
        return GenDataTaskResult(chat_log.conversation_id, data)

    async def _answer(self, task: GenDataTask) -> Any:
        attachments = task.attachments or ()
        if not attachments:
            raise _invalid("no_picture")
        if task.structure is None:
            await self._refuse_instruction(task.instructions)
            captions = await self._captions(attachments)
            return "\n".join(caption.text for caption in captions)
        if len(attachments) > 1:
            raise _invalid("one_picture_per_structure")
        fields = _fields(task.structure)
        await self._refuse_fields(fields)
        (caption,) = await self._captions(attachments)
        return _filled(fields, caption)

    async def _captions(self, attachments: Sequence[Attachment]) -> list[Caption]:
        options = CaptionOptions(language=self._entry.options.get(CONF_LANGUAGE))
        found = []
        for attachment in attachments:
            picture = await pictures.of_file(
                self.hass, attachment.path, attachment.mime_type
            )
            found.append(
                await self._client.caption(picture.content, picture.name, options)
            )
        return found

    async def _refuse_instruction(self, instruction: str) -> None:
        if self._entry.options.get(CONF_LENIENT):
            return
        if words := unfollowable(instruction):
            raise await self._cannot_answer(", ".join(words))

    async def _refuse_fields(self, fields: list["_Field"]) -> None:
        for field in fields:
            if not field.is_answerable:
                raise await self._cannot_answer(field.name)

    async def _cannot_answer(self, what: str) -> HomeAssistantError:
        """Return the error that names the model to install."""
        models = await self._client.models()
        able = [model for model in models if model.family == _READS_INSTRUCTIONS]
        placeholders = {"what": what, "model": "", "cure": ""}
        if not able:
            key = "model_cannot_answer"
        else:
            best = min(able, key=_rank)
            placeholders |= {"model": best.title, "cure": best.cure}
            fits = best.fit != "does_not_fit"
            key = "model_cannot_answer_install" if fits else "model_cannot_answer_cure"
        return ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key=key,
            translation_placeholders=placeholders,
        )


class _Field:
    """A field of a structure, and whether a caption can fill it."""

    def __init__(self, name: str, description: str | None, selector: Any) -> None:
        self.name = name
        self.is_yes_no = isinstance(selector, BooleanSelector)
        self.thing = asked_thing(name, description) if self.is_yes_no else None
        is_text = isinstance(selector, TextSelector)
        self.is_answerable = self.is_yes_no or (
            is_text and is_description_field(name, description)
        )


def _fields(structure: vol.Schema) -> list[_Field]:
    return [
        _Field(str(key), getattr(key, "description", None), selector)
        for key, selector in structure.schema.items()
    ]


def _filled(fields: list[_Field], caption: Caption) -> dict[str, Any]:
    data: dict[str, Any] = {}
    reasons: dict[str, str] = {}
    for field in fields:
        if not field.is_yes_no:
            data[field.name] = caption.text
        elif field.thing is None:
            data[field.name] = None
            reasons[field.name] = "a captioner can only say whether a thing is there"
        else:
            answer = yes_or_no(caption, field.thing)
            data[field.name] = answer.value
            if answer.reason is not None:
                reasons[field.name] = answer.reason
    if reasons:
        data.setdefault(REASONS, reasons)
    return data


def _rank(model: Model) -> int:
    order = ("running", "recommended", "fits")
    return order.index(model.fit) if model.fit in order else len(order)


def _invalid(key: str) -> ServiceValidationError:
    return ServiceValidationError(translation_domain=DOMAIN, translation_key=key)
