"""`/api/v1/stats`: facts for a bug report; nothing private, no names, no paths."""

import asyncio
from dataclasses import asdict
import platform
import sys
from typing import Any, Final

from .. import __version__
from ..facts import FactKind
from ..service import Service
from ..service.process import rss_bytes
from ..store import now_ms
from .fields import Integer, ListOf, MapOf, Number, Text, answer
from .info import RUNNER
from .routing import API, Call, Reply, RouteTable

ROUTES: Final = RouteTable("monitoring")


@ROUTES.get(
    f"{API}/stats",
    summary="Return facts for a bug report",
    answer=answer(
        version=Text(),
        python=Text(),
        system=Text(),
        libc=Text(),
        board=Text(nullable=True),
        uptime_s=Number(minimum=0),
        rss_bytes=Integer(minimum=0),
        counters=MapOf(item=Number()),
        stored=MapOf(item=Integer()),
        jobs=MapOf(),
        runners=ListOf(item=RUNNER),
        settings=MapOf(),
    ),
)
async def get_stats(call: Call) -> Reply:
    """Return versions, memory, counters and what was done so far."""
    service = call.service
    hardware = await asyncio.to_thread(lambda: service.runtime.hardware)
    return {
        "version": __version__,
        "python": platform.python_version(),
        "system": f"{sys.platform} {platform.release()} {platform.machine()}",
        "libc": " ".join(platform.libc_ver()).strip(),
        "board": hardware.board,
        "uptime_s": max(now_ms() - service.started_at, 0) / 1000,
        "rss_bytes": rss_bytes(),
        "counters": asdict(service.counters),
        "stored": await service.store.counts(),
        "jobs": await service.jobs.counts(),
        "runners": [asdict(fact) for fact in service.runner_states()],
        "settings": _switches(service),
    }


def _switches(service: Service) -> dict[str, Any]:
    """Return the settings that are numbers and switches: these name nobody."""
    settings = service.settings
    return {
        "offline": settings.offline,
        "auto_download": settings.auto_download.value,
        "language": settings.language,
        "style": settings.style.value,
        "facts": [kind.value for kind in settings.facts],
        "people": FactKind.PERSON in settings.facts,
        "rewrite": settings.rewrite,
        "read_text": settings.read_text.value,
        "threads": settings.threads,
        "memory_limit_mib": settings.memory_limit_mib,
        "service_keep_alive_s": settings.service_keep_alive_s,
        "queue_limit": settings.queue_limit,
        "max_upload_mib": settings.max_upload_mib,
        "ingress": settings.ingress,
    }
