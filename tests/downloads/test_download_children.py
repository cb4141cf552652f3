"""Threads and children end with the task that started them."""

import asyncio
import os
import sys
import threading

import pytest

from edge_runtime.downloads.children import ChildFailedError, run_python
from edge_runtime.downloads.threads import Stop, in_thread


async def test_a_cancelled_thread_is_told_to_stop_and_waited_for():
    stop, begun, ended = Stop(), threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        while not stop():
            pass
        ended.set()
        raise OSError

    running = asyncio.create_task(in_thread(work, stop))
    await asyncio.to_thread(begun.wait)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert ended.is_set()


async def test_short_work_ends_before_its_cancelled_caller():
    begun, go, ended = threading.Event(), threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        go.wait()
        ended.set()

    running = asyncio.create_task(in_thread(work))
    await asyncio.to_thread(begun.wait)
    running.cancel()
    asyncio.get_running_loop().call_later(0.1, go.set)
    with pytest.raises(asyncio.CancelledError):
        await running
    assert ended.is_set()


async def test_a_slow_child_is_ended():
    with pytest.raises(ChildFailedError, match="no answer in 1 s"):
        await run_python(["-c", "import time; time.sleep(60)"], {}, timeout_s=0.6)


async def test_a_child_ends_with_its_cancelled_caller(tmp_path):
    pid_file = tmp_path / "pid"
    code = (
        f"import os, time; open({str(pid_file)!r}, 'w').write(str(os.getpid()));"
        f"time.sleep(60)"
    )
    running = asyncio.create_task(run_python(["-c", code], {}))
    while not (pid_file.exists() and pid_file.read_text()):  # noqa: ASYNC110
        await asyncio.sleep(0.02)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid_file.read_text()), 0)


async def test_a_child_that_prints_nothing_tells_its_status():
    with pytest.raises(ChildFailedError, match="exit status 7"):
        await run_python(["-c", "raise SystemExit(7)"], {})


async def test_a_missing_python_is_told(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "executable", str(tmp_path / "none"))
    with pytest.raises(ChildFailedError, match="Python could not be started"):
        await run_python(["-c", ""], {})
