"""What scripts/try_install.py and scripts/replay_dockerfile.py ask of a service."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
import json
import os
import signal
import socket
import subprocess
import time
from typing import Any, Final
from urllib.error import URLError
from urllib.request import Request, urlopen

from fresh_root import ROOT, environment

PHOTO: Final = ROOT / "edge_runtime" / "bundled" / "samples" / "astronaut.jpg"
START_S: Final = 300.0


class FailedError(Exception):
    """A step did not go as it should; the message holds what it printed."""


def free_port() -> int:
    """Return a port that nobody uses."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def running(
    command: Sequence[str], settings: Mapping[str, str], port: int
) -> Iterator[str]:
    """Run a service until the block ends; yield its address once it answers."""
    with subprocess.Popen(  # noqa: S603
        command,
        env=environment(settings),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        address = f"http://127.0.0.1:{port}"
        try:
            wait_for(address, process)
            yield address
        finally:
            stop(process)


def stop(process: "subprocess.Popen[str]") -> None:
    """End the service; its namespace ends what it left."""
    os.killpg(process.pid, signal.SIGTERM)  # unshare itself lets none through
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)


def wait_for(address: str, process: "subprocess.Popen[str]") -> None:
    """Return when the service answers."""
    started = time.monotonic()
    while time.monotonic() - started < START_S:
        if process.poll() is not None:
            output = process.stdout.read() if process.stdout else ""
            raise FailedError(f"the service ended:\n{output}")
        try:
            get(address, "/health")
        except (URLError, ConnectionError):
            time.sleep(0.3)
        else:
            print(f"{'serve':10} {time.monotonic() - started:6.1f} s  {address}")
            return
    raise FailedError(f"the service did not answer in {START_S:.0f} s")


def use_api(address: str, token: str = "") -> None:
    """Have the service describe an uploaded photo and keep it."""
    info = get(address, "/api/v1/info")
    allowed = {"Authorization": f"Bearer {token}"} if token else {}
    expect(info["id"], "the service says who it is")
    photo = PHOTO.read_bytes()
    part = 'Content-Disposition: form-data; name="{}"{}\r\n\r\n'
    body = b"\r\n".join(
        (
            b"--edge\r\n" + part.format("store", "").encode() + b"true",
            b"--edge\r\n" + part.format("photo", '; filename="a.jpg"').encode() + photo,
            b"--edge--\r\n",
        )
    )
    request = Request(  # noqa: S310 - our own address
        f"{address}/api/v1/captions",
        data=body,
        headers={"Content-Type": "multipart/form-data; boundary=edge", **allowed},
    )
    started = time.monotonic()
    with urlopen(request, timeout=300) as answer:  # noqa: S310
        caption = json.load(answer)["caption"]
    expect(caption.endswith("."), "the caption is a sentence")
    print(f"{'api':10} {time.monotonic() - started:6.1f} s  {caption}")


def get(address: str, path: str) -> Any:
    """Return what the service answers."""
    with urlopen(address + path, timeout=60) as answer:  # noqa: S310
        text = answer.read()
        return json.loads(text) if text[:1] in {b"{", b"["} else text


def expect(fact: object, sentence: str) -> None:
    """Raise unless a fact holds."""
    if not fact:
        raise FailedError(f"not so: {sentence}")
