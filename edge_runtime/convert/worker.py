"""The converting process: one request on its input, lines of JSON on its output."""

from collections.abc import Callable
import errno
import logging
import os
from pathlib import Path
import sys
from typing import Any, Final, TextIO

# Before PyTorch reads them: nothing is reported, and no thread spins while it waits.
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

from ..errors import ConversionError, DiskFullError, EdgeRuntimeError
from .conversion import Conversion
from .request import ConvertRequest, Step, encode_line

_OK: Final = 0
_FAILED: Final = 1


def main() -> int:
    """Convert what the input asks for; return the exit status."""
    logging.disable(logging.WARNING)
    said = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    # libraries print too: their words must not stand between our lines
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    request = ConvertRequest.from_json(sys.stdin.readline())
    try:
        report = convert(request, _teller(said))
    except EdgeRuntimeError as err:
        print(encode_line("error", err.to_dict()), file=said, flush=True)
        return _FAILED
    print(encode_line("done", report), file=said, flush=True)
    return _OK


def convert(request: ConvertRequest, tell: Callable[[Step], None]) -> dict[str, Any]:
    """Return the report of a conversion; every failure is one of our errors."""
    work = Path(request.work)
    try:
        return Conversion(request, tell).run()
    except MemoryError:
        raise ConversionError(
            f"{request.source}: there is not enough memory to convert it here"
        ) from None
    except OSError as err:
        if err.errno == errno.ENOSPC:
            raise DiskFullError(
                f"{work}: the disk is full; make room and run the same command again"
            ) from None
        raise ConversionError(f"{err.filename or work}: {err.strerror or err}") from err


def _teller(stream: TextIO) -> Callable[[Step], None]:
    def tell(step: Step) -> None:
        value = {"stage": step.stage, "done": step.done, "total": step.total}
        print(encode_line("step", value), file=stream, flush=True)

    return tell


if __name__ == "__main__":
    sys.exit(main())
