"""One watched camera: when to look, and what was seen last."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
import logging
import re
from time import monotonic
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry, ConfigSubentry
from homeassistant.const import (
    STATE_OFF,
    STATE_ON,
    STATE_UNAVAILABLE,
    STATE_UNKNOWN,
)
from homeassistant.core import (
    CALLBACK_TYPE,
    Event,
    EventStateChangedData,
    HomeAssistant,
    State,
    callback,
)
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.event import (
    async_track_state_change_event,
    async_track_time_interval,
)
from homeassistant.util import dt as dt_util

from .client import CaptionOptions, RuntimeClient
from .client_errors import ClientError
from .const import (
    CONF_CAMERA,
    CONF_COOLDOWN,
    CONF_INTERVAL,
    CONF_LANGUAGE,
    CONF_ON_CHANGE,
    CONF_SNAPSHOTS,
    CONF_STYLE,
    CONF_TRIGGERS,
)
from .pictures import Picture, of_entity
from .records import Caption
from .text import short_text

_LOGGER: Final = logging.getLogger(__name__)
_NO_STATE: Final = frozenset({STATE_UNAVAILABLE, STATE_UNKNOWN})
_RECORDING: Final = "recording"
_BETWEEN_SNAPSHOTS_S: Final = 0.7
_HASHTAG: Final = re.compile(r"#(\w+)")

CAPTIONED: Final = "captioned"
UNSURE: Final = "unsure"
NOTHING_NEW: Final = "nothing_new"
FAILED: Final = "failed"
EVENT_TYPES: Final = [CAPTIONED, UNSURE, NOTHING_NEW, FAILED]


@dataclass(frozen=True, slots=True)
class Sighting:
    """What came of one look at a camera."""

    kind: str
    at: datetime
    attributes: Mapping[str, Any]
    caption: Caption | None = None
    picture: Picture | None = None
    """The very frame that the caption is about."""


class CameraWatch:
    """Looks at a camera when something happens, and tells its entities what it saw."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        subentry: ConfigSubentry,
        client: RuntimeClient,
    ) -> None:
        self.subentry = subentry
        self.enabled = True
        self._hass = hass
        self._entry = entry
        self._client = client
        self._camera: str = subentry.data[CONF_CAMERA]
        self._looking = False
        self._last_look: float | None = None
        """Of a clock that nobody sets."""
        self._fast: Sighting | None = None
        """A sighting whose better text is still on its way."""
        self._listeners: list[Callable[[Sighting], None]] = []

    @callback
    def start(self) -> CALLBACK_TYPE:
        """Begin to watch; the callback that is returned ends it."""
        data, ends = self.subentry.data, list[CALLBACK_TYPE]()
        if data.get(CONF_ON_CHANGE):
            ends.append(
                async_track_state_change_event(
                    self._hass, [self._camera], self._on_camera
                )
            )
        if triggers := data.get(CONF_TRIGGERS):
            ends.append(
                async_track_state_change_event(self._hass, triggers, self._on_trigger)
            )
        if minutes := data.get(CONF_INTERVAL):
            ends.append(
                async_track_time_interval(
                    self._hass, self._on_time, timedelta(minutes=minutes)
                )
            )

        @callback
        def end() -> None:
            for one in ends:
                one()

        return end

    @callback
    def listen(self, listener: Callable[[Sighting], None]) -> CALLBACK_TYPE:
        """Call the listener with every sighting, until the returned callback."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    @callback
    def look_soon(self) -> None:
        """Look now, unless a look is under way or was only just taken."""
        if not self.enabled or self._looking or self._is_cooling_down():
            return
        self._entry.async_create_background_task(
            self._hass, self.look_now(), f"edge_captions look at {self._camera}"
        )

    async def look_now(self) -> None:
        """Look, and tell what was seen; one look at a time."""
        if self._looking:
            return
        self._looking = True
        self._last_look = monotonic()
        try:
            await self._look()
        finally:
            self._looking = False

    async def update_caption(self, caption_id: str | None = None) -> None:
        """Tell the better text of the last sighting; None: whether there is one."""
        fast = self._fast
        if fast is None or fast.caption is None:
            return
        if caption_id not in {None, fast.caption.id}:
            return
        try:
            caption = await self._client.get_caption(fast.caption.id)
        except ClientError as err:
            _LOGGER.debug("%s: no better text: %s", self._camera, err)
            return
        if caption.phase == "final" and self._fast is fast:
            self._fast = None
            self._tell(self._sighting(caption, fast.picture))

    async def _look(self) -> None:
        try:
            picture = await self._best_picture()
            caption = await self._client.caption(
                picture.content, self._camera, self._options()
            )
        except ClientError as err:
            self._fail(err.code, err.message)
        except HomeAssistantError as err:
            self._fail("no_picture", str(err))
        else:
            sighting = self._sighting(caption, picture)
            self._fast = sighting if caption.phase == "fast" else None
            self._tell(sighting)

    async def _best_picture(self) -> Picture:
        """Return the snapshot with the most detail of those that are taken.

        A blurred, dark or half-built frame of the same view takes fewer bytes.
        """
        best = await of_entity(self._hass, self._camera)
        for _ in range(int(self.subentry.data.get(CONF_SNAPSHOTS, 1)) - 1):
            await asyncio.sleep(_BETWEEN_SNAPSHOTS_S)
            try:
                other = await of_entity(self._hass, self._camera)
            except HomeAssistantError as err:  # the first is good enough
                _LOGGER.debug("%s: no further snapshot: %s", self._camera, err)
                break
            if len(other.content) > len(best.content):
                best = other
        return best

    def _options(self) -> CaptionOptions:
        return CaptionOptions(
            language=self._entry.options.get(CONF_LANGUAGE),
            style=self._entry.options.get(CONF_STYLE),
            source=self._camera,
            two_phase=True,
        )

    def _sighting(self, caption: Caption, picture: Picture | None) -> Sighting:
        if caption.is_nothing_new:
            kind = NOTHING_NEW
        elif caption.verdict in {"sure", "unchecked"}:
            kind = CAPTIONED
        else:
            kind = UNSURE
        attributes = {
            "title": self.subentry.title,
            "short": short_text(caption.text),
            "caption": caption.text,
            "language": caption.language,
            "verdict": caption.verdict,
            "doubted": list(caption.doubted),
            "score": caption.score,
            "tags": _HASHTAG.findall(caption.text),
            "model": caption.model,
            "phase": caption.phase,
            "caption_id": caption.id,
            "photo_id": caption.photo_id,
            "seconds": round(caption.seconds, 2),
        }
        return Sighting(kind, dt_util.utcnow(), attributes, caption, picture)

    def _fail(self, code: str, message: str) -> None:
        _LOGGER.debug("%s: %s: %s", self._camera, code, message)
        attributes = {
            "title": self.subentry.title,
            "code": code,
            "reason": short_text(message),
        }
        self._tell(Sighting(FAILED, dt_util.utcnow(), attributes))

    @callback
    def _tell(self, sighting: Sighting) -> None:
        for listener in tuple(self._listeners):
            listener(sighting)

    @callback
    def _on_camera(self, event: Event[EventStateChangedData]) -> None:
        old, new = event.data["old_state"], event.data["new_state"]
        if _is_new(old, new) and (
            self._camera.startswith("image.")
            or (new is not None and new.state == _RECORDING)
        ):
            self.look_soon()

    @callback
    def _on_trigger(self, event: Event[EventStateChangedData]) -> None:
        old, new = event.data["old_state"], event.data["new_state"]
        was_off = old is not None and old.state == STATE_OFF
        if was_off and new is not None and new.state == STATE_ON:
            self.look_soon()

    @callback
    def _on_time(self, _now: datetime) -> None:
        self.look_soon()

    def _is_cooling_down(self) -> bool:
        last = self._last_look
        if last is None:
            return False
        return monotonic() - last < float(self.subentry.data.get(CONF_COOLDOWN, 0))


def _is_new(old: State | None, new: State | None) -> bool:
    """Return whether an entity changed from one real state to another."""
    if old is None or new is None or old.state == new.state:
        return False
    return new.state not in _NO_STATE and old.state != STATE_UNAVAILABLE
