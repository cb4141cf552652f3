"""Build the aiohttp app: keys, middlewares, routes, and how streams end."""

from collections.abc import Callable

from aiohttp import web

from ..service import Service
from .access import Access
from .binding import MAX_JSON, add_routes
from .drop_in.librephotos import LibrePhotos
from .events import Streams
from .keys import (
    ACCESS,
    BASE_URLS,
    COUNTS,
    LIBREPHOTOS,
    PAIRING_ALLOWANCE,
    ROUTES_OF_APP,
    SERVICE,
    STREAMS,
)
from .limits import Allowance
from .metrics import RequestCounts
from .middlewares import add_headers, pass_through
from .routes import ALL_ROUTES


def build_app(
    service: Service,
    access: Access,
    base_urls: Callable[[], list[str]] = list,
) -> web.Application:
    """Return the app over a service; who starts the service also stops it."""
    app = web.Application(middlewares=[pass_through], client_max_size=MAX_JSON)
    app[SERVICE] = service
    app[ACCESS] = access
    app[BASE_URLS] = base_urls
    app[COUNTS] = RequestCounts()
    app[STREAMS] = Streams()
    app[LIBREPHOTOS] = LibrePhotos()
    app[PAIRING_ALLOWANCE] = Allowance(amount=10, per_s=60)
    app[ROUTES_OF_APP] = ALL_ROUTES
    add_routes(app, ALL_ROUTES)
    app.on_response_prepare.append(add_headers)
    app.on_shutdown.append(_end_streams)
    return app


async def _end_streams(app: web.Application) -> None:
    app[STREAMS].stopping.set()
