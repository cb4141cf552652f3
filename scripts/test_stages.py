"""Run the test stages one after another, fast ones first, and print a table."""

import argparse
from collections import Counter
from dataclasses import dataclass, field
import json
import os
from pathlib import Path
import subprocess
import sys
import time
from xml.etree import ElementTree as ET

ROOT = Path(__file__).resolve().parent.parent
LOGS = ROOT / ".cache" / "test"
COVERAGE_STAGE = "coverage"
MIN_BRANCHES = 0.90
STAGES = {
    "check": ["scripts/check"],
    "core": ["tests/core", "tests/hardware", "tests/manifest", "tests/selection"],
    "inference": ["tests/families", "tests/inference", "tests/pipeline"],
    "evaluation": ["tests/evaluation", "tests/photos"],
    "command line": ["tests/cli"],
    "imaging": ["tests/imaging"],
    "downloads": ["tests/downloads"],
    "store": ["tests/store"],
    "context": ["tests/context"],
    "service": ["tests/jobs", "tests/service", "tests/api"],
    "drop-in": ["tests/dropin"],
    "library": ["tests/library"],
    "page": ["tests/page"],
    "home assistant": ["scripts/test_homeassistant"],
    "real home assistant": ["tests/real_homeassistant"],
    "metadata": ["tests/metadata"],
    "text": ["tests/text"],
    "conversion": ["tests/conversion"],
    "accelerators": ["tests/accelerators"],
    "low memory": ["tests/low_memory"],
    "machine lab": ["tests/machines"],
    "packaging": ["tests/packaging"],
}

PREPARED_BY = {
    "accelerators": ["scripts/openvino_environment"],
    "conversion": ["scripts/conversion_environment"],
    "home assistant": ["scripts/text_environment"],
    "page": ["scripts/text_environment"],
    "text": ["scripts/text_environment"],
}
"""What a stage needs that takes longer than a test may: its time is the stage's."""

CONVERSION = Path(os.environ.get("CONVERSION_CACHE", ROOT / ".cache" / "conversion"))
OPENVINO = Path(os.environ.get("OPENVINO_CACHE", ROOT / ".cache" / "openvino"))
PYTHONS = {
    "accelerators": OPENVINO / "venv" / "bin" / "python",
    "conversion": CONVERSION / "venv" / "bin" / "python",
}
"""Which stage runs in an environment of its own, where that could be made."""


@dataclass
class Outcome:
    """How one stage ended."""

    name: str
    ok: bool
    seconds: float
    passed: int = 0
    failed: int = 0
    skipped: Counter[str] = field(default_factory=Counter)


def main() -> int:
    """Run the stages that were asked for; return 0 if every one is green."""
    parser = argparse.ArgumentParser(prog="scripts/test", description=__doc__)
    parser.add_argument("--all", action="store_true", help="add what is marked slow")
    parser.add_argument("stages", nargs="*", metavar="STAGE", help=", ".join(STAGES))
    options = parser.parse_args()
    unknown = [name for name in options.stages if name not in STAGES]
    if unknown:
        parser.error(f"unknown stage {unknown[0]}; known: {', '.join(STAGES)}")
    LOGS.mkdir(parents=True, exist_ok=True)
    for old in (*LOGS.glob(".coverage*"), *LOGS.glob("coverage.json")):
        old.unlink()
    outcomes = []
    print(f"{'stage':19} {'result':8} {'passed':>7} {'skipped':>8} {'seconds':>8}")
    for name in options.stages or STAGES:
        outcomes.append(run_stage(name, run_slow=options.all))
        print_row(outcomes[-1])
    if not options.stages:
        outcomes.append(report_coverage())
        print_row(outcomes[-1])
    return conclude(outcomes)


def run_stage(name: str, *, run_slow: bool) -> Outcome:
    """Run one stage with its output in a log."""
    started = time.monotonic()
    slug = name.replace(" ", "-")
    log, report = LOGS / f"{slug}.log", LOGS / f"{slug}.xml"
    report.unlink(missing_ok=True)
    command = [str(ROOT / path) for path in STAGES[name]]
    is_pytest = not command[0].endswith("scripts/check")
    environment = os.environ.copy()
    python = sys.executable
    marker = [] if run_slow else ["-m", "not slow"]
    if command[0].endswith("scripts/test_homeassistant"):
        command += [*marker, f"--junitxml={report}"]  # in an environment of its own
    elif is_pytest:
        command = ["-m", "coverage", "run", "-m", "pytest", "-q"]
        command += [*marker, f"--junitxml={report}", *STAGES[name]]
        environment["COVERAGE_FILE"] = str(LOGS / f".coverage.{slug}")
    with log.open("wb") as output:
        if name in PREPARED_BY:  # what it can't bring is skipped with a reason
            subprocess.run(  # noqa: S603
                PREPARED_BY[name], cwd=ROOT, stdout=output, stderr=output, check=False
            )
        if name in PYTHONS and PYTHONS[name].exists():
            python = str(PYTHONS[name])
        if command[0] == "-m":
            command.insert(0, python)
        status = subprocess.run(  # noqa: S603
            command,
            cwd=ROOT,
            env=environment,
            stdout=output,
            stderr=output,
            check=False,
        ).returncode
    outcome = Outcome(name, status == 0, time.monotonic() - started)
    if is_pytest:
        count(outcome, report)
    else:
        outcome.passed, outcome.failed = (1, 0) if outcome.ok else (0, 1)
    return outcome


def count(outcome: Outcome, report: Path) -> None:
    """Read how many tests passed, failed and were skipped, and why."""
    if not report.exists():
        outcome.failed = 1
        return
    for case in ET.parse(report).iter("testcase"):  # noqa: S314
        skip = case.find("skipped")
        if skip is not None:
            outcome.skipped[skip.get("message", "no reason")] += 1
        elif case.find("failure") is not None or case.find("error") is not None:
            outcome.failed += 1
        else:
            outcome.passed += 1


def report_coverage() -> Outcome:
    """Combine what the stages measured; too few branches covered fails."""
    started = time.monotonic()
    log, totals = LOGS / f"{COVERAGE_STAGE}.log", LOGS / "coverage.json"
    environment = {**os.environ, "COVERAGE_FILE": str(LOGS / ".coverage")}
    coverage = [sys.executable, "-m", "coverage"]
    with log.open("wb") as output:
        for arguments in (
            ["combine", "--quiet", str(LOGS)],
            ["json", "--quiet", "-o", str(totals)],
            ["report"],
        ):
            subprocess.run(  # noqa: S603
                [*coverage, *arguments],
                cwd=ROOT,
                env=environment,
                stdout=output,
                stderr=output,
                check=False,
            )
    ok = False
    if totals.exists():
        found = json.loads(totals.read_text(encoding="utf-8"))["totals"]
        branches = found["covered_branches"] / found["num_branches"]
        lines = found["covered_lines"] / found["num_statements"]
        ok = branches >= MIN_BRANCHES
        print(f"  {branches:.1%} of branches, {lines:.1%} of lines")
    outcome = Outcome(COVERAGE_STAGE, ok, time.monotonic() - started)
    outcome.passed, outcome.failed = (1, 0) if ok else (0, 1)
    return outcome


def print_row(outcome: Outcome) -> None:
    """Print a stage's line of the table, and why tests were skipped."""
    result = "ok" if outcome.ok else "FAILED"
    skipped = sum(outcome.skipped.values())
    print(
        f"{outcome.name:19} {result:8} {outcome.passed:7} {skipped:8}"
        f" {outcome.seconds:8.1f}",
        flush=True,
    )
    for reason, times in sorted(outcome.skipped.items()):
        print(f"  skipped {times}: {reason}", flush=True)


def conclude(outcomes: list[Outcome]) -> int:
    """Show the logs of failed stages and the sum of all."""
    for outcome in outcomes:
        if not outcome.ok:
            log = LOGS / f"{outcome.name.replace(' ', '-')}.log"
            tail = log.read_text(encoding="utf-8", errors="replace").splitlines()[-60:]
            print(f"\n--- {outcome.name}: end of {log.relative_to(ROOT)}")
            print("\n".join(tail))
    passed = sum(outcome.passed for outcome in outcomes)
    failed = sum(outcome.failed for outcome in outcomes)
    failed += sum(not o.ok and not o.failed for o in outcomes)
    skipped = sum(sum(outcome.skipped.values()) for outcome in outcomes)
    seconds = sum(outcome.seconds for outcome in outcomes)
    print(f"\nall stages: {seconds:.0f} s")
    print(f"{passed} passed, {failed} failed, {skipped} skipped", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
