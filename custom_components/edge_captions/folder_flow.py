"""Add a folder of photos that the runtime watches."""

from typing import Any

from homeassistant.config_entries import (
    ConfigEntryState,
    ConfigSubentryFlow,
    SubentryFlowResult,
)
from homeassistant.helpers.selector import (
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
)
import probatio as vol

from .client_errors import ClientError
from .const import CONF_SOURCE
from .data import EdgeCaptionsConfigEntry
from .records import Source


class PhotoFolderFlow(ConfigSubentryFlow):
    """Makes a device of a folder."""

    async def async_step_user(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Ask which of the folders that the runtime watches."""
        entry: EdgeCaptionsConfigEntry = self._get_entry()
        if entry.state is not ConfigEntryState.LOADED:
            return self.async_abort(reason="not_loaded")
        try:
            sources = await entry.runtime_data.client.sources()
        except ClientError as err:
            return self.async_abort(
                reason="cannot_connect", description_placeholders={"reason": str(err)}
            )
        known = {one.unique_id for one in entry.subentries.values()}
        folders = {s.id: s for s in sources if s.is_folder and s.id not in known}
        if not folders:
            return self.async_abort(reason="no_folder")
        if user_input is not None and user_input[CONF_SOURCE] in folders:
            folder = folders[user_input[CONF_SOURCE]]
            return self.async_create_entry(
                title=folder.name, data={CONF_SOURCE: folder.id}, unique_id=folder.id
            )
        return self.async_show_form(step_id="user", data_schema=_schema(folders))


def _schema(folders: dict[str, Source]) -> vol.Schema:
    options = [
        SelectOptionDict(value=one.id, label=f"{one.name} ({one.path})")
        for one in folders.values()
    ]
    selector = SelectSelector(SelectSelectorConfig(options=options))
    return vol.Schema({vol.Required(CONF_SOURCE): selector})
