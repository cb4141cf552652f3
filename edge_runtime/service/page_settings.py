"""`PageSettings`: what a person sets while the service runs, kept in the home."""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
import re
from typing import Any, Final

from .. import pipeline
from ..config import (
    CHANGEABLE,
    DEFAULT,
    ENVIRONMENT,
    OPTION,
    PAGE_NAME,
    load_with_origins,
    read_values,
)
from ..const import ENV_PREFIX
from ..errors import ConfigError, TemplateError
from ..files import write_text
from ..yaml_reader import parse_yaml, read_yaml, to_yaml
from .errors import SettingFixedError, SettingInvalidError
from .events import EventHub

_HEAD: Final = "# Set on the page or by the API; goes over config.yaml.\n"
_SOURCE: Final = "request"


class PageSettings:
    """Keeps changed settings in a layer of their own and puts them to work at once."""

    def __init__(
        self, home: Path, events: EventHub, take: Callable[[Mapping[str, Any]], None]
    ) -> None:
        self._home = home
        self._events = events
        self._take = take
        self._origins: dict[str, str] = {}
        self._lock = asyncio.Lock()

    @property
    def origins(self) -> dict[str, str]:
        """Return where each setting that can be changed comes from."""
        return {name: self._origins.get(name, DEFAULT) for name in CHANGEABLE}

    @property
    def fixed(self) -> tuple[str, ...]:
        """Return the settings that the page can't change: something goes over it."""
        over = {ENVIRONMENT, OPTION}
        return tuple(k for k, origin in self.origins.items() if origin in over)

    async def load(self) -> None:
        """Look where the settings come from that the service was started with."""
        _, self._origins = await asyncio.to_thread(load_with_origins, home=self._home)

    async def change(self, given: Mapping[str, Any]) -> None:
        """Keep all of these or none; None gives a setting back to what is below."""
        self._refuse_fixed(given)
        if not given:
            return
        check(given)
        async with self._lock:
            changed = await asyncio.to_thread(self._keep, given)
            self._take(changed)
        await self._events.emit("settings.changed", {"keys": list(given)})

    def _refuse_fixed(self, given: Mapping[str, Any]) -> None:
        for name in given:
            if name in self.fixed:
                raise SettingFixedError(
                    f"{name}: is set by the environment variable "
                    f"{ENV_PREFIX}{name.upper()}: change it there"
                )

    def _keep(self, given: Mapping[str, Any]) -> dict[str, Any]:
        load_with_origins(home=self._home)  # a file that is wrong must not be replaced
        path = self._home / PAGE_NAME
        root = read_yaml(path, ConfigError) if path.exists() else None
        kept = {**({} if root is None else root.plain()), **given}
        kept = {name: value for name, value in kept.items() if value is not None}
        write_text(path, _HEAD + (to_yaml(kept) if kept else ""))
        settings, origins = load_with_origins(home=self._home)
        for name in given:
            self._origins[name] = origins.get(name, DEFAULT)
        return {name: getattr(settings, name) for name in given}


def check(given: Mapping[str, Any]) -> None:
    """Raise what `config.yaml` would say of these values."""
    values = {name: value for name, value in given.items() if value is not None}
    try:
        if root := parse_yaml(to_yaml(values), _SOURCE, ConfigError):
            read_values(root, CHANGEABLE)
    except ConfigError as err:  # its line is none that a person wrote
        words = re.sub(rf"^{_SOURCE}:\d+: ", "", err.message)
        raise SettingInvalidError(words) from None
    if template := values.get("template"):
        try:
            pipeline.parse_custom(template)
        except TemplateError as err:
            raise SettingInvalidError(f"template: {err.message}") from None
