"""`edge-captions demo`: the page on a throw-away library; nothing is left behind."""

import argparse
import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import replace
import logging
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
import webbrowser

from ..config import Settings
from ..runtime import EdgeRuntime
from .exit_codes import ExitCode
from .output import Console
from .serve import port_number

if TYPE_CHECKING:
    from ..api.server import Listening


def add_parser(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "demo",
        parents=[common],
        help="show the web page with a throw-away library",
        description="Show the web page with a library of freely licensed photos, until "
        "it is stopped (Ctrl-C). Everything lies in a temporary folder, which is "
        "removed then; your own home is not touched, and nothing uses the network.",
    )
    parser.add_argument(
        "--port", metavar="N", type=port_number, default=0, help="default: a free one"
    )
    parser.add_argument(
        "--no-browser", action="store_true", help="only print the address"
    )
    parser.set_defaults(run=run)


async def run(
    runtime: EdgeRuntime, options: argparse.Namespace, console: Console
) -> ExitCode:
    """Serve a home that ends with this command."""
    # aiohttp's server takes 15 MB, which commands that caption a photo don't need
    from ..api.home_lock import home_lock  # noqa: PLC0415
    from ..api.server import serve  # noqa: PLC0415
    from ..service import Service  # noqa: PLC0415
    from .demo_library import fill  # noqa: PLC0415

    logging.getLogger("edge_runtime").setLevel(logging.ERROR)
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)
    with TemporaryDirectory(prefix="edge-captions-demo-") as folder:
        settings = _settings(runtime.settings, Path(folder), options.port)
        with home_lock(settings.home):
            async with EdgeRuntime(settings) as own:
                service = Service(settings, own)
                work = _Work(fill(service, Path(folder)), console)

                def on_ready(where: "Listening") -> None:
                    url = f"http://127.0.0.1:{where.port}/"
                    console.tell(f"the demo is at {url} (Ctrl-C ends it)")
                    work.start()
                    if not options.no_browser:
                        webbrowser.open(url)

                try:
                    await serve(service, on_ready)
                finally:
                    await work.stop()
    return ExitCode.OK


def _settings(own: Settings, folder: Path, port: int) -> Settings:
    """Return the settings of the demo: this machine's, in a home of its own."""
    return replace(
        Settings(home=folder / "home"),
        offline=True,
        port=port,
        keep_alive_s=own.service_keep_alive_s,
        threads=own.threads,
        memory_limit_mib=own.memory_limit_mib,
        worker_command=own.worker_command,
        allowed_folders=(folder,),
    )


class _Work:
    """Fills the library beside the service, and tells what went wrong."""

    def __init__(self, filling: Coroutine[Any, Any, None], console: Console) -> None:
        self._filling = filling
        self._console = console
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin; the loop runs."""
        self._task = asyncio.create_task(self._filling)
        self._task.add_done_callback(self._ended)

    async def stop(self) -> None:
        """Wait for the end."""
        if self._task is None:
            self._filling.close()
            return
        self._task.cancel()
        with suppress(asyncio.CancelledError, Exception):
            await self._task

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self._console.fail(f"the demo's library is not complete: {error}")
