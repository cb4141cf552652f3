"""The child's side of the frames: a loop that both kinds of worker run."""

from collections.abc import Callable
import ctypes
import logging
import os
from pathlib import Path
import signal
import sys
import traceback
from typing import Any, BinaryIO, Final

from ..errors import EdgeRuntimeError, WorkerError, WorkerMemoryError
from .protocol import PROTOCOL_VERSION, Frame, encode, read_frame

_LOGGER = logging.getLogger(__name__)
_FIRST_TO_DIE: Final = "900"
_PR_SET_PDEATHSIG: Final = 1
_NO_MEMORY: Final = "the worker got no more memory: a smaller model or photo is needed"

Answer = Callable[[Frame], dict[str, Any]]
"""Returns the result of a request; errors are raised."""


def run(answer: Answer) -> int:
    """Serve on the standard streams until they end; return the exit status."""
    level = logging.DEBUG if "--verbose" in sys.argv else logging.WARNING
    logging.basicConfig(stream=sys.stderr, level=level)
    _prepare_process()
    requests = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not get between the frames
    try:
        serve(answer, requests, answers)
    except BrokenPipeError:
        return 0
    return 0


def serve(answer: Answer, requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer requests until the stream ends."""
    hello = {"hello": "edge-captions worker", "protocol": PROTOCOL_VERSION}
    _send(answers, {**hello, "pid": os.getpid()})
    while (frame := read_frame(requests)) is not None:
        number = frame.header.get("id")
        try:
            result = answer(frame)
        except EdgeRuntimeError as err:
            _send(answers, {"id": number, "error": err.to_dict()})
        except MemoryError:
            error = WorkerMemoryError(_NO_MEMORY)
            _send(answers, {"id": number, "error": error.to_dict()})
        except Exception as err:  # noqa: BLE001 - the parent must hear of it
            _LOGGER.debug("%s", traceback.format_exc())
            reason = str(err).strip().splitlines()[:1] or [""]
            message = f"the worker failed: {type(err).__name__}: {reason[0]}"
            _send(answers, {"id": number, "error": WorkerError(message).to_dict()})
        else:
            _send(answers, {"id": number, "result": result})


def peak_rss_bytes() -> int:
    """Return the most memory this process ever had; 0 where the kernel hides it."""
    # ru_maxrss would count the parent's memory at the fork as well.
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
    except OSError:
        return 0
    for line in status.splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0


def trim_memory() -> None:
    """Give freed memory back: loading int8 weights leaves as much again behind."""
    libc = ctypes.CDLL(None)
    if hasattr(libc, "malloc_trim"):  # musl has none
        libc.malloc_trim(0)


def _send(answers: BinaryIO, header: dict[str, Any]) -> None:
    answers.write(encode(Frame(header)))
    answers.flush()


def _prepare_process() -> None:
    """Die before the rest of the machine does, and together with the parent."""
    try:
        Path("/proc/self/oom_score_adj").write_text(_FIRST_TO_DIE, encoding="ascii")
    except OSError:
        _LOGGER.debug("oom_score_adj can't be set here")
    libc = ctypes.CDLL(None)
    if hasattr(libc, "prctl"):
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    # Ctrl-C goes to the whole process group: the parent decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
