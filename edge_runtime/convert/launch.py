"""Start a conversion in a process of its own and hear how far it is."""

import asyncio
from collections.abc import Callable
import contextlib
from importlib.util import find_spec
import os
import sys
from typing import Any, Final

from ..errors import ConversionError, error_from_code
from .request import ConvertRequest, Step, decode_line

NEEDED: Final = ("torch", "transformers", "onnx")
_LINE_BYTES: Final = 1024 * 1024
_KEPT_WORDS: Final = 400


def require_tools() -> None:
    """Raise ConversionError if the extra `convert` is not installed."""
    lacking = [name for name in NEEDED if find_spec(name) is None]
    if lacking:
        raise ConversionError(
            f"{', '.join(lacking)} can't be found here: on a desktop, "
            "pip install 'edge-captions[convert]'"
        )


async def convert(
    request: ConvertRequest, on_step: Callable[[Step], None]
) -> dict[str, Any]:
    """Return the report of a conversion; its process ends with a cancelled caller."""
    require_tools()
    pipe = asyncio.subprocess.PIPE
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "edge_runtime.convert.worker"),
        stdin=pipe,
        stdout=pipe,
        stderr=pipe,
        env={**os.environ, "HF_HUB_DISABLE_PROGRESS_BARS": "1"},
        limit=_LINE_BYTES,
    )
    try:
        return await _hear(child, request, on_step)
    finally:
        if child.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            await child.wait()


async def _hear(
    child: asyncio.subprocess.Process,
    request: ConvertRequest,
    on_step: Callable[[Step], None],
) -> dict[str, Any]:
    if child.stdin is None or child.stdout is None or child.stderr is None:
        raise ConversionError("the converting process has no pipes")
    errors = asyncio.create_task(child.stderr.read())
    child.stdin.write(request.to_json().encode() + b"\n")
    child.stdin.close()
    report: dict[str, Any] | None = None
    async for line in child.stdout:
        found = decode_line(line.decode(errors="replace"))
        match found:
            case ("step", value):
                on_step(Step(**value))
            case ("done", value):
                report = value
            case ("error", value):
                raise error_from_code(value["code"], value["message"])
    status = await child.wait()
    if report is None:
        words = (await errors).decode(errors="replace").strip()[-_KEPT_WORDS:]
        last = words.splitlines()[-1:] or ["no word"]
        raise ConversionError(
            f"the converting process ended with {status} ({last[0]}); what is done "
            "is kept: the same command goes on"
        )
    return report
