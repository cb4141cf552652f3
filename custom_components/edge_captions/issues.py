"""What a person has to mend, as issues under Settings > Repairs."""

from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from .client_errors import VersionError
from .const import (
    DOMAIN,
    ISSUE_INTEGRATION_TOO_OLD,
    ISSUE_LOW_MEMORY,
    ISSUE_MODEL_MISSING,
    ISSUE_NO_ANSWERS,
    ISSUE_RUNTIME_TOO_OLD,
)
from .records import Info, Model

_VERSIONS: Final = (ISSUE_RUNTIME_TOO_OLD, ISSUE_INTEGRATION_TOO_OLD)
_BY_HAND: Final = "by_hand"
_MODELS: Final = (ISSUE_MODEL_MISSING, ISSUE_LOW_MEMORY)


@callback
def raise_version_issue(
    hass: HomeAssistant, entry: ConfigEntry, error: VersionError
) -> None:
    """Name the side that has to be updated; `code` is the issue's name too."""
    _raise(hass, entry, error.code, reason=error.message)


@callback
def report_models(hass: HomeAssistant, entry: ConfigEntry, info: Info) -> None:
    """Raise or take back what keeps the runtime from describing anything."""
    found = None
    if info.captioner is None and info.selection:
        if info.lacks_memory:
            found = ISSUE_LOW_MEMORY
        elif info.recommended is not None:
            found = ISSUE_MODEL_MISSING
    for kind in _MODELS:
        if kind != found:
            _clear(hass, entry, kind)
    if found is not None:
        _raise(hass, entry, found, model=info.recommended or "")


@callback
def report_answers(
    hass: HomeAssistant, entry: ConfigEntry, able: Model | None, *, can_answer: bool
) -> None:
    """Say that no model there answers questions, or that one does now."""
    if can_answer:
        _clear(hass, entry, ISSUE_NO_ANSWERS)
        return
    fits = able is not None and able.fits
    _raise(
        hass,
        entry,
        ISSUE_NO_ANSWERS,
        is_fixable=fits,
        model=able.id if able is not None and fits else "",
        title=able.title if able is not None else "-",
        cure=able.cure if able is not None and able.cure else "-",
    )


@callback
def clear_version_issues(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Take the issues back: the sides understand each other."""
    for kind in _VERSIONS:
        _clear(hass, entry, kind)


@callback
def clear_issues(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Take every issue of an entry that is gone with it."""
    for kind in (*_VERSIONS, *_MODELS, ISSUE_NO_ANSWERS):
        _clear(hass, entry, kind)


def _raise(
    hass: HomeAssistant,
    entry: ConfigEntry,
    kind: str,
    *,
    is_fixable: bool = True,
    **facts: str,
) -> None:
    ir.async_create_issue(
        hass,
        DOMAIN,
        f"{kind}_{entry.entry_id}",
        is_fixable=is_fixable,
        data={"entry_id": entry.entry_id, "kind": kind, **facts},
        severity=ir.IssueSeverity.ERROR,
        translation_key=kind if is_fixable else f"{kind}_{_BY_HAND}",
        translation_placeholders={"name": entry.title, **facts},
    )


def _clear(hass: HomeAssistant, entry: ConfigEntry, kind: str) -> None:
    ir.async_delete_issue(hass, DOMAIN, f"{kind}_{entry.entry_id}")
