"""Rows of models that were made on this machine or copied here with their folder."""

from pathlib import Path
from typing import Final

ROW_NAME: Final = "model.yaml"
REPORT_NAME: Final = "conversion.json"


def converted_rows(models_home: Path) -> tuple[Path, ...]:
    """Return the rows that stand beside converted models."""
    if not models_home.is_dir():
        return ()
    return tuple(sorted(models_home.glob(f"[a-z0-9]*/{ROW_NAME}")))
