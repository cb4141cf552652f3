"""How a resource module is written: a table of routes, each with its own description.

A handler gets a `Call` whose path, query and body were read by the route's fields, and
returns a JSON object or a response. The OpenAPI document is made of the same routes.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from http import HTTPStatus
import json
import re
from typing import TYPE_CHECKING, Any, Final

from aiohttp import web

from ..errors import EdgeRuntimeError
from .fields import Field, Object, Text
from .keys import CALLER, SERVICE
from .scopes import Scope

if TYPE_CHECKING:
    from ..service import Service
    from .callers import Caller
    from .uploads import Upload

API: Final = "/api/v1"
JSON: Final = "application/json"
EVENT_STREAM: Final = "text/event-stream"
_PLACEHOLDER: Final = re.compile(r"{([a-z_]+)(?::[^}]*)?}")

Reply = dict[str, Any] | web.StreamResponse | None
Handler = Callable[["Call"], Awaitable[Reply]]


@dataclass(slots=True)
class Call:
    """One request, read and checked."""

    request: web.Request
    path: dict[str, Any]
    query: dict[str, Any]
    body: dict[str, Any]
    """What the route's body fields read; of an upload, its options."""
    upload: "Upload | None" = None
    """The photo that came along; removed after the handler unless it took it."""

    @property
    def service(self) -> "Service":
        """Return the service that answers."""
        return self.request.app[SERVICE]

    @property
    def caller(self) -> "Caller":
        """Return who asks."""
        return self.request[CALLER]

    @property
    def prefers_async(self) -> bool:
        """Return whether the client would rather have a job than wait."""
        prefer = ",".join(self.request.headers.getall("Prefer", []))
        return any(p.strip() == "respond-async" for p in re.split("[,;]", prefer))


@dataclass(frozen=True, kw_only=True)
class Route:
    """One method of one address, with all that the OpenAPI document says about it."""

    method: str
    path: str
    handler: Handler
    summary: str
    tag: str
    scope: Scope = Scope.READ
    query: Mapping[str, Field] = field(default_factory=dict)
    path_fields: Mapping[str, Field] = field(default_factory=dict)
    body: Object | None = None
    upload: bool = False
    """A photo may come along: as the body, or as a part of a form."""
    holds_pictures: bool = False
    """Its JSON may hold a photo as text, which takes more room than JSON else may."""
    answer: Field | None = None
    """None: no content."""
    problem: Field | None = None
    """How another program's protocol writes an error; None: as ours does."""
    status: int = 200
    more_answers: Mapping[int, Field] = field(default_factory=dict)
    """Other statuses than `status` that are no errors."""
    media_type: str = JSON
    errors: tuple[type[EdgeRuntimeError], ...] = ()
    """What may go wrong here, besides what may go wrong everywhere."""

    @property
    def operation_id(self) -> str:
        """Return the name that clients made from the document give the call."""
        return self.handler.__name__

    @property
    def success(self) -> int:
        """Return the status of what the handler returns; nothing at all is a 204."""
        is_empty = self.answer is None and self.media_type == JSON
        is_plain = self.status == HTTPStatus.OK
        return HTTPStatus.NO_CONTENT if is_empty and is_plain else self.status

    @cached_property
    def path_names(self) -> dict[str, Field]:
        """Return the placeholders of the path with what they must look like."""
        names = _PLACEHOLDER.findall(self.path)
        plain = Text(min_length=1, max_length=200)
        return {name: self.path_fields.get(name, plain) for name in names}

    @cached_property
    def template(self) -> str:
        """Return the path as OpenAPI writes it."""
        return _PLACEHOLDER.sub(r"{\1}", self.path)


class RouteTable:
    """The routes of one resource: `@ROUTES.get(path, summary=..., answer=...)`."""

    def __init__(self, tag: str) -> None:
        self.tag = tag
        self._routes: list[Route] = []

    def __iter__(self) -> Iterator[Route]:
        """Return the routes in the order they were written."""
        return iter(self._routes)

    def get(self, path: str, **options: Any) -> Callable[[Handler], Handler]:
        """Register a handler that only reads."""
        return self._add("GET", path, Scope.READ, options)

    def post(self, path: str, **options: Any) -> Callable[[Handler], Handler]:
        """Register a handler that makes something or starts work."""
        return self._add("POST", path, Scope.WRITE, options)

    def put(self, path: str, **options: Any) -> Callable[[Handler], Handler]:
        """Register a handler that replaces something."""
        return self._add("PUT", path, Scope.WRITE, options)

    def patch(self, path: str, **options: Any) -> Callable[[Handler], Handler]:
        """Register a handler that changes parts of something."""
        return self._add("PATCH", path, Scope.WRITE, options)

    def delete(self, path: str, **options: Any) -> Callable[[Handler], Handler]:
        """Register a handler that removes something."""
        return self._add("DELETE", path, Scope.WRITE, options)

    def _add(
        self, method: str, path: str, scope: Scope, options: dict[str, Any]
    ) -> Callable[[Handler], Handler]:
        def register(handler: Handler) -> Handler:
            self._routes.append(
                Route(
                    method=method,
                    path=path,
                    handler=handler,
                    tag=self.tag,
                    **{"scope": scope, **options},
                )
            )
            return handler

        return register


def json_answer(
    data: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None
) -> web.Response:
    """Return an answer with another status or headers than the route's own."""
    return json_bytes(to_json(data), status, headers)


def json_bytes(
    body: bytes, status: int = 200, headers: Mapping[str, str] | None = None
) -> web.Response:
    """Return an answer that is JSON already."""
    return web.Response(
        body=body,
        status=status,
        headers={"Content-Type": f"{JSON}; charset=utf-8", **(headers or {})},
    )


def to_json(data: Any) -> bytes:
    """Return JSON as it is sent; half characters of odd file names become `?`."""
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode("utf-8", "replace")


def finish(route: Route, reply: Reply) -> web.StreamResponse:
    """Return the response that a handler's reply stands for."""
    if isinstance(reply, web.StreamResponse):
        return reply
    if reply is None:
        return web.Response(status=route.success)
    return json_answer(reply, route.status)
