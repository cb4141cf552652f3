"""The fixes of issues: download a model, give memory back, look again."""

from typing import Any, Final, cast

from homeassistant.components.repairs.models import RepairsFlow, RepairsFlowResult
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
import probatio as vol

from .client_errors import ClientError
from .const import (
    ISSUE_LOW_MEMORY,
    ISSUE_MODEL_MISSING,
    ISSUE_NO_ANSWERS,
)
from .data import EdgeCaptionsConfigEntry
from .unloading import unload_all

_DOWNLOADS: Final = frozenset({ISSUE_MODEL_MISSING, ISSUE_NO_ANSWERS})


async def async_create_fix_flow(
    hass: HomeAssistant, issue_id: str, data: dict[str, Any] | None
) -> RepairsFlow:
    """Return the dialogue that mends an issue."""
    return FixFlow(data or {})


class FixFlow(RepairsFlow):
    """Asks once, then does what helps."""

    def __init__(self, facts: dict[str, Any]) -> None:
        self._facts = facts

    async def async_step_init(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Go on to the question."""
        return await self.async_step_confirm()

    async def async_step_confirm(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Say what will be done, and do it."""
        if user_input is None:
            return self._ask()
        entry = self.hass.config_entries.async_get_entry(str(self._facts["entry_id"]))
        if entry is None:
            return self.async_abort(reason="not_set_up")
        try:
            await self._mend(cast(EdgeCaptionsConfigEntry, entry))
        except ClientError as err:
            return self._ask(reason=err.message)
        if entry.state is not ConfigEntryState.LOADED:
            return self._ask(reason=entry.reason or entry.state.value)
        return self.async_create_entry(data={})

    def _ask(self, reason: str = "") -> RepairsFlowResult:
        return self.async_show_form(
            step_id="confirm",
            data_schema=vol.Schema({}),
            errors={"base": "failed"} if reason else {},
            description_placeholders={**self._facts, "reason": reason},
        )

    async def _mend(self, entry: EdgeCaptionsConfigEntry) -> None:
        kind = self._facts["kind"]
        if entry.state is not ConfigEntryState.LOADED:  # updated, a person says
            await self.hass.config_entries.async_reload(entry.entry_id)
            return
        data = entry.runtime_data
        if kind in _DOWNLOADS:
            await data.client.download(
                str(self._facts["model"]), accept_license=False, confirm=False
            )
        elif kind == ISSUE_LOW_MEMORY:
            await unload_all(data.client)
        await data.coordinator.async_request_refresh()
