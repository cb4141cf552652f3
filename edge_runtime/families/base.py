"""Interfaces of the families, and what the worker hands to them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from PIL import Image

from ..schemas import VisualCaption
from ..sessions.base import SessionFactory


@dataclass(frozen=True, slots=True)
class FamilyConfig:
    """A model's files and settings, as the manifest gives them."""

    files: Mapping[str, str]
    preprocess: Mapping[str, Any]
    generate: Mapping[str, Any]
    open_session: SessionFactory


@dataclass(frozen=True, slots=True)
class Captions:
    """Captions of one picture, best first, with the wall seconds of each stage."""

    captions: tuple[VisualCaption, ...]
    seconds: dict[str, float]


class Captioner(Protocol):
    """Describes pictures."""

    target_size: int
    """Shortest side in pixels that a decoded picture needs to have."""

    def caption(self, image: Image.Image, generate: Mapping[str, Any]) -> Captions:
        """Return captions of an RGB picture; `generate` overrides the model's own."""
