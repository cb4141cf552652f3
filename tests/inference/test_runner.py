"""The runner against real workers with the embedded model, and against broken ones."""

import asyncio
from contextlib import asynccontextmanager
import os
from pathlib import Path
import signal
import sys

import pytest

from edge_runtime.config import Settings
from edge_runtime.errors import (
    ModelBrokenError,
    ModelUnusableError,
    PhotoNotFoundError,
    ProtocolError,
    WorkerCrashedError,
    WorkerMemoryError,
    WorkerStartError,
    WorkerStoppedError,
    WorkerTimeoutError,
)
from edge_runtime.inference.child import Child, WorkerLaunch, describe_exit
from edge_runtime.inference.messages import CaptionJob, LoadRequest
from edge_runtime.inference.runner import ModelRunner, RunnerState
from edge_runtime.runtime import EdgeRuntime

PYTHON = WorkerLaunch((sys.executable,))


@pytest.fixture(scope="module")
def embedded(tmp_path_factory) -> LoadRequest:
    runtime = EdgeRuntime(Settings(home=tmp_path_factory.mktemp("home"), threads=1))
    return runtime.runner(runtime.model("tiny-captioner")).model


@asynccontextmanager
async def running(model, launch=PYTHON, **options):
    runner = ModelRunner(model, launch, **options)
    try:
        yield runner
    finally:
        await runner.stop()


def is_alive(pid: int) -> bool:
    status = Path(f"/proc/{pid}/status")
    return status.exists() and "Z (zombie)" not in status.read_text()


async def in_state(runner: ModelRunner, state: RunnerState) -> None:
    async with asyncio.timeout(15):
        while runner.state is not state:  # noqa: ASYNC110 - the state is what is tested
            await asyncio.sleep(0.02)


def oom_score(pid: int) -> int:
    return int(Path(f"/proc/{pid}/oom_score_adj").read_text())


def scripted(tmp_path: Path, body: str) -> WorkerLaunch:
    """Return a launch of a fake worker that runs `body` instead of a model."""
    script = tmp_path / "fake_worker.py"
    script.write_text(
        "import os, signal, sys, time\n"
        "from edge_runtime.inference.protocol import Frame, encode, read_frame\n"
        "def send(header, out=sys.stdout.buffer):\n"
        "    out.write(encode(Frame(header))); out.flush()\n"
        "def receive():\n"
        "    frame = read_frame(sys.stdin.buffer)\n"
        "    return frame.header if frame else sys.exit(0)\n" + body
    )
    return WorkerLaunch((sys.executable, str(script)), start_timeout_s=15)


GREET_AND_LOAD = "send({'hello': 1})\nsend({'id': receive()['id'], 'result': {}})\n"


async def test_states_follow_one_another_and_memory_comes_back(embedded, astronaut):
    states: list[RunnerState] = []
    async with running(embedded, on_state=states.append) as runner:
        assert runner.state is RunnerState.STOPPED
        await runner.ensure_ready()
        assert runner.state is RunnerState.READY
        pid = runner.pid
        assert pid is not None
        answer = await runner.caption(CaptionJob(path=str(astronaut)))
        assert answer.captions[0].text
        assert answer.captions[0].token_logprobs
        assert (answer.width, answer.height) == (512, 512)
        assert answer.peak_rss_bytes > 10_000_000
        assert runner.rss_bytes() > 10_000_000
        assert set(answer.seconds) == {"decode", "preprocess", "encode", "generate"}
    assert not is_alive(pid)
    assert runner.rss_bytes() == 0
    assert states == ["starting", "ready", "stopping", "stopped"]


async def test_bytes_give_the_same_caption_as_the_file(embedded, astronaut):
    async with running(embedded) as runner:
        by_path = await runner.caption(CaptionJob(path=str(astronaut)))
        by_bytes = await runner.caption(CaptionJob(), astronaut.read_bytes())
    assert by_path.captions == by_bytes.captions


async def test_many_callers_start_one_worker(embedded, astronaut):
    async with running(embedded) as runner:
        job = CaptionJob(path=str(astronaut))
        answers = await asyncio.gather(*(runner.caption(job) for _ in range(4)))
        assert len({answer.captions[0].text for answer in answers}) == 1
        assert runner.stats.starts == 1


async def test_a_broken_photo_leaves_the_worker_ready(embedded, astronaut):
    async with running(embedded) as runner:
        with pytest.raises(PhotoNotFoundError, match="missing"):
            await runner.caption(CaptionJob(path="/nowhere/missing.jpg"))
        assert runner.state is RunnerState.READY
        await runner.caption(CaptionJob(path=str(astronaut)))
        assert runner.stats.starts == 1


async def test_an_idle_worker_ends_and_starts_again_on_demand(embedded):
    async with running(embedded, keep_alive_s=0.05) as runner:
        await runner.ensure_ready()
        first = runner.pid
        assert first is not None
        await in_state(runner, RunnerState.STOPPED)
        assert not is_alive(first)
        await runner.ensure_ready()
        assert runner.stats.starts == 2


async def test_an_idle_worker_that_is_killed_is_noticed_and_replaced(embedded, caplog):
    async with running(embedded) as runner:
        await runner.ensure_ready()
        assert runner.pid is not None
        os.kill(runner.pid, signal.SIGKILL)
        await in_state(runner, RunnerState.FAILED)
        assert "ended by SIGKILL" in caplog.text
        assert runner.pid is None
        await runner.ensure_ready()
        assert runner.stats.starts == 2
        assert runner.state is RunnerState.READY


async def test_a_worker_that_dies_over_a_photo_names_the_signal(embedded, tmp_path):
    launch = scripted(
        tmp_path, GREET_AND_LOAD + "receive()\nos.kill(os.getpid(), signal.SIGILL)\n"
    )
    async with running(embedded, launch) as runner:
        with pytest.raises(WorkerCrashedError, match=r"SIGILL .*doctor"):
            await runner.caption(CaptionJob(path="x"))
        assert runner.state is RunnerState.FAILED


async def test_a_worker_that_dies_while_loading_names_the_model(embedded, tmp_path):
    launch = scripted(tmp_path, "send({'hello': 1})\nreceive()\nsys.exit(3)\n")
    async with running(embedded, launch) as runner:
        with pytest.raises(WorkerStartError, match=r"tiny-captioner.*exit code 3"):
            await runner.ensure_ready()
        assert runner.state is RunnerState.FAILED


async def test_a_worker_that_never_answers_is_ended(embedded, tmp_path):
    launch = scripted(tmp_path, GREET_AND_LOAD + "receive()\ntime.sleep(60)\n")
    async with running(embedded, launch, timeout_s=0.5) as runner:
        await runner.ensure_ready()
        pid = runner.pid
        with pytest.raises(WorkerTimeoutError, match=r"no answer in 0\.5 s"):
            await runner.caption(CaptionJob(path="x"))
        assert pid is not None
        assert not is_alive(pid)


async def test_a_worker_that_takes_too_much_memory_is_ended(embedded, tmp_path):
    launch = scripted(
        tmp_path,
        GREET_AND_LOAD + "receive()\nhog = bytearray(os.urandom(1) * 120_000_000)\n"
        "time.sleep(60)\n",
    )
    limit = 100_000_000
    async with running(embedded, launch, memory_limit_bytes=limit) as runner:
        with pytest.raises(
            WorkerMemoryError, match=r"of 100 MB that it may use, and was ended"
        ):
            await runner.caption(CaptionJob(path="x"))
        assert runner.stats.peak_rss_bytes > limit


async def test_a_caller_that_leaves_does_not_block_the_next(embedded, tmp_path):
    launch = scripted(tmp_path, GREET_AND_LOAD + "receive()\ntime.sleep(60)\n")
    async with running(embedded, launch) as runner:
        await runner.ensure_ready()
        first = asyncio.create_task(runner.caption(CaptionJob(path="x")))
        queued = asyncio.create_task(runner.caption(CaptionJob(path="y")))
        await asyncio.sleep(0.2)
        queued.cancel()
        first.cancel()
        async with asyncio.timeout(15):
            await runner.ensure_ready()
        assert runner.stats.starts == 2


@pytest.mark.parametrize(
    ("body", "error", "message"),
    [
        ("sys.exit(7)", WorkerStartError, "did not start: .* exit code 7"),
        ("sys.stderr.write('no numpy\\n'); sys.exit(1)", WorkerStartError, "no numpy"),
        (
            "print('hello from a library', flush=True); time.sleep(9)",
            ProtocolError,
            "no frame starts",
        ),
        ("print('EC', flush=True)", ProtocolError, "cut off"),
        (
            "send({'hello': 1}); receive(); send({'id': 99, 'result': {}})",
            ProtocolError,
            "another question",
        ),
    ],
)
async def test_a_worker_that_talks_nonsense_is_refused(
    embedded, tmp_path, body, error, message
):
    async with running(embedded, scripted(tmp_path, body + "\n")) as runner:
        with pytest.raises(error, match=message):
            await runner.ensure_ready()
        assert runner.state is RunnerState.FAILED


async def test_a_worker_that_never_greets_is_given_up(embedded, tmp_path):
    slow = scripted(tmp_path, "time.sleep(60)\n")
    launch = WorkerLaunch(slow.command, start_timeout_s=0.3)
    async with running(embedded, launch) as runner:
        with pytest.raises(WorkerStartError, match=r"did not start within 0\.3 s"):
            await runner.ensure_ready()


async def test_a_command_that_does_not_exist_is_named(embedded):
    async with running(embedded, WorkerLaunch(("/no/such/python",))) as runner:
        with pytest.raises(
            WorkerStartError, match=r"/no/such/python: the worker can't"
        ):
            await runner.ensure_ready()


async def test_stopping_ends_open_requests_and_the_next_one_starts_again(
    embedded, tmp_path
):
    launch = scripted(tmp_path, GREET_AND_LOAD + "receive()\ntime.sleep(60)\n")
    runner = ModelRunner(embedded, launch)
    await runner.ensure_ready()
    pid = runner.pid
    requests = [
        asyncio.create_task(runner.caption(CaptionJob(path=name))) for name in "xy"
    ]
    await asyncio.sleep(0.1)
    async with asyncio.timeout(15):
        await runner.stop()
        await runner.stop()
    for result in await asyncio.gather(*requests, return_exceptions=True):
        assert isinstance(result, WorkerStoppedError)
    assert pid is not None
    assert not is_alive(pid)
    await runner.ensure_ready()
    await runner.stop()
    assert runner.state is RunnerState.STOPPED


async def test_stopping_before_anything_began_fails_the_request(embedded):
    runner = ModelRunner(embedded, PYTHON)
    request = asyncio.ensure_future(runner.ensure_ready())
    await asyncio.sleep(0)
    await runner.stop()
    async with asyncio.timeout(15):
        with pytest.raises(WorkerStoppedError):
            await request
    assert runner.stats.starts == 0


async def test_a_request_during_stopping_leaves_one_writer_of_the_state(
    embedded, tmp_path
):
    """The old child takes a moment to end; the state must not be told backwards."""
    launch = scripted(
        tmp_path, GREET_AND_LOAD + "sys.stdin.buffer.read()\ntime.sleep(0.5)\n"
    )
    states: list[RunnerState] = []
    runner = ModelRunner(embedded, launch, on_state=states.append)
    await runner.ensure_ready()
    stopping = asyncio.create_task(runner.stop())
    await asyncio.sleep(0.1)
    with pytest.raises(WorkerStoppedError):
        await runner.ensure_ready()
    await stopping
    await runner.ensure_ready()
    assert runner.state is RunnerState.READY
    await runner.stop()
    once = ["starting", "ready", "stopping", "stopped"]
    assert states == once * 2


@pytest.mark.parametrize("body", ["time.sleep(60)", "send({'hello': 1}); receive()"])
async def test_stopping_does_not_wait_for_a_worker_that_starts(
    embedded, tmp_path, body
):
    launch = scripted(tmp_path, f"{body}\ntime.sleep(60)\n")
    runner = ModelRunner(embedded, launch)
    request = asyncio.create_task(runner.ensure_ready())
    await asyncio.sleep(0.3)
    async with asyncio.timeout(15):
        await runner.stop()
    with pytest.raises(WorkerStoppedError):
        await request


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ("{'id': 2}", "neither result nor error"),
        ("{'id': 2, 'result': {}}", "incomplete .KeyError: 'captions'"),
    ],
)
async def test_an_answer_with_a_hole_is_a_typed_error(
    embedded, tmp_path, answer, message
):
    launch = scripted(tmp_path, GREET_AND_LOAD + f"receive()\nsend({answer})\n")
    async with running(embedded, launch) as runner:
        with pytest.raises(ProtocolError, match=message):
            await runner.caption(CaptionJob(path="x"))


async def test_a_worker_behind_a_wrapper_is_watched_and_ended_too(
    embedded, tmp_path, astronaut
):
    wrapper = tmp_path / "wrapper"
    wrapper.write_text(f'#!/bin/sh\n{sys.executable} "$@"\nexit $?\n')
    wrapper.chmod(0o755)
    launch = WorkerLaunch((str(wrapper),))
    async with running(embedded, launch) as runner:
        await runner.caption(CaptionJob(path=str(astronaut)))
        assert runner.rss_bytes() > 30_000_000
    small = 20_000_000
    async with running(embedded, launch, memory_limit_bytes=small) as runner:
        with pytest.raises(WorkerMemoryError):
            await runner.ensure_ready()


async def load(embedded, **changes):
    fields = {name: getattr(embedded, name) for name in embedded.__dataclass_fields__}
    async with running(LoadRequest(**{**fields, **changes})) as runner:
        await runner.ensure_ready()


async def test_models_that_cannot_be_loaded_say_why(embedded, tmp_path):
    with pytest.raises(ModelUnusableError, match="no family 'florence9'"):
        await load(embedded, family="florence9")
    with pytest.raises(ModelUnusableError, match="no library 'tensorrt'"):
        await load(embedded, library="tensorrt")
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"no graph")
    with pytest.raises(ModelBrokenError, match=r"broken.onnx: can't be loaded"):
        await load(embedded, files={**embedded.files, "decoder": str(broken)})
    with pytest.raises(ModelBrokenError, match="don't belong together"):
        await load(
            embedded, files={**embedded.files, "decoder": embedded.files["encoder"]}
        )
    without = {k: v for k, v in embedded.files.items() if k != "vocabulary"}
    with pytest.raises(ModelBrokenError, match="no file with the role 'vocabulary'"):
        await load(embedded, files=without)


async def test_the_child_answers_what_it_does_not_know_with_an_error(embedded):
    child = await Child.start(PYTHON)
    try:
        answer = await child.ask({"op": "dance"})
        assert answer is not None
        assert "knows no request 'dance'" in answer["error"]["message"]
        answer = await child.ask(CaptionJob(path="x").to_header())
        assert answer is not None
        assert "before a model was loaded" in answer["error"]["message"]
        assert await child.ask({"op": "ping"}) == {"id": 3, "result": {}}
        answer = await child.ask({"op": "load"})
        assert answer is not None
        assert answer["error"]["code"] == "worker_failed"
        assert "TypeError" in answer["error"]["message"]
    finally:
        await child.end()


async def test_the_worker_is_the_first_to_die_and_ignores_ctrl_c():
    child = await Child.start(PYTHON)
    try:
        assert oom_score(child.pid) == 900
        os.kill(child.pid, signal.SIGINT)
        assert await child.ask({"op": "ping"}) is not None
    finally:
        await child.end()


@pytest.mark.parametrize(
    ("returncode", "expected"),
    [
        (-4, "SIGILL (this CPU lacks an instruction"),
        (132, "SIGILL (this CPU lacks an instruction"),
        (137, "SIGKILL (most likely the system ran out of memory"),
        (-15, "ended by SIGTERM"),
        (-99, "ended by signal 99"),
        (1, "left with exit code 1: why"),
    ],
)
def test_an_exit_is_described(returncode, expected):
    assert expected in describe_exit(returncode, "why")
