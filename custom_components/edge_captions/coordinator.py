"""The state of the runtime: polled once a minute, and when it says that it changed."""

from dataclasses import dataclass
import logging
from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ConfigEntryAuthFailed, ConfigEntryError
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator, UpdateFailed

from .client import RuntimeClient
from .client_errors import AuthError, ClientError, VersionError
from .const import DOMAIN, NAME, POLL_EVERY
from .issues import clear_version_issues, raise_version_issue, report_models
from .records import Info, Model, Source, Stats

_LOGGER: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Status:
    """What the runtime says of itself."""

    info: Info
    stats: Stats
    models: tuple[Model, ...] = ()
    sources: tuple[Source, ...] = ()

    def model(self, model_id: str | None) -> Model | None:
        """Return a model by its id."""
        return next((one for one in self.models if one.id == model_id), None)

    def source(self, source_id: str) -> Source | None:
        """Return a source by its id."""
        return next((one for one in self.sources if one.id == source_id), None)


class StatusCoordinator(DataUpdateCoordinator[Status]):
    """Keeps the runtime's state for the entities that show it."""

    config_entry: ConfigEntry

    def __init__(
        self, hass: HomeAssistant, entry: ConfigEntry, client: RuntimeClient
    ) -> None:
        super().__init__(
            hass,
            _LOGGER,
            config_entry=entry,
            name=NAME,
            update_interval=POLL_EVERY,
            always_update=False,
        )
        self.client = client

    async def _async_update_data(self) -> Status:
        try:
            client = self.client
            # without a good token the second answer is an AuthError
            status = Status(
                await client.info(),
                await client.stats(),
                tuple(await client.models()),
                tuple(await client.sources()),
            )
        except VersionError as err:
            raise_version_issue(self.hass, self.config_entry, err)
            raise ConfigEntryError(
                translation_domain=DOMAIN, translation_key=err.code
            ) from err
        except AuthError as err:
            raise ConfigEntryAuthFailed(
                translation_domain=DOMAIN, translation_key="invalid_auth"
            ) from err
        except ClientError as err:
            raise UpdateFailed(
                translation_domain=DOMAIN,
                translation_key="cannot_connect",
                translation_placeholders={"url": self.client.url, "reason": str(err)},
            ) from err
        clear_version_issues(self.hass, self.config_entry)
        report_models(self.hass, self.config_entry, status.info)
        return status
