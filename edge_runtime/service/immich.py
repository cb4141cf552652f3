"""Caption the photos of an Immich: those without a description, or with our own.

What we wrote is written down before it is sent, so that after a kill our own words are
known as ours, and everybody else's as theirs.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from enum import StrEnum
import time
from typing import TYPE_CHECKING, Any, Final

from aiohttp import ClientSession, TCPConnector

from .. import pipeline
from ..connectors.errors import ConnectorRefusedError, ConnectorSetupError
from ..errors import PhotoError
from ..jobs import JobContext, JobKind, Priority, Resource
from ..schemas import Verdict
from ..store import ConnectorItem, Job
from ..tls import trusted
from .answers import Answer
from .captions import CaptionService
from .parts import Parts
from .questions import CaptionOptions, Question

if TYPE_CHECKING:
    from ..connectors.immich import ImmichAsset, ImmichClient

IMMICH_JOB: Final = "immich"
_PAGE: Final = 200
_MAX_ERRORS: Final = 20
_RESULT: Final = ("captioned", "kept", "human", "failed", "errors")
_STEP_S: Final = 0.25
_TAG_ROOT: Final = "edge-captions"
_OR: Final = "\x1e"
"""Between the words that may stand there while new ones are on their way."""


class State(StrEnum):
    """How a photo of Immich was left."""

    WRITING = "writing"
    """Its words may have arrived, or not."""
    WRITTEN = "written"
    NOTHING = "nothing"
    """The captioner could not tell what it shows."""
    FAILED = "failed"
    """Its preview can't be described."""


class Step(StrEnum):
    """What is to be done with a photo."""

    CAPTION = "caption"
    KEEP = "keep"
    """Nothing has to be done, or was asked for."""
    HUMAN = "human"
    """Somebody else's words, or their wish to have none, stand there."""


def decide(
    asset: "ImmichAsset", known: ConnectorItem | None, *, refresh: bool = False
) -> Step:
    """Return what to do with a photo; what a person did to it always wins."""
    if asset.description:
        ours = (known.text or "").split(_OR) if known is not None else []
        if known is None or asset.description not in ours:
            return Step.HUMAN
        is_same = known.version == asset.checksum
        return Step.KEEP if is_same and not refresh else Step.CAPTION
    if known is None or known.state == State.WRITING:
        return Step.CAPTION
    if known.state == State.WRITTEN:
        return Step.HUMAN  # our words were taken away
    is_same = known.version == asset.checksum
    return Step.KEEP if is_same and not refresh else Step.CAPTION


class ImmichJobs:
    """The job that describes an Immich's photos."""

    def __init__(self, parts: Parts, captions: CaptionService) -> None:
        self._parts = parts
        self._captions = captions
        self._next_at = 0.0

    def kinds(self) -> Sequence[JobKind]:
        """Return the kind for the queue: it waits for the network most of the time."""
        return (JobKind(IMMICH_JOB, Resource.NETWORK, self._run),)

    async def enqueue(
        self, *, refresh: bool = False, limit: int | None = None, started_by: str = ""
    ) -> Job:
        """Queue a run; one that is open already stands for it."""
        self._configured()
        return await self._parts.jobs.enqueue(
            IMMICH_JOB,
            {"refresh": refresh, "limit": limit},
            priority=Priority.BATCH,
            started_by=started_by,
            key=IMMICH_JOB,
        )

    async def facts(self) -> dict[str, Any]:
        """Return whether it is set up, and how its photos stand."""
        settings = self._parts.settings
        page = await self._parts.store.jobs.page(None, IMMICH_JOB, limit=1, cursor=None)
        return {
            "url": settings.immich_url,
            "is_set_up": bool(settings.immich_url and settings.immich_api_key),
            "tags": settings.immich_tags,
            "items": await self._parts.store.connector_items.counts(IMMICH_JOB),
            "job_id": page.items[0].id if page.items else None,
        }

    def _configured(self) -> tuple[str, str]:
        settings = self._parts.settings
        if not settings.immich_url or not settings.immich_api_key:
            raise ConnectorSetupError(
                "set immich_url and immich_api_key in config.yaml first"
            )
        return settings.immich_url, settings.immich_api_key

    @asynccontextmanager
    async def _client(self) -> "AsyncIterator[ImmichClient]":
        from ..connectors.immich import ImmichClient  # noqa: PLC0415 - few have one

        url, api_key = self._configured()
        connector = TCPConnector(ssl=await trusted())
        async with ClientSession(connector=connector) as session:
            yield ImmichClient(url, api_key, session)

    async def _run(self, context: JobContext) -> Mapping[str, Any]:
        state = {
            "page": 1,
            "index": 0,
            "captioned": 0,
            "kept": 0,
            "human": 0,
            "failed": 0,
            "errors": [],
            **context.resume,
        }
        context.resume = state
        async with self._client() as client:
            while True:
                page = await client.page(state["page"], _PAGE)
                if not await self._captioned(context, client, page.assets):
                    break
                if page.next_page is None:
                    break
                state |= {"page": page.next_page, "index": 0}
        return {key: state[key] for key in _RESULT}

    async def _captioned(
        self,
        context: JobContext,
        client: "ImmichClient",
        assets: "Sequence[ImmichAsset]",
    ) -> bool:
        """Go through a page; return whether another one is wanted."""
        state, limit = context.resume, context.params["limit"]
        items = self._parts.store.connector_items
        known = await items.get(IMMICH_JOB, [asset.id for asset in assets])
        refresh = context.params["refresh"]
        for asset in assets[state["index"] :]:
            if limit is not None and state["captioned"] >= limit:
                return False
            step = decide(asset, known.get(asset.id), refresh=refresh)
            if step is Step.CAPTION:
                await self._wait(context)
                step = await self._try(context, client, asset)
            elif step is Step.KEEP:
                state["kept"] += 1
            if step is Step.HUMAN:
                state["human"] += 1
            state["index"] += 1
            await context.progress(state["captioned"], None, "captioning")
        return True

    async def _wait(self, context: JobContext) -> None:
        """Hold the pace that the settings ask for, and let others go first."""
        while True:
            context.step_back()
            left = self._next_at - time.monotonic()
            if left <= 0:
                break
            await asyncio.sleep(min(left, _STEP_S))
        await self._parts.pacer.rest(context)
        per_minute = self._parts.settings.immich_per_minute
        self._next_at = time.monotonic() + 60.0 / per_minute

    async def _try(
        self, context: JobContext, client: "ImmichClient", asset: "ImmichAsset"
    ) -> Step:
        """Describe one photo; what is wrong with it alone ends no job."""
        state = context.resume
        try:
            return await self._describe(context, client, asset)
        except (PhotoError, ConnectorRefusedError) as err:
            state["failed"] += 1
            if len(state["errors"]) < _MAX_ERRORS:
                state["errors"].append({"asset": asset.id, **err.to_dict()})
            await self._note(asset, State.FAILED, None)
            return Step.KEEP

    async def _describe(
        self, context: JobContext, client: "ImmichClient", asset: "ImmichAsset"
    ) -> Step:
        answer = await self._ask(context, client, asset)
        if answer.verdict is Verdict.NONE or not answer.caption.strip():
            await self._note(asset, State.NOTHING, None)
            context.resume["kept"] += 1
            return Step.KEEP
        text = answer.caption.strip()
        now = await client.asset(asset.id)  # somebody may have written meanwhile
        if now.description != asset.description:
            return Step.HUMAN
        # until it has arrived, our words of before may still stand there
        both = _OR.join(filter(None, (asset.description, text)))
        await self._note(asset, State.WRITING, both)
        await client.describe(asset.id, text)
        await self._note(asset, State.WRITTEN, text)
        context.resume["captioned"] += 1
        if self._parts.settings.immich_tags:
            names = pipeline.Parts(text, answer.language).get("tags") or []
            if names:
                await client.tag(asset.id, [f"{_TAG_ROOT}/{name}" for name in names])
        return Step.CAPTION

    async def _ask(
        self, context: JobContext, client: "ImmichClient", asset: "ImmichAsset"
    ) -> Answer:
        work, settings = self._parts.work, self._parts.settings
        path = work.new(".upload")
        try:
            await client.save_preview(asset.id, path)
            question = Question(
                CaptionOptions(settings.language, refresh=context.params["refresh"]),
                path=path,
                name=asset.name,
                is_upload=True,
                priority=Priority.BATCH,
                started_by=context.job.started_by,
            )
            return await self._captions.ask(question, may_refuse=False)
        finally:
            work.drop(path)

    async def _note(self, asset: "ImmichAsset", state: State, text: str | None) -> None:
        item = ConnectorItem(asset.id, state.value, asset.checksum, text)
        await self._parts.store.connector_items.put(IMMICH_JOB, item)
