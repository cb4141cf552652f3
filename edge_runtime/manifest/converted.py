"""Rows of models that were made on this machine or copied here with their folder."""

from pathlib import Path
from typing import Any, Final

import yaml

from ..files import write_text

ROW_NAME: Final = "model.yaml"
REPORT_NAME: Final = "conversion.json"


def converted_rows(models_home: Path) -> tuple[Path, ...]:
    """Return the rows that stand beside converted models."""
    if not models_home.is_dir():
        return ()
    return tuple(sorted(models_home.glob(f"[a-z0-9]*/{ROW_NAME}")))


def record_measurement(
    path: Path, device: str, seconds: float, peak_rss_bytes: int
) -> None:
    """Write into a converted model's row how it did on this machine."""
    document: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    (row,) = document["models"]
    row["requires"]["memory_bytes"] = peak_rss_bytes
    provenance = row.setdefault("provenance", {})
    provenance["requires"] = f"measured by edge-captions convert on {device}"
    row["measured"] = [
        {
            "device": device,
            "seconds": round(seconds, 3),
            "peak_rss_bytes": peak_rss_bytes,
            "source": "edge-captions convert",
        }
    ]
    write_text(path, yaml.safe_dump(document, sort_keys=False, allow_unicode=True))


def how_to_make(model_id: str, origin: str) -> str:
    """Return what a person does to get a model that no server has."""
    if origin.startswith("scripts/"):
        return f"run {origin} in a checkout, then copy its files to models/{model_id}"
    return (
        f"on a desktop, edge-captions convert {origin} --id {model_id}; "
        f"then copy its folder models/{model_id} here"
    )
