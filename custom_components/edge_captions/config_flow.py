"""Set up in the user interface: find a runtime, be let in, change it later."""

from collections.abc import Mapping
from typing import Any, Final

from homeassistant.config_entries import (
    SOURCE_REAUTH,
    SOURCE_RECONFIGURE,
    ConfigEntry,
    ConfigFlowResult,
    ConfigSubentryFlow,
    OptionsFlow,
)
from homeassistant.const import CONF_TOKEN, CONF_URL
from homeassistant.core import callback
from homeassistant.helpers.selector import TextSelector
from homeassistant.helpers.service_info.hassio import HassioServiceInfo
from homeassistant.helpers.service_info.zeroconf import ZeroconfServiceInfo
import probatio as vol

from .addresses import announced, is_plain_address, normalized
from .camera_flow import WatchedCameraFlow
from .const import (
    DOMAIN,
    NAME,
    SUBENTRY_CAMERA,
    SUBENTRY_FOLDER,
    SUBENTRY_TASK,
)
from .folder_flow import PhotoFolderFlow
from .options_flow import EdgeCaptionsOptionsFlow
from .sign_in_flow import SignInFlow
from .task_flow import TaskFlow

_URL_SCHEMA: Final = vol.Schema({vol.Required(CONF_URL): TextSelector()})


class EdgeCaptionsConfigFlow(SignInFlow, domain=DOMAIN):
    """Connects Home Assistant to a runtime."""

    VERSION = 1
    MINOR_VERSION = 1

    @staticmethod
    @callback
    def async_get_options_flow(config_entry: ConfigEntry) -> OptionsFlow:
        """Return the flow of the preferences."""
        return EdgeCaptionsOptionsFlow()

    @classmethod
    @callback
    def async_get_supported_subentry_types(
        cls, config_entry: ConfigEntry
    ) -> dict[str, type[ConfigSubentryFlow]]:
        """Return what can be added below an entry."""
        return {
            SUBENTRY_CAMERA: WatchedCameraFlow,
            SUBENTRY_FOLDER: PhotoFolderFlow,
            SUBENTRY_TASK: TaskFlow,
        }

    async def async_step_user(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask where the runtime is."""
        return await self._step_address("user", user_input)

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask where the runtime has moved to."""
        self._token = self._get_reconfigure_entry().data.get(CONF_TOKEN)
        return await self._step_address("reconfigure", user_input)

    async def async_step_zeroconf(
        self, discovery_info: ZeroconfServiceInfo
    ) -> ConfigFlowResult:
        """Take up a runtime that tells the network that it is there."""
        runtime_id = discovery_info.properties.get("id")
        if not runtime_id:
            return self.async_abort(reason="not_edge_captions")
        self._url = announced(discovery_info.host, discovery_info.port)
        await self.async_set_unique_id(runtime_id)
        self._abort_if_known()
        return await self._found(discovery_info.host)

    async def async_step_hassio(
        self, discovery_info: HassioServiceInfo
    ) -> ConfigFlowResult:
        """Take up the app that the Supervisor tells of; it may bring a token along."""
        config = discovery_info.config
        try:
            self._url = announced(str(config["host"]), int(config["port"]))
        except (KeyError, ValueError, TypeError):
            return self.async_abort(reason="not_edge_captions")
        self._token = config.get("token")
        if error := await self._connect():
            return self.async_abort(reason=error)
        await self.async_set_unique_id(self._runtime_id)
        # the app is on this machine: where it says it is, it is
        entry = self.hass.config_entries.async_entry_for_domain_unique_id(
            DOMAIN, self._runtime_id
        )
        updates = {CONF_URL: self._url}
        if self._token:  # it just proved that it counts
            updates[CONF_TOKEN] = self._token
        self._abort_if_unique_id_configured(
            updates=updates,
            reload_on_update=entry is not None and not entry.update_listeners,
        )
        return await self._found(discovery_info.name)

    async def async_step_discovery_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask whether the runtime that was found is wanted."""
        if user_input is not None:
            return await self._sign_in()
        self._set_confirm_only()
        return self.async_show_form(
            step_id="discovery_confirm", description_placeholders={"url": self._url}
        )

    async def async_step_reauth(
        self, entry_data: Mapping[str, Any]
    ) -> ConfigFlowResult:
        """Begin again where the token counts no more."""
        self._url = entry_data[CONF_URL]
        return await self.async_step_reauth_confirm()

    async def async_step_reauth_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask how Home Assistant shall be let in again."""
        return self._show_ways("reauth_confirm")

    async def _step_address(
        self, step_id: str, user_input: dict[str, Any] | None
    ) -> ConfigFlowResult:
        errors: dict[str, str] = {}
        if user_input is not None:
            try:
                self._url = normalized(user_input[CONF_URL])
            except ValueError:
                errors[CONF_URL] = "invalid_url"
            else:
                error = await self._connect()
                if error == "invalid_auth":  # the old token: sign in anew
                    self._token = None
                    error = await self._connect()
                if error is None:
                    return await self._identified()
                errors["base"] = error
        suggested = user_input
        if suggested is None and self.source == SOURCE_RECONFIGURE:
            suggested = dict(self._get_reconfigure_entry().data)
        return self.async_show_form(
            step_id=step_id,
            data_schema=self.add_suggested_values_to_schema(_URL_SCHEMA, suggested),
            errors=errors,
        )

    async def _found(self, name: str) -> ConfigFlowResult:
        """Look at what was found before a person is asked."""
        if error := await self._connect():
            return self.async_abort(reason=error)
        self.context["title_placeholders"] = {"name": name}
        return await self.async_step_discovery_confirm()

    async def _identified(self) -> ConfigFlowResult:
        """Go on with a runtime that answered: it may be known, it may let us in."""
        await self.async_set_unique_id(self._runtime_id, raise_on_progress=False)
        if self.source == SOURCE_RECONFIGURE:
            self._abort_if_unique_id_mismatch(reason="another_runtime")
        else:
            self._abort_if_known()
        return await self._sign_in()

    async def _sign_in(self) -> ConfigFlowResult:
        if self._authorized:
            return await self._finish()
        return await self.async_step_sign_in()

    async def _finish(self) -> ConfigFlowResult:
        data: dict[str, Any] = {CONF_URL: self._url}
        if self._token is not None:
            data[CONF_TOKEN] = self._token
        await self.async_set_unique_id(self._runtime_id, raise_on_progress=False)
        if self.source == SOURCE_REAUTH:
            self._abort_if_unique_id_mismatch(reason="another_runtime")
            return self._replace(self._get_reauth_entry(), data)
        if self.source == SOURCE_RECONFIGURE:
            self._abort_if_unique_id_mismatch(reason="another_runtime")
            return self._replace(self._get_reconfigure_entry(), data)
        self._abort_if_known()
        return self.async_create_entry(title=NAME, data=data)

    def _replace(self, entry: ConfigEntry, data: dict[str, Any]) -> ConfigFlowResult:
        """Change an entry; one that is set up notices by itself and reloads."""
        if entry.update_listeners:
            return self.async_update_and_abort(entry, data=data)
        return self.async_update_reload_and_abort(entry, data=data)

    def _abort_if_known(self) -> None:
        """End if this runtime has an entry, whose address may have changed.

        A name or a proxy's address that a person typed is left as it is.
        """
        entry = self.hass.config_entries.async_entry_for_domain_unique_id(
            DOMAIN, self.unique_id or ""
        )
        if entry is None or not is_plain_address(entry.data.get(CONF_URL, "")):
            self._abort_if_unique_id_configured()
            return
        self._abort_if_unique_id_configured(
            updates={CONF_URL: self._url},
            reload_on_update=not entry.update_listeners,
        )
