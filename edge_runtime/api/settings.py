"""`/api/v1/settings`: what is set and where it comes from."""

from typing import Final

from ..config import plain_settings
from .fields import MapOf, answer
from .routing import API, Call, Reply, RouteTable
from .scopes import Scope

ROUTES: Final = RouteTable("settings")


@ROUTES.get(
    f"{API}/settings",
    summary="Return every setting that the service runs with",
    scope=Scope.ADMIN,
    answer=answer(settings=MapOf()),
)
async def get_settings(call: Call) -> Reply:
    """Return the settings by their keys in `config.yaml`."""
    return {"settings": plain_settings(call.service.settings)}
