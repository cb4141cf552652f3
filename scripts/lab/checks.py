"""What each machine of the lab has to do, with the product as it is installed there."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
import json
import os
from pathlib import Path
import signal
import socket
import subprocess
import time
from typing import Any, Final
from urllib.error import URLError
from urllib.request import Request, urlopen

from installing import LLM, ROOT, Installed, environment
from machines import HARMLESS, Machine

INSIDE: Final = Path(__file__).parent
PHOTO: Final = ROOT / "edge_runtime" / "bundled" / "samples" / "astronaut.jpg"
PRODUCT: Final = ("-P", "-m", "edge_runtime")
"""The installed one: without -P it would be the checkout's."""
LIMIT_S: Final = 600.0
OLDER_VARIANTS: Final = frozenset({"x64", "sse42", "sandybridge", "armv8.0_1"})


class NotSoError(Exception):
    """A check failed; the message says what was seen instead."""


class NotHereError(Exception):
    """A check needs what is not here; the message says what brings it."""


@dataclass(frozen=True, slots=True)
class Bench:
    """One machine with the product installed on it."""

    machine: Machine
    installed: Installed
    emulators: Path
    home: Path
    worker_prefix: tuple[str, ...] | None = None
    """What stands before the worker, if not the machine's own prefix."""

    def subject(self, check: str) -> str:
        """Return what a check's result is a result of."""
        libraries = self.installed.llama if check == "language model" else ""
        return f"{self.installed.product[:12]} {libraries[:12]}".strip()

    def command(self, *arguments: str) -> list[str]:
        """Return a command that this machine runs."""
        prefix = self.machine.prefix(self.emulators)
        return [*prefix, str(self.installed.python), *arguments]

    def environment(self, **settings: str) -> dict[str, str]:
        """Return what the command finds set: workers run on this machine, too."""
        prefix = self.worker_prefix
        if prefix is None:
            prefix = self.machine.prefix(self.emulators)
        worker = " ".join((*prefix, str(self.installed.python)))
        return environment(
            {
                "EDGE_CAPTIONS_HOME": str(self.home),
                "EDGE_CAPTIONS_WORKER_COMMAND": worker,
                **settings,
            }
        )

    def run(self, *arguments: str, accept: tuple[int, ...] = (0,)) -> str:
        """Run a command on this machine; return what it printed."""
        with subprocess.Popen(  # noqa: S603
            self.command(*arguments),
            env=self.environment(),
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        ) as process:
            try:
                output, errors = process.communicate(timeout=LIMIT_S)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                raise NotSoError(f"no end within {LIMIT_S:.0f} s") from None
        if process.returncode not in accept:
            said = (errors or output).strip()[-300:]
            raise NotSoError(f"exit {process.returncode}: {said}")
        return output


def trap(bench: Bench) -> str:
    """See the worker's command die of an instruction that the CPU lacks."""
    machine = bench.machine
    if not machine.cpu:
        return "not emulated"
    script = str(INSIDE / "trap.py")
    harmless = bench.run(script, HARMLESS[machine.arch]).strip()
    expect("exit code 0" in harmless, f"harmless code: {harmless}")
    end = bench.run(script, machine.code).strip()
    expect("SIGILL" in end, f"{machine.lacks} did not end the worker: {end}")
    return f"no {machine.lacks}: SIGILL"


def doctor(bench: Bench) -> str:
    """See that the doctor knows the machine and the captioner passes its self-test."""
    report = json.loads(bench.run(*PRODUCT, "doctor", "--json"))
    cpu = report["hardware"]["cpu"]
    level, expected = cpu["x86_level"], bench.machine.x86_level
    expect(expected is None or level == expected, f"took it for x86-64-v{level}")
    expect(cpu["arch"] == bench.machine.arch, f"took it for {cpu['arch']}")
    test = report["self_test"]
    expect(test and test["passed"], f"self-test: {test and test['reason']}")
    return cpu["arch"] if level is None else f"x86-64-v{level}"


def caption(bench: Bench) -> str:
    """Describe a photo on the command line."""
    answer = json.loads(bench.run(*PRODUCT, "caption", "--json", str(PHOTO)))
    return sentence(answer)


def service(bench: Bench) -> str:
    """Have the service describe a photo."""
    with serving(bench) as address:
        request = Request(  # noqa: S310 - our own address
            f"{address}/api/v1/captions",
            data=PHOTO.read_bytes(),
            headers={"Content-Type": "image/jpeg"},
        )
        with urlopen(request, timeout=LIMIT_S) as answer:  # noqa: S310
            return sentence(json.load(answer))


def language_model(bench: Bench) -> str:
    """See that llama.cpp takes the right variant for the CPU and writes text."""
    if not bench.installed.llama:
        raise NotHereError(f"not run: scripts/build_llama_wheel {bench.machine.arch}")
    answer = json.loads(bench.run(str(INSIDE / "language_model.py"), LLM))
    variant, right = answer["variant"], bench.machine.variant
    if right:
        expect(
            variant == right, f"took the variant {variant or 'unknown'}, not {right}"
        )
    else:
        expect(variant not in OLDER_VARIANTS, f"took the variant {variant}")
    expect(any(map(str.isalpha, answer["text"])), f"wrote {answer['text']!r}")
    return variant


CHECKS: Final[dict[str, Callable[[Bench], str]]] = {
    "trap": trap,
    "doctor": doctor,
    "caption": caption,
    "service": service,
    "language model": language_model,
}


def sentence(answer: Any) -> str:
    """Return the caption of an answer; it must be a sentence."""
    text = str(answer["caption"])
    expect(text.endswith(".") and " " in text, f"the caption is {text!r}")
    return text


def expect(fact: object, otherwise: str) -> None:
    """Raise unless a fact holds."""
    if not fact:
        raise NotSoError(otherwise)


@contextmanager
def serving(bench: Bench) -> Iterator[str]:
    """Run the service on a machine; yield its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with subprocess.Popen(  # noqa: S603
        bench.command(*PRODUCT, "serve", "--host", "127.0.0.1"),
        env=bench.environment(EDGE_CAPTIONS_PORT=str(port)),
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        address = f"http://127.0.0.1:{port}"
        try:
            wait_for(address, process)
            yield address
        finally:
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()


def wait_for(address: str, process: "subprocess.Popen[str]") -> None:
    """Return when the service answers."""
    started = time.monotonic()
    while time.monotonic() - started < LIMIT_S:
        if process.poll() is not None:
            said = process.stderr.read()[-300:] if process.stderr else ""
            raise NotSoError(f"the service ended: {said}")
        try:
            with urlopen(f"{address}/health", timeout=10):  # noqa: S310
                return
        except (URLError, OSError):
            time.sleep(0.3)
    raise NotSoError(f"the service did not answer in {LIMIT_S:.0f} s")
