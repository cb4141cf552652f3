"""`/api/v1/settings`: what is set, where it comes from, and what may be changed."""

from typing import Any, Final

from ..config import DEFAULT, ENVIRONMENT, OPTION, PAGE, plain_settings
from ..const import MAX_PATTERN
from ..facts import FactKind
from ..files import FileWriteError
from ..schemas import ReadText, Style
from ..service.errors import SettingFixedError, SettingInvalidError
from .fields import (
    ABSENT,
    Boolean,
    Choice,
    ListOf,
    MapOf,
    Number,
    Text,
    answer,
    language,
    obj,
)
from .routing import API, Call, Reply, RouteTable
from .scopes import Scope

ROUTES: Final = RouteTable("settings")
_MAY: Final[dict[str, Any]] = {"required": False, "default": ABSENT, "nullable": True}
_CHANGES: Final = obj(
    language=language(**_MAY, description="of captions"),
    style=Choice.of(*Style, **_MAY),
    template=Text(
        **_MAY,
        min_length=1,
        max_length=MAX_PATTERN,
        description="for the style `custom`",
    ),
    facts=ListOf(
        item=Choice.of(*FactKind),
        **_MAY,
        description="what captions may say of what photos know; with `person` also "
        "the names of people",
    ),
    rewrite=Boolean(**_MAY, description="let a language model join caption and facts"),
    read_text=Choice.of(*ReadText, **_MAY),
    service_keep_alive_s=Number(
        **_MAY, minimum=0, description="how long an idle model stays in memory"
    ),
    background_max_celsius=Number(
        **_MAY,
        minimum=0,
        description="background jobs rest while the processor is hotter; 0: no limit",
    ),
    background_max_load=Number(
        **_MAY,
        minimum=0,
        maximum=1,
        description="and while other programs keep a larger share of the cores busy; "
        "0: no limit",
    ),
)
_SETTINGS: Final = answer(
    settings=MapOf(),
    origins=MapOf(
        item=Choice.of(DEFAULT, "config.yaml", PAGE, ENVIRONMENT, OPTION),
        description="where each setting comes from that can be changed here",
    ),
    fixed=ListOf(
        item=Text(),
        description="those of them that something sets which goes over the page",
    ),
)


@ROUTES.get(
    f"{API}/settings",
    summary="Return every setting that the service runs with",
    scope=Scope.ADMIN,
    answer=_SETTINGS,
)
async def get_settings(call: Call) -> Reply:
    """Return the settings by their keys in `config.yaml`."""
    chosen = call.service.page_settings
    return {
        "settings": plain_settings(call.service.settings),
        "origins": chosen.origins,
        "fixed": list(chosen.fixed),
    }


@ROUTES.patch(
    f"{API}/settings",
    summary="Change settings from the next caption on; null gives one back to what "
    "config.yaml says",
    scope=Scope.ADMIN,
    body=_CHANGES,
    answer=_SETTINGS,
    errors=(SettingInvalidError, SettingFixedError, FileWriteError),
)
async def change_settings(call: Call) -> Reply:
    """Keep the named settings in the home and put them to work; all or none."""
    given = {key: one for key, one in call.body.items() if one is not ABSENT}
    await call.service.page_settings.change(given)
    return await get_settings(call)
