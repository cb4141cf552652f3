"""Short-lived child processes: what they print, or why they failed."""

import asyncio
from collections.abc import Mapping, Sequence
import contextlib
from pathlib import Path
import sys


class ChildFailedError(Exception):
    """A child process failed; the text is its last line."""

    def __init__(self, line: str, printed: str = "") -> None:
        super().__init__(line)
        self.printed = printed


async def run_python(
    arguments: Sequence[str],
    environ: Mapping[str, str],
    *,
    text: str = "",
    timeout_s: float | None = None,
    cwd: Path | None = None,
) -> str:
    """Return what `python -P <arguments>` prints; it ends with a cancelled caller.

    The current folder, which may hold a photo collection and any `pip.py`, is no
    place for modules to come from.

    Raises ChildFailedError if it fails or takes too long.
    """
    pipe = asyncio.subprocess.PIPE
    try:
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", *arguments),
            stdin=pipe,
            stdout=pipe,
            stderr=pipe,
            env=dict(environ),
            cwd=cwd,
        )
    except OSError as err:
        raise ChildFailedError(f"Python could not be started ({err.strerror})") from err
    try:
        async with asyncio.timeout(timeout_s):
            output, errors = await child.communicate(text.encode())
    except TimeoutError as err:
        raise ChildFailedError(f"no answer in {timeout_s:.0f} s") from err
    finally:
        if child.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            await child.wait()
    if child.returncode != 0:
        text = errors.decode(errors="replace").strip()
        printed = f"{output.decode(errors='replace')}\n{text}"
        line = _last_line(text) or f"exit status {child.returncode}"
        raise ChildFailedError(line, printed)
    return output.decode(errors="replace")


def _last_line(errors: str) -> str:
    lines = errors.splitlines()
    told = [line for line in lines if line.startswith("ERROR:")]
    return (told or lines or [""])[-1].removeprefix("ERROR:").strip()
