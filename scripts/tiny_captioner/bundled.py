"""What ships inside the package, as a family opens it."""

from collections.abc import Callable
from pathlib import Path

from edge_runtime.families.base import FamilyConfig
from edge_runtime.manifest import ModelSpec, load_manifest
from edge_runtime.manifest.model import SourceKind
from edge_runtime.sessions.base import Session

BUNDLED = Path(__file__).resolve().parents[2] / "edge_runtime" / "bundled"


def bundled_model(model_id: str) -> ModelSpec:
    """Return a row of models.yaml."""
    spec = load_manifest(None).get(model_id)
    if spec is None:
        raise SystemExit(f"models.yaml: {model_id} is missing")
    return spec


def bundled_config(
    spec: ModelSpec, open_session: Callable[..., Session]
) -> FamilyConfig:
    """Return the configuration of a row whose files ship."""
    files = {
        entry.role or entry.path: str(BUNDLED / source.location)
        for entry in spec.files
        for source in entry.sources
        if source.kind is SourceKind.BUNDLED
    }
    return FamilyConfig(files, spec.preprocess, spec.generate, open_session)
