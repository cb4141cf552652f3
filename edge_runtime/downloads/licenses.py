"""Licences that ask to be accepted, and the record of who was accepted when."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from ..config import Settings
from ..errors import LicenseNotAcceptedError
from ..manifest.model import ModelSpec
from .files import disk_errors, read_json, write_json

ACCEPTED_NAME: Final = "accepted-licenses.json"


def license_pending(settings: Settings, spec: ModelSpec) -> bool:
    """Return whether the licence asks for a consent that nobody gave yet."""
    if not spec.requires_acceptance or spec.id in settings.accepted_licenses:
        return False
    entry = read_json(_record(settings)).get(spec.id)
    # a consent is to one licence: if the row's licence changes, it is asked again
    return not (isinstance(entry, dict) and entry.get("license") == spec.license)


def require_license(settings: Settings, spec: ModelSpec) -> None:
    """Raise LicenseNotAcceptedError if the licence has to be accepted first."""
    if license_pending(settings, spec):
        note = f" ({spec.license_note})" if spec.license_note else ""
        raise LicenseNotAcceptedError(
            f"model '{spec.id}' comes under {spec.license}{note}, which has to be "
            f"accepted first: edge-captions download --accept-license {spec.id}, "
            f"or add the id to accepted_licenses in config.yaml"
        )


def record_acceptance(settings: Settings, spec: ModelSpec) -> None:
    """Write down that a person accepted the licence of a model."""
    accepted = read_json(_record(settings))
    now = datetime.now(UTC).isoformat(timespec="seconds")
    accepted[spec.id] = {"license": spec.license, "accepted_at": now}
    with disk_errors(_record(settings)):
        write_json(_record(settings), accepted)


def _record(settings: Settings) -> Path:
    return settings.home / ACCEPTED_NAME
