"""AI Task: describe attached pictures, and say honestly what a captioner can't."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from homeassistant.components.ai_task import (
    AITaskEntity,
    AITaskEntityFeature,
    GenDataTask,
    GenDataTaskResult,
)
from homeassistant.components.conversation import AssistantContent, Attachment, ChatLog
from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.selector import BooleanSelector, TextSelector
import probatio as vol

from . import pictures
from .answering import asked_thing, is_description_field, unfollowable, yes_or_no
from .caption_options import MAX_THINGS
from .client import CaptionOptions
from .client_errors import ClientError
from .const import (
    CONF_DETAIL,
    CONF_LANGUAGE,
    CONF_LENIENT,
    CONF_STYLE,
    DOMAIN,
    SUBENTRY_TASK,
)
from .data import EdgeCaptionsConfigEntry
from .entity import RuntimeEntity, subentry_device
from .failures import translated
from .records import Caption, able_model

PARALLEL_UPDATES = 1
REASONS: Final = "reasons"
"""Field of a structured answer that says why a yes-or-no field is empty."""


async def async_setup_entry(
    hass: HomeAssistant,
    entry: EdgeCaptionsConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the runtime's own task entity, and those with settings of their own."""
    async_add_entities([CaptionTask(entry)])
    for subentry in entry.get_subentries_of_type(SUBENTRY_TASK):
        async_add_entities(
            [NamedTask(entry, subentry)], config_subentry_id=subentry.subentry_id
        )


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
        things = dict.fromkeys(field.thing for field in fields if field.thing)
        (caption,) = await self._captions(attachments, tuple(things)[:MAX_THINGS])
        return _filled(fields, caption)

    async def _captions(
        self, attachments: Sequence[Attachment], look_for: tuple[str, ...] = ()
    ) -> list[Caption]:
        options = replace(self._wishes(), look_for=look_for)
        found = []
        for attachment in attachments:
            picture = await pictures.of_file(
                self.hass, attachment.path, attachment.mime_type
            )
            found.append(
                await self._client.caption(picture.content, picture.name, options)
            )
        return found

    def _wishes(self) -> CaptionOptions:
        """Return how to describe: as the entry is set."""
        options = self._entry.options
        return CaptionOptions(
            language=options.get(CONF_LANGUAGE), style=options.get(CONF_STYLE)
        )

    def _is_lenient(self) -> bool:
        """Return whether any instruction gets the caption."""
        return bool(self._entry.options.get(CONF_LENIENT))

    async def _refuse_instruction(self, instruction: str) -> None:
        if self._is_lenient():
            return
        if words := unfollowable(instruction):
            raise await self._cannot_answer(", ".join(words))

    async def _refuse_fields(self, fields: list["_Field"]) -> None:
        for field in fields:
            if not field.is_answerable:
                raise await self._cannot_answer(field.name)

    async def _cannot_answer(self, what: str) -> HomeAssistantError:
        """Return the error that names the model to install."""
        able = able_model(await self._client.models())
        placeholders = {"what": what, "model": "", "cure": ""}
        if able is None:
            key = "model_cannot_answer"
        else:
            placeholders |= {"model": able.title, "cure": able.cure}
            key = f"model_cannot_answer_{'install' if able.fits else 'cure'}"
        return ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key=key,
            translation_placeholders=placeholders,
        )


class NamedTask(CaptionTask):
    """A task entity with a language, a style and a patience of its own."""

    _attr_name = None

    def __init__(
        self, entry: EdgeCaptionsConfigEntry, subentry: ConfigSubentry
    ) -> None:
        super().__init__(entry)
        self._settings = subentry.data
        self._attr_unique_id = subentry.subentry_id
        self._attr_device_info = subentry_device(entry, subentry, "AI task")

    def _wishes(self) -> CaptionOptions:
        settings = self._settings
        return CaptionOptions(
            language=settings.get(CONF_LANGUAGE)
            or self._entry.options.get(CONF_LANGUAGE),
            style=settings.get(CONF_STYLE),
            detail=settings.get(CONF_DETAIL),
        )

    def _is_lenient(self) -> bool:
        return bool(self._settings.get(CONF_LENIENT))


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


def _invalid(key: str) -> ServiceValidationError:
    return ServiceValidationError(translation_domain=DOMAIN, translation_key=key)
