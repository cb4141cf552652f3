"""Where the app and a request keep what handlers and middlewares share."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from aiohttp import web

if TYPE_CHECKING:
    from ..service import Service
    from .access import Access
    from .callers import Caller
    from .drop_in.librephotos import LibrePhotos
    from .events import Streams
    from .limits import Allowance
    from .metrics import RequestCounts
    from .routing import Route

SERVICE: Final["web.AppKey[Service]"] = web.AppKey("service")
ACCESS: Final["web.AppKey[Access]"] = web.AppKey("access")
"""Who may come in, and how."""
COUNTS: Final["web.AppKey[RequestCounts]"] = web.AppKey("counts")
STREAMS: Final["web.AppKey[Streams]"] = web.AppKey("streams")
"""The event streams that are open."""
ROUTES_OF_APP: Final["web.AppKey[Sequence[Route]]"] = web.AppKey("routes")
LIBREPHOTOS: Final["web.AppKey[LibrePhotos]"] = web.AppKey("librephotos")
PAIRING_ALLOWANCE: Final["web.AppKey[Allowance]"] = web.AppKey("pairing_allowance")
BASE_URLS: Final["web.AppKey[Callable[[], list[str]]]"] = web.AppKey("base_urls")
"""Returns where others reach this service, best first; empty: nowhere."""

CALLER: Final["web.RequestKey[Caller]"] = web.RequestKey("caller")
REQUEST_ID: Final["web.RequestKey[str]"] = web.RequestKey("request_id")
ROUTE: Final["web.RequestKey[Route]"] = web.RequestKey("route")
"""Set once the address and method were found."""
