"""One worker process: its pipes, its memory and the reason of its end."""

import asyncio
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
import logging
import os
from pathlib import Path
import signal
from typing import Any, Final, Self

from ..errors import ProtocolError, WorkerStartError
from ..hardware.neighbours import family_of
from .niceness import set_background
from .protocol import Frame, encode, receive_frame

_LOGGER = logging.getLogger(__name__)
_VERBOSE: Final = "--verbose"
_PATIENCE_S: Final = 2.0
_SHELL_SIGNAL_BASE: Final = 128
_PAGE_BYTES: Final = os.sysconf("SC_PAGE_SIZE")
_HINTS: Final[Mapping[int, str]] = {
    signal.SIGILL: "this CPU lacks an instruction that a library uses: "
    "run edge-captions doctor",
    signal.SIGKILL: "most likely the system ran out of memory: choose a smaller model",
    signal.SIGSEGV: "a library failed: run edge-captions doctor",
    signal.SIGABRT: "a library failed: run edge-captions doctor",
}


@dataclass(frozen=True, slots=True)
class WorkerLaunch:
    """How a worker is started."""

    command: tuple[str, ...]
    """Python, or an emulator or sandbox with Python behind it."""
    start_timeout_s: float = 60.0
    module: str = "edge_runtime.inference.worker"

    def environment(self) -> dict[str, str]:
        """Return the child's environment."""
        environ = dict(os.environ)
        # It forces kernels that an old CPU dies of; numpy's own choice is right.
        environ.pop("OPENBLAS_CORETYPE", None)
        environ["OPENBLAS_NUM_THREADS"] = "1"
        # onnxruntime would store a device id in the home and report its use.
        environ["ORT_DISABLE_TELEMETRY"] = "1"
        # One malloc arena per thread would keep freed memory apart.
        environ.setdefault("MALLOC_ARENA_MAX", "2")
        # glibc raises this by itself, and then keeps what the models free.
        environ.setdefault("MALLOC_MMAP_THRESHOLD_", str(128 * 1024))
        return environ


@dataclass(slots=True, eq=False)
class Child:
    """A running worker."""

    process: asyncio.subprocess.Process
    _errors: asyncio.Task[None] | None = None
    _lines: deque[str] = field(default_factory=lambda: deque(maxlen=20))
    _number: int = 0
    _busy: bool = False
    _is_background: bool = False

    @classmethod
    async def start(cls, launch: WorkerLaunch) -> Self:
        """Start a worker and wait for its greeting."""
        try:
            process = await asyncio.create_subprocess_exec(
                *launch.command,
                *("-P", "-m", launch.module),
                *([_VERBOSE] if _LOGGER.isEnabledFor(logging.DEBUG) else []),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env=launch.environment(),
                # A group of its own: what stands before Python ends with it.
                start_new_session=True,
            )
        except OSError as err:
            raise WorkerStartError(
                f"{launch.command[0]}: the worker can't be started: {err.strerror}"
            ) from None
        child = cls(process)
        child._errors = asyncio.create_task(child._collect_errors())
        try:
            await child._greet(launch.start_timeout_s)
        except BaseException:
            await child.end()
            raise
        return child

    @property
    def pid(self) -> int:
        """Return the process id."""
        return self.process.pid

    @property
    def is_running(self) -> bool:
        """Return whether the process has not ended."""
        return self.process.returncode is None

    @property
    def last_words(self) -> str:
        """Return the last line the worker wrote to its error stream."""
        return self._lines[-1] if self._lines else ""

    async def ask(
        self, header: dict[str, Any], payload: bytes = b""
    ) -> dict[str, Any] | None:
        """Send a request and return its answer; None if the worker ended instead."""
        self._number += 1
        stdin, stdout = self.process.stdin, self.process.stdout
        if stdin is None or stdout is None:
            raise ProtocolError("the worker has no pipes")
        data = encode(Frame({"id": self._number, **header}, payload))
        self._busy = True
        with suppress(BrokenPipeError, ConnectionResetError):
            stdin.write(data)
            await stdin.drain()
        frame = await receive_frame(stdout)
        self._busy = False
        if frame is not None and frame.header.get("id") != self._number:
            raise ProtocolError("the worker answered another question")
        return None if frame is None else frame.header

    def rss_bytes(self) -> int:
        """Return the memory that the worker and its descendants hold now."""
        return sum(_rss_bytes(pid) for pid in family_of(self.pid))

    def work_for(self, *, background: bool) -> None:
        """Let the worker give way to other programs, or not any more."""
        if background is self._is_background:
            return
        if set_background(family_of(self.pid), background=background):
            self._is_background = background

    async def wait(self) -> int:
        """Return the exit status; a worker that won't leave is killed."""
        try:
            async with asyncio.timeout(_PATIENCE_S):
                await self.process.wait()
                if self._errors is not None:
                    await asyncio.shield(self._errors)
        except TimeoutError:
            self._kill()
        return await self.process.wait()

    async def end(self) -> None:
        """End the worker: by closing its pipe if it is idle, else by force."""
        if self.process.stdin is not None:
            self.process.stdin.close()
        if self._busy:
            self._kill()
        await self.wait()
        if self._errors is not None:
            self._errors.cancel()
            with suppress(asyncio.CancelledError):
                await self._errors

    def _kill(self) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)

    async def _greet(self, timeout_s: float) -> None:
        if self.process.stdout is None:
            raise ProtocolError("the worker has no pipes")
        try:
            async with asyncio.timeout(timeout_s):
                frame = await receive_frame(self.process.stdout)
        except TimeoutError:
            raise WorkerStartError(
                f"the worker did not start within {timeout_s:g} s"
            ) from None
        if frame is None:
            reason = describe_exit(await self.wait(), self.last_words)
            raise WorkerStartError(f"the worker did not start: {reason}")

    async def _collect_errors(self) -> None:
        if self.process.stderr is None:
            return
        with suppress(ValueError):  # a line longer than the reader's limit
            async for line in self.process.stderr:
                text = line.decode(errors="replace").rstrip()
                _LOGGER.debug("worker %s: %s", self.pid, text)
                self._lines.append(text)


def _rss_bytes(pid: int) -> int:
    try:
        statm = Path(f"/proc/{pid}/statm").read_text(encoding="ascii")
    except OSError:
        return 0
    return int(statm.split()[1]) * _PAGE_BYTES


def describe_exit(returncode: int, last_words: str = "") -> str:
    """Return a sentence on how a worker ended; an emulator reports 128 + signal."""
    number = -returncode
    if returncode > _SHELL_SIGNAL_BASE:
        number = returncode - _SHELL_SIGNAL_BASE
    if number > 0:
        try:
            name = signal.Signals(number).name
        except ValueError:
            name = f"signal {number}"
        hint = _HINTS.get(number)
        return f"the worker was ended by {name}" + (f" ({hint})" if hint else "")
    said = f": {last_words}" if last_words else ""
    return f"the worker left with exit code {returncode}{said}"
