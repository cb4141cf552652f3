"""How Home Assistant is let in: a code that a person approves, or a token."""

import asyncio
import logging
from typing import Any, Final

from homeassistant.config_entries import ConfigFlow, ConfigFlowResult
from homeassistant.const import CONF_TOKEN
from homeassistant.core import callback
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.selector import (
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)
import probatio as vol

from .client import RuntimeClient
from .client_errors import CannotConnectError, ClientError
from .records import PairingRequest

_LOGGER: Final = logging.getLogger(__name__)
_ASK_EVERY_S: Final = 2.0
_READ_ONLY: Final = "read"
_TOKEN_SCHEMA: Final = vol.Schema(
    {
        vol.Required(CONF_TOKEN): TextSelector(
            TextSelectorConfig(type=TextSelectorType.PASSWORD)
        )
    }
)
FLOW_ERRORS: Final = frozenset(
    {
        "invalid_auth",
        "not_edge_captions",
        "runtime_too_old",
        "integration_too_old",
    }
)


class SignInFlow(ConfigFlow):
    """The steps between an address that answers and an entry."""

    def __init__(self) -> None:
        self._url = ""
        self._token: str | None = None
        self._runtime_id = ""
        self._authorized = False
        self._scope = ""
        self._pairing: PairingRequest | None = None
        self._waiting: asyncio.Task[str] | None = None

    async def _finish(self) -> ConfigFlowResult:
        """Make the entry, or change it; the flow itself says which."""
        raise NotImplementedError

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

    def _show_ways(self, step_id: str) -> ConfigFlowResult:
        return self.async_show_menu(
            step_id=step_id,
            menu_options=["pair", "token"],
            description_placeholders={"url": self._url},
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
            return err.code if err.code in FLOW_ERRORS else "unknown"
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
