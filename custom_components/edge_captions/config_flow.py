"""Set up in the user interface: find a runtime, be let in, change it later."""

import asyncio
from collections.abc import Mapping
import logging
from typing import Any, Final

from homeassistant.config_entries import (
    SOURCE_REAUTH,
    SOURCE_RECONFIGURE,
    ConfigEntry,
    ConfigFlow,
    ConfigFlowResult,
    ConfigSubentryFlow,
    OptionsFlow,
)
from homeassistant.const import CONF_TOKEN, CONF_URL
from homeassistant.core import callback
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.selector import (
    BooleanSelector,
    LanguageSelector,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)
from homeassistant.helpers.service_info.zeroconf import ZeroconfServiceInfo
import probatio as vol

from .addresses import announced, is_plain_address, normalized
from .camera_flow import WatchedCameraFlow
from .client import RuntimeClient
from .client_errors import CannotConnectError, ClientError
from .const import (
    CONF_LANGUAGE,
    CONF_LENIENT,
    CONF_TIMEOUT,
    DEFAULT_TIMEOUT_S,
    DOMAIN,
    NAME,
    SUBENTRY_CAMERA,
)
from .records import PairingRequest

_LOGGER: Final = logging.getLogger(__name__)
_ASK_EVERY_S: Final = 2.0
_READ_ONLY: Final = "read"
_URL_SCHEMA: Final = vol.Schema({vol.Required(CONF_URL): TextSelector()})
_TOKEN_SCHEMA: Final = vol.Schema(
    {
        vol.Required(CONF_TOKEN): TextSelector(
            TextSelectorConfig(type=TextSelectorType.PASSWORD)
        )
    }
)
_OPTIONS_SCHEMA: Final = vol.Schema(
    {
        vol.Optional(CONF_LANGUAGE): LanguageSelector(),
        vol.Required(CONF_TIMEOUT, default=DEFAULT_TIMEOUT_S): NumberSelector(
            NumberSelectorConfig(
                min=10,
                max=3600,
                step=1,
                unit_of_measurement="s",
                mode=NumberSelectorMode.BOX,
            )
        ),
        vol.Required(CONF_LENIENT, default=False): BooleanSelector(),
    }
)


class EdgeCaptionsConfigFlow(ConfigFlow, domain=DOMAIN):
    """Connects Home Assistant to a runtime."""

    VERSION = 1
    MINOR_VERSION = 1

    def __init__(self) -> None:
        self._url = ""
        self._token: str | None = None
        self._runtime_id = ""
        self._authorized = False
        self._scope = ""
        self._pairing: PairingRequest | None = None
        self._waiting: asyncio.Task[str] | None = None

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
        return {SUBENTRY_CAMERA: WatchedCameraFlow}

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
        if error := await self._connect():
            return self.async_abort(reason=error)
        self.context["title_placeholders"] = {"name": discovery_info.host}
        return await self.async_step_zeroconf_confirm()

    async def async_step_zeroconf_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask whether the runtime that was found is wanted."""
        if user_input is not None:
            return await self._sign_in()
        self._set_confirm_only()
        return self.async_show_form(
            step_id="zeroconf_confirm", description_placeholders={"url": self._url}
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

    async def async_step_sign_in(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask how Home Assistant shall be let in."""
        return self._show_ways("sign_in")

    async def async_step_token(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Take a token that a person made."""
        errors: dict[str, str] = {}
        if user_input is not None:
            self._token = user_input[CONF_TOKEN].strip()
            if error := await self._connect():
                errors["base"] = error
            elif error := self._missing_rights():
                errors[CONF_TOKEN] = error
            else:
                return await self._finish()
        return self.async_show_form(
            step_id="token",
            data_schema=_TOKEN_SCHEMA,
            errors=errors,
            description_placeholders={"command": "edge-captions token create NAME"},
        )

    async def async_step_pair(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Show a code, and wait until a person approves it on the runtime's side."""
        if self._waiting is None:
            try:
                self._pairing = await self._client(None).open_pairing(self._own_name())
            except ClientError as err:
                _LOGGER.debug("no pairing: %s", err)
                return self.async_abort(
                    reason="cannot_pair", description_placeholders={"reason": str(err)}
                )
            self._waiting = self.hass.async_create_task(
                self._approved(self._pairing), eager_start=False
            )
        if self._waiting.done():
            waiting, self._waiting = self._waiting, None
            if waiting.exception() is not None:
                return self.async_show_progress_done(next_step_id="pair_failed")
            self._token = waiting.result()
            return self.async_show_progress_done(next_step_id="paired")
        code = self._pairing.code if self._pairing else ""
        return self.async_show_progress(
            step_id="pair",
            progress_action="pair",
            progress_task=self._waiting,
            description_placeholders={
                "code": code,
                "command": f"edge-captions pair {code}",
            },
        )

    async def async_step_pair_failed(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Offer another try: the code was turned away or its time was over."""
        return self._show_ways("pair_failed")

    async def async_step_paired(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Use the token that came."""
        if error := await self._connect() or self._missing_rights():
            return self.async_abort(reason=error)
        return await self._finish()

    @callback
    def async_remove(self) -> None:
        """Stop waiting when the person closes the dialogue."""
        if self._waiting is not None:
            self._waiting.cancel()

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

    def _show_ways(self, step_id: str) -> ConfigFlowResult:
        return self.async_show_menu(
            step_id=step_id,
            menu_options=["pair", "token"],
            description_placeholders={"url": self._url},
        )

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

    async def _connect(self) -> str | None:
        """Ask the runtime what it is; return the error's name if that fails."""
        try:
            info = await self._client(self._token).info()
        except CannotConnectError as err:
            _LOGGER.debug("%s: %s", self._url, err)
            return "cannot_connect"
        except ClientError as err:
            _LOGGER.debug("%s: %s", self._url, err)
            return err.code if err.code in _FLOW_ERRORS else "unknown"
        self._runtime_id, self._scope = info.runtime_id, info.scope
        self._authorized = info.authorized
        return None

    def _missing_rights(self) -> str | None:
        if not self._authorized:
            return "invalid_auth"
        return "read_only_token" if self._scope == _READ_ONLY else None

    async def _approved(self, pairing: PairingRequest) -> str:
        """Return the token as soon as there is one; raise when there will be none."""
        client = self._client(None)
        while True:
            try:
                token = await client.claim_token(pairing)
            except CannotConnectError:  # a restart; the pairing is stored
                token = None
            if token is not None:
                return token
            await asyncio.sleep(_ASK_EVERY_S)

    def _client(self, token: str | None) -> RuntimeClient:
        return RuntimeClient(async_get_clientsession(self.hass), self._url, token)

    def _own_name(self) -> str:
        return f"Home Assistant {self.hass.config.location_name}"[:100].strip()


_FLOW_ERRORS: Final = frozenset(
    {
        "invalid_auth",
        "not_edge_captions",
        "runtime_too_old",
        "integration_too_old",
    }
)


class EdgeCaptionsOptionsFlow(OptionsFlow):
    """Preferences."""

    async def async_step_init(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Show and keep them."""
        if user_input is not None:
            return self.async_create_entry(data=user_input)
        return self.async_show_form(
            step_id="init",
            data_schema=self.add_suggested_values_to_schema(
                _OPTIONS_SCHEMA, self.config_entry.options
            ),
        )
