"""A model that takes more than it says: its worker dies, a smaller one answers."""

import os
from pathlib import Path

from memory_group import memory_group
from models import LARGE, MEDIUM, install, make_models
import pytest
from served import served

from edge_runtime.errors import WorkerCrashedError, WorkerMemoryError
from edge_runtime.service.stand_ins import ran_out_of_memory

pytestmark = pytest.mark.timeout(300)
SAMPLES = Path(__file__).parents[2] / "edge_runtime" / "bundled" / "samples"


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> tuple[Path, dict[str, str]]:
    """Return a home with both models, and the settings that name them."""
    folder = tmp_path_factory.mktemp("models")
    environ = {
        "EDGE_CAPTIONS_MANIFEST": str(make_models(folder)),
        "EDGE_CAPTIONS_MODELS_FOLDER": str(folder),
        "EDGE_CAPTIONS_OFFLINE": "true",
        "EDGE_CAPTIONS_THREADS": "1",
    }
    home = tmp_path_factory.mktemp("installed") / "home"
    install(home, {**os.environ, **environ})
    return home, environ


async def test_the_kernel_kills_the_worker_alone_and_a_smaller_model_answers(
    installed, show
):
    home, environ = installed
    # no limit of its own stands before the kernel's
    environ = {**environ, "EDGE_CAPTIONS_MEMORY_LIMIT_MIB": "4000"}
    with memory_group(512) as group:
        async with served(home, group.prefix, **environ) as service:
            first = await service.caption(SAMPLES / "dogs-on-grass.jpg")
            kills = group.kills
            second = await service.caption(SAMPLES / "cat.jpg")
            pinned = await service.caption(SAMPLES / "coffee.jpg", model=LARGE)
        show("a model that hides 500 MB, in 512 MB", peak=group.peak_bytes)
    assert kills >= 1
    assert (first["status"], first["model"]) == (200, MEDIUM), first
    assert (
        f"{LARGE} failed (worker_start_failed): {MEDIUM} answers instead"
        in (first["notes"])
    )
    assert second["model"] == MEDIUM
    assert any("too little memory a while ago" in note for note in second["notes"])
    assert pinned["error"]["code"] == "worker_start_failed"
    assert "ran out of memory: choose a smaller model" in pinned["error"]["message"]
    assert any(f"{LARGE} failed" in line for line in service.log)


async def test_its_own_limit_ends_the_worker_before_the_machine_suffers(installed):
    home, environ = installed
    environ = {**environ, "EDGE_CAPTIONS_MEMORY_LIMIT_MIB": "300"}
    async with served(home, **environ) as service:
        answer = await service.caption(SAMPLES / "dogs-on-grass.jpg", refresh="true")
    assert (answer["status"], answer["model"]) == (200, MEDIUM), answer
    assert any(f"{LARGE} failed (worker_" in note for note in answer["notes"])


def test_what_counts_as_lack_of_memory():
    assert ran_out_of_memory(WorkerMemoryError("took 1 GB of 300 MB"))
    assert ran_out_of_memory(WorkerCrashedError("the worker was ended by SIGKILL"))
    assert not ran_out_of_memory(WorkerCrashedError("the worker was ended by SIGILL"))
