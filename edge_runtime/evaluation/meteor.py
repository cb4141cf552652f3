"""METEOR 1.5, a Java program that pycocoevalcap brings along.

It is spoken to directly: pycocoevalcap's own wrapper imports numpy in the caller, fills
a pipe that nobody reads and waits for ever when Java dies.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
import contextlib
from importlib.util import find_spec
from pathlib import Path
import shutil
from typing import Final

from ..const import MB
from ..errors import EdgeRuntimeError
from ..hardware import available_memory
from ..units import human_bytes
from .metrics import tokenize_caption
from .scores import MeteorScores, Tokens

_HEAP: Final = "-Xmx1G"
_NEEDED_BYTES: Final = 1200 * MB
"""With that heap the process takes 0.9 GB: most of it is the table of paraphrases."""
_PATIENCE_S: Final = 180.0
"""Longest wait for one line; the first comes after the table is loaded."""
_SEPARATOR: Final = " ||| "


class MeteorError(EdgeRuntimeError):
    """METEOR could not be computed; the other scores are not affected."""

    code = "meteor_failed"


def meteor_jar() -> Path | None:
    """Return the METEOR that pycocoevalcap brought; nothing is imported."""
    found = find_spec("pycocoevalcap")
    for folder in (found and found.submodule_search_locations) or ():
        jar = Path(folder) / "meteor" / "meteor-1.5.jar"
        if jar.is_file() and (jar.parent / "data" / "paraphrase-en.gz").is_file():
            return jar
    return None


def why_no_meteor() -> str | None:
    """Return what METEOR lacks here, in words; None if it can run."""
    if shutil.which("java") is None:
        return "Java is not installed (Debian: default-jre-headless)"
    if meteor_jar() is None:
        return "pycocoevalcap is not installed (pip install 'edge-captions[evaluate]')"
    free = available_memory()
    if free is not None and free < _NEEDED_BYTES:
        return f"it needs {human_bytes(_NEEDED_BYTES)} of memory"
    return None


async def meteor_of(
    sets: Sequence[Sequence[str]], references: Sequence[Sequence[Tokens]]
) -> list[MeteorScores]:
    """Return METEOR of several sets of captions, by one Java process.

    Raises MeteorError if Java fails or stops answering; it is always ended.
    """
    async with _java() as java:
        scores = []
        for captions in sets:
            tokens = [tokenize_caption(text) for text in captions]
            scores.append(await _score(java, tokens, references))
    return scores


@contextlib.asynccontextmanager
async def _java() -> AsyncIterator[asyncio.subprocess.Process]:
    jar, java = meteor_jar(), shutil.which("java")
    if jar is None or java is None:
        raise MeteorError("METEOR is not installed here")
    arguments = (_HEAP, "-jar", jar.name, "-", "-", "-stdio", "-l", "en", "-norm")
    try:
        process = await asyncio.create_subprocess_exec(
            java,
            *arguments,
            cwd=jar.parent,  # it looks for its data there
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
    except OSError as err:
        raise MeteorError(f"Java can't be started: {err.strerror}") from None
    try:
        yield process
    finally:
        # if this process is killed instead, the end of its pipe ends Java
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def _score(
    java: asyncio.subprocess.Process,
    captions: Sequence[Tokens],
    references: Sequence[Sequence[Tokens]],
) -> MeteorScores:
    questions = [
        _SEPARATOR.join(["SCORE", *(" ".join(ref) for ref in refs), " ".join(words)])
        for words, refs in zip(captions, references, strict=True)
    ]
    statistics = await _ask(java, questions, len(questions))
    question = _SEPARATOR.join(["EVAL", *statistics])
    answers = await _ask(java, [question], len(questions) + 1)
    try:
        numbers = [float(answer) for answer in answers]
    except ValueError:
        raise MeteorError("METEOR's answer is no number") from None
    return MeteorScores(corpus=numbers[-1], photos=tuple(numbers[:-1]))


async def _ask(
    java: asyncio.subprocess.Process, lines: Iterable[str], answers: int
) -> list[str]:
    """Return as many lines as wanted; reading beside writing, no pipe can fill up."""
    writing = asyncio.create_task(_write(java, lines))
    try:
        return [await _read_line(java) for _ in range(answers)]
    finally:
        writing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await writing


async def _write(java: asyncio.subprocess.Process, lines: Iterable[str]) -> None:
    if java.stdin is None:
        raise MeteorError("METEOR has no pipes")
    # a Java that died is noticed where its answers are read
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        for line in lines:
            java.stdin.write(line.encode("utf-8", "replace") + b"\n")
            await java.stdin.drain()


async def _read_line(java: asyncio.subprocess.Process) -> str:
    if java.stdout is None:
        raise MeteorError("METEOR has no pipes")
    try:
        async with asyncio.timeout(_PATIENCE_S):
            line = await java.stdout.readline()
    except TimeoutError:
        raise MeteorError(f"METEOR gave no answer in {_PATIENCE_S:.0f} s") from None
    if not line.endswith(b"\n"):
        raise MeteorError("METEOR ended without an answer")
    return line.decode().strip()
