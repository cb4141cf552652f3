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
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
import probatio as vol

from . import pictures
from .action_helpers import invalid
from .answering import unfollowable
from .asking import ask
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
from .pictures import Picture
from .questions import PictureAnswer, Question, able_model
from .records import Caption
from .structures import (
    REASONS,
    fields_of,
    filled,
    not_captions,
    part_of,
    schema_of,
)

PARALLEL_UPDATES = 1
_LOOK: Final = "Look at the picture."
"""What is asked where a structure says it all."""


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
            raise invalid("no_picture")
        if task.structure is None:
            if words := self._beyond_a_caption(task.instructions):
                question = Question(task.instructions, self._wishes().language)
                answers = await self._answers(attachments, question, ", ".join(words))
                return "\n".join(answer.text for answer in answers)
            captions = await self._captions(attachments)
            return "\n".join(caption.text for caption in captions)
        if len(attachments) > 1:
            raise invalid("one_picture_per_structure")
        fields = fields_of(task.structure)
        if (beyond := not_captions(fields)) and (
            not all(field.is_answerable for field in beyond) or await self._can_answer()
        ):
            return await self._structured(task.structure, task, beyond[0].name)
        things = dict.fromkeys(field.thing for field in fields if field.thing)
        (caption,) = await self._captions(attachments, tuple(things)[:MAX_THINGS])
        data, reasons = filled(fields, caption)
        if not reasons:
            return data
        if not await self._can_answer():
            return {REASONS: reasons, **data}
        unclear = part_of(task.structure, reasons)
        return data | await self._structured(unclear, task, next(iter(reasons)))

    async def _structured(
        self, structure: vol.Schema, task: GenDataTask, what: str
    ) -> Any:
        """Return what a model that answers fills a structure with."""
        question = Question(
            task.instructions.strip() or _LOOK,
            self._wishes().language,
            schema=schema_of(structure),
        )
        (answer,) = await self._answers(task.attachments or (), question, what)
        try:
            return structure(answer.data)
        except vol.Invalid as err:
            raise HomeAssistantError(
                translation_domain=DOMAIN,
                translation_key="answer_does_not_fit",
                translation_placeholders={"model": answer.model, "reason": str(err)},
            ) from err

    async def _captions(
        self, attachments: Sequence[Attachment], look_for: tuple[str, ...] = ()
    ) -> list[Caption]:
        options = replace(self._wishes(), look_for=look_for)
        found = []
        for attachment in attachments:
            picture = await self._picture(attachment)
            found.append(
                await self._client.caption(picture.content, picture.name, options)
            )
        return found

    async def _answers(
        self, attachments: Sequence[Attachment], question: Question, what: str
    ) -> list[PictureAnswer]:
        return [
            await ask(self._client, await self._picture(one), question, what)
            for one in attachments
        ]

    async def _picture(self, attachment: Attachment) -> Picture:
        return await pictures.of_file(self.hass, attachment.path, attachment.mime_type)

    async def _can_answer(self) -> bool:
        able = able_model(await self._client.models())
        return able is not None and able.can_answer

    def _wishes(self) -> CaptionOptions:
        """Return how to describe: as the entry is set."""
        options = self._entry.options
        return CaptionOptions(
            language=options.get(CONF_LANGUAGE), style=options.get(CONF_STYLE)
        )

    def _is_lenient(self) -> bool:
        """Return whether any instruction gets the caption."""
        return bool(self._entry.options.get(CONF_LENIENT))

    def _beyond_a_caption(self, instruction: str) -> tuple[str, ...]:
        """Return the words that ask for more than a description."""
        return () if self._is_lenient() else unfollowable(instruction)


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
