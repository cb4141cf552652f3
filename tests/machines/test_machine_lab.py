"""The machine lab: it proves that it emulates, and turns red where it does not."""

from dataclasses import replace
from pathlib import Path
import platform
import subprocess
import sys
from zipfile import ZipFile

from checks import Bench, NotSoError, caption, trap
from installing import Installed, environment, llama_wheels
from machines import BY_NAME, MACHINES
import pytest
import run

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.timeout(300)
VARIANT = """
import sys
sys.path.insert(0, sys.argv[1])
from edge_runtime.sessions.llama_variants import load_cpu_variants
print(load_cpu_variants())
"""


def test_a_cpu_without_sse4_is_proved_and_captions_a_photo(core2):
    assert trap(core2) == "no SSE4.1: SIGILL"
    assert caption(core2).endswith(".")


def test_a_worker_that_the_real_cpu_runs_turns_the_row_red(
    core2, monkeypatch, tmp_path
):
    """What an emulated program starts runs on the real CPU, unless it carries qemu."""
    if "sse4_1" not in Path("/proc/cpuinfo").read_text(encoding="utf-8"):
        pytest.skip("this CPU has no SSE4.1 itself")
    monkeypatch.setattr(run, "RESULTS", tmp_path / "results.json")
    results = run.Results(fresh=True)
    unemulated = replace(core2, worker_prefix=())
    run.run_machine(unemulated, ["trap", "caption"], results)
    proof = results.get(core2.machine, "trap")
    assert not proof.ok
    assert "SSE4.1 did not end the worker" in proof.saw
    rest = run.Results(fresh=False).get(core2.machine, "caption")
    assert (rest.ok, rest.saw, rest.seconds) == (False, run.NOT_RUN, 0)


def test_every_forbidden_instruction_is_known_to_some_cpu_of_its_architecture(qemu):
    """Else it would prove nothing: any CPU dies of what is no instruction."""
    benches = {
        name: Bench(BY_NAME[name], Installed(Path(sys.executable), ""), qemu, ROOT)
        for name in ("penryn", "nehalem", "sandybridge", "haswell")
    }
    if platform.machine() != "x86_64":
        pytest.skip("this environment's product is not for x86-64")
    chain = ["core2", "penryn", "nehalem", "sandybridge"]
    for lacking, having in zip(chain, benches.values(), strict=True):
        machine = replace(having.machine, code=BY_NAME[lacking].code, lacks="nothing")
        with pytest.raises(NotSoError, match="nothing did not end the worker"):
            trap(replace(having, machine=machine))


@pytest.fixture(scope="session")
def portable_llama(tmp_path_factory) -> Path:
    """Return a folder with the portable llama.cpp of this architecture, or skip."""
    wheels = llama_wheels(platform.machine())
    if not wheels:
        pytest.skip("the portable llama.cpp is not here: run scripts/build_llama_wheel")
    folder = tmp_path_factory.mktemp("llama")
    with ZipFile(wheels[0]) as wheel:
        wheel.extractall(folder)
    return folder


@pytest.mark.parametrize(
    "machine",
    [m for m in MACHINES if m.arch == platform.machine() and m.cpu],
    ids=lambda machine: machine.name,
)
def test_the_portable_llama_takes_the_right_variant(machine, qemu, portable_llama):
    pytest.importorskip("jinja2", reason="scripts/text_environment brings jinja2")
    product = Installed(Path(sys.executable), "")
    bench = Bench(machine, product, qemu, portable_llama)
    assert bench.run("-c", VARIANT, str(portable_llama)).strip() == machine.variant


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_the_whole_lab_is_green():
    done = subprocess.run(
        [str(ROOT / "scripts" / "machine_lab")],
        capture_output=True,
        text=True,
        check=False,
        env=environment(),
    )
    if done.returncode == run.CANNOT:
        pytest.skip(done.stderr.strip())
    assert done.returncode == 0, done.stdout
