"""`/metrics`: counters in Prometheus' text format, written by hand: it is short."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from aiohttp import web

from .. import __version__
from ..service import Service
from ..service.process import rss_bytes
from .keys import COUNTS
from .routing import Call, Reply, RouteTable

ROUTES: Final = RouteTable("monitoring")
CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"})
_PREFIX: Final = "edge_captions_"

Labels = Mapping[str, str]
Sample = tuple[Labels, float]


@dataclass(slots=True)
class RequestCounts:
    """How often each route was asked, how it ended and how long it took."""

    ended: Counter[tuple[str, str, int]] = field(default_factory=Counter)
    seconds: dict[str, float] = field(default_factory=dict)

    def add(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one request; `route` is the template, so that the table stays small."""
        known = method if method in _METHODS else "OTHER"
        self.ended[known, route, status] += 1
        self.seconds[route] = self.seconds.get(route, 0.0) + seconds


@ROUTES.get(
    "/metrics",
    summary="Return counters for Prometheus",
    media_type="text/plain",
)
async def get_metrics(call: Call) -> Reply:
    """Return all counters and gauges."""
    lines: list[str] = []
    for name, kind, text, samples in await _families(call):
        lines += _family(name, kind, text, samples)
    return web.Response(
        body="\n".join([*lines, ""]).encode(), headers={"Content-Type": CONTENT_TYPE}
    )


async def _families(call: Call) -> list[tuple[str, str, str, Iterable[Sample]]]:
    service, counts = call.service, call.request.app[COUNTS]
    jobs = await service.jobs.counts()
    stored = await service.store.counts()
    runners = service.runner_states()
    return [
        ("info", "gauge", "version of the program", [({"version": __version__}, 1)]),
        ("start_time_seconds", "gauge", "start", [({}, service.started_at / 1000)]),
        ("resident_memory_bytes", "gauge", "memory of the service and its workers",
         [({"process": "service"}, rss_bytes()),
          *(({"process": fact.model_id}, fact.rss_bytes) for fact in runners)]),
        ("http_requests_total", "counter", "requests", _requests(counts)),
        ("http_request_seconds_total", "counter", "time spent on requests",
         [({"route": route}, s) for route, s in counts.seconds.items()]),
        ("jobs", "gauge", "jobs by what they need and their state", _jobs(jobs)),
        ("captions_waiting", "gauge", "queue", [({}, service.queue_length())]),
        ("stored", "gauge", "records in the store",
         [({"what": what}, number) for what, number in stored.items()]),
        ("runner_ready", "gauge", "whether a model is loaded",
         [({"model": f.model_id}, f.state == "ready") for f in runners]),
        *_counters(service),
    ]  # fmt: skip


def _counters(
    service: Service,
) -> Iterator[tuple[str, str, str, Iterable[Sample]]]:
    for name, value in asdict(service.counters).items():
        yield (f"{name}_total", "counter", name.replace("_", " "), [({}, value)])


def _requests(counts: RequestCounts) -> Iterator[Sample]:
    for (method, route, status), number in counts.ended.items():
        yield {"method": method, "route": route, "status": str(status)}, number


def _jobs(jobs: Mapping[str, Mapping[str, int]]) -> Iterator[Sample]:
    for resource, states in jobs.items():
        for state, number in states.items():
            yield {"resource": resource, "state": state}, number


def _family(
    name: str, kind: str, text: str, samples: Iterable[Sample]
) -> Iterator[str]:
    full = _PREFIX + name
    yield f"# HELP {full} {text}"
    yield f"# TYPE {full} {kind}"
    for labels, value in samples:
        inner = ",".join(f'{key}="{_escaped(v)}"' for key, v in labels.items())
        yield (
            f"{full}{{{inner}}} {_number(value)}"
            if inner
            else f"{full} {_number(value)}"
        )


def _number(value: Any) -> str:
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
