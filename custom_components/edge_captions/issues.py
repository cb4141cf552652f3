"""What a person has to mend, as issues under Settings > Repairs."""

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir

from .client_errors import VersionError
from .const import DOMAIN, ISSUE_INTEGRATION_TOO_OLD, ISSUE_RUNTIME_TOO_OLD


def raise_version_issue(
    hass: HomeAssistant, entry: ConfigEntry, error: VersionError
) -> None:
    """Name the side that has to be updated; `code` is the issue's name too."""
    ir.async_create_issue(
        hass,
        DOMAIN,
        f"{error.code}_{entry.entry_id}",
        is_fixable=False,
        severity=ir.IssueSeverity.ERROR,
        translation_key=error.code,
        translation_placeholders={"name": entry.title, "reason": error.message},
    )


def clear_version_issues(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Take the issues back: the sides understand each other, or the entry is gone."""
    for kind in (ISSUE_RUNTIME_TOO_OLD, ISSUE_INTEGRATION_TOO_OLD):
        ir.async_delete_issue(hass, DOMAIN, f"{kind}_{entry.entry_id}")
