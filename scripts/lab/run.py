"""Run the installed product on emulated CPUs and print a table: machine x check.

Each machine first proves that it is emulated: an instruction that its CPU lacks, sent
where the product's worker runs, has to end the worker with SIGILL. Results are kept, so
a run that was stopped goes on; results of another version of the product don't count.
"""

import argparse
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
import json
from pathlib import Path
import sys
import threading
import time
from typing import Final

from checks import CHECKS, Bench, NotHereError, NotSoError
from debian_packages import PackagesError
from installing import (
    LAB,
    LLM,
    CannotInstallError,
    emulators,
    install,
    language_model_home,
    product_wheel,
    versions,
)
from machines import BY_NAME, MACHINES, Machine
from writing import DOCUMENT, write_document

RESULTS: Final = LAB / "results.json"
NOT_RUN: Final = "not run: the machine could not be shown to be emulated"
CANNOT: Final = 77


@dataclass(frozen=True, slots=True)
class Result:
    """How one check went on one machine."""

    ok: bool
    saw: str
    seconds: float
    subject: str
    """What was checked, as hashes: results of another product don't count."""


class Results:
    """What was found so far, on disk after every check."""

    def __init__(self, *, fresh: bool) -> None:
        self._lock = threading.Lock()
        self._found: dict[str, Result] = {}
        if not fresh and RESULTS.exists():
            kept = json.loads(RESULTS.read_text(encoding="utf-8"))
            self._found = {key: Result(**value) for key, value in kept.items()}

    def get(self, machine: Machine, check: str) -> Result | None:
        """Return what was seen last."""
        return self._found.get(f"{machine.name}: {check}")

    def is_green(self, bench: Bench, check: str) -> bool:
        """Return whether this very product passed the check on this machine."""
        found = self.get(bench.machine, check)
        return bool(found and found.ok and found.subject == bench.subject(check))

    def of_all(
        self, machines: Iterable[Machine], checks: Iterable[str]
    ) -> dict[Machine, dict[str, Result]]:
        """Return every result; a KeyError names one that there is not."""
        names = list(checks)
        return {
            m: {check: self._found[f"{m.name}: {check}"] for check in names}
            for m in machines
        }

    def keep(self, machine: Machine, check: str, result: Result) -> None:
        """Print and store a result."""
        with self._lock:
            self._found[f"{machine.name}: {check}"] = result
            data = {key: asdict(value) for key, value in self._found.items()}
            part = RESULTS.with_suffix(".part")
            part.write_text(json.dumps(data, indent=1), encoding="utf-8")
            part.replace(RESULTS)
            mark = "ok" if result.ok else "RED"
            print(
                f"{machine.name:13} {check:15} {mark:4}{result.seconds:6.1f} s  "
                f"{result.saw[:100]}",
                flush=True,
            )


def main() -> int:
    """Run the checks that were asked for; 0: all green, 77: it can't run here."""
    options = parse()
    started = time.monotonic()
    LAB.mkdir(parents=True, exist_ok=True)
    machines = [BY_NAME[name] for name in options.machine or BY_NAME]
    checks = options.check or list(CHECKS)
    try:
        benches = prepare(machines, options.wheel)
    except (CannotInstallError, PackagesError) as err:
        print(f"the lab can't be set up here: {err}", file=sys.stderr)
        return CANNOT
    results = Results(fresh=options.fresh)
    with ThreadPoolExecutor(options.jobs) as pool:
        list(pool.map(lambda bench: run_machine(bench, checks, results), benches))
    print_table(machines, checks, results)
    print(f"\n{(time.monotonic() - started) / 60:.1f} minutes; {versions()}")
    red = [
        (machine, check)
        for machine in machines
        for check in checks
        if not (found := results.get(machine, check)) or not found.ok
    ]
    if options.write_docs and not red:
        write_document(results.of_all(MACHINES, CHECKS), versions())
        print(f"wrote {DOCUMENT}")
    return 1 if red else 0


def parse() -> argparse.Namespace:
    """Return the command line's options."""
    parser = argparse.ArgumentParser(
        prog="scripts/machine_lab", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--machine", action="append", choices=BY_NAME)
    parser.add_argument("--check", action="append", choices=CHECKS)
    parser.add_argument("--wheel", type=Path, help="of the product, not the checkout's")
    parser.add_argument("--fresh", action="store_true", help="repeat what is known")
    parser.add_argument("--jobs", type=int, default=2, help="machines at a time")
    parser.add_argument(
        "--write-docs", action="store_true", help=f"write {DOCUMENT} if all is green"
    )
    options = parser.parse_args()
    if options.write_docs and (options.machine or options.check):
        parser.error("--write-docs goes with all machines and all checks")
    return options


def prepare(machines: Iterable[Machine], wheel: Path | None) -> list[Bench]:
    """Set up all that the machines need; return them ready to run."""
    programs = emulators()
    product = wheel or product_wheel()
    installed = {arch: install(arch, product) for arch in {m.arch for m in machines}}
    model = language_model_home() / "models" / LLM
    benches = []
    for machine in machines:
        home = LAB / "homes" / machine.name
        (home / "models").mkdir(parents=True, exist_ok=True)
        link = home / "models" / LLM
        if not link.is_symlink():
            link.symlink_to(model)
        benches.append(Bench(machine, installed[machine.arch], programs, home))
    return benches


def run_machine(bench: Bench, checks: list[str], results: Results) -> None:
    """Run one machine's checks; without the proof of emulation none of them counts."""
    todo = [check for check in checks if not results.is_green(bench, check)]
    if not todo:
        return
    proof = run_check(bench, "trap")  # in this very run
    results.keep(bench.machine, "trap", proof)
    for check in todo:
        if check != "trap":
            result = run_check(bench, check) if proof.ok else refuse(bench, check)
            results.keep(bench.machine, check, result)


def refuse(bench: Bench, check: str) -> Result:
    """Return that nothing on this machine can count."""
    return Result(ok=False, saw=NOT_RUN, seconds=0.0, subject=bench.subject(check))


def run_check(bench: Bench, check: str) -> Result:
    """Return how one check goes on one machine."""
    started = time.monotonic()
    try:
        ok, saw = True, CHECKS[check](bench)
    except NotHereError as err:
        ok, saw = False, str(err)
    except (NotSoError, OSError, ValueError, KeyError) as err:
        ok, saw = False, f"{type(err).__name__}: {err}"
    seconds = round(time.monotonic() - started, 1)
    return Result(ok, saw, seconds, bench.subject(check))


def print_table(machines: list[Machine], checks: list[str], results: Results) -> None:
    """Print which checks are green."""
    print(f"\n{'machine':14}" + "".join(f"{check:16}" for check in checks))
    for machine in machines:
        cells = []
        for check in checks:
            found = results.get(machine, check)
            mark = "-" if found is None else "ok" if found.ok else "RED"
            cells.append(f"{mark:16}")
        print(f"{machine.name:14}" + "".join(cells).rstrip())


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    sys.exit(main())
