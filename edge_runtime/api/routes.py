"""Every route of the service, one line per resource module."""

from typing import Final

from . import (
    answers,
    captions,
    connectors,
    events,
    folders,
    info,
    jobs,
    metrics,
    models,
    openapi,
    page,
    pairing,
    photo_lists,
    photos,
    respondents,
    selection,
    settings,
    shares,
    shelves,
    sign_in,
    sources,
    stats,
    studies,
    suggestions,
    tags,
    tokens,
)
from .drop_in import librephotos, ollama, openai, photoprism
from .routing import Route

MODULES: Final = (
    answers,
    captions,
    connectors,
    events,
    folders,
    info,
    jobs,
    metrics,
    models,
    openapi,
    page,
    pairing,
    photo_lists,
    photos,
    respondents,
    selection,
    settings,
    shares,
    shelves,
    sign_in,
    sources,
    stats,
    studies,
    suggestions,
    tags,
    tokens,
    openai,
    ollama,
    photoprism,
    librephotos,
)
ALL_ROUTES: Final[tuple[Route, ...]] = tuple(
    route for module in MODULES for route in module.ROUTES
)
