"""What is guessed of a machine's speed before anybody measured it."""

from dataclasses import astuple, replace

import pytest

from edge_runtime.hardware import interpret
from edge_runtime.hardware.captures import known_machines, load_machine
from edge_runtime.hardware.model import CpuInfo, HardwareInfo
from edge_runtime.hardware.speed import MachineSpeed, Rates, guess_speed
from edge_runtime.hardware.threads import all_threads, default_threads

SLOW, FAST = Rates(10, 5, 2, 100), Rates(40, 20, 3, 100)


def guess(name):
    return guess_speed(interpret(load_machine(name)))


def test_guesses_put_known_machines_in_their_order():
    order = [
        "pi-zero2w-512mb",
        "pi4-8gb",
        "j1900-4gb",
        "pi5-8gb",
        "n100-16gb",
        "zen4-32gb",
    ]
    speeds = [guess(name).all.int8_gops for name in order]
    assert speeds == sorted(speeds)
    assert speeds[-1] > 100 * speeds[0]


@pytest.mark.parametrize("name", known_machines())
def test_a_guess_is_no_measurement_and_more_threads_are_never_slower(name):
    speed = guess(name)
    assert not speed.is_measured
    pairs = zip(astuple(speed.one), astuple(speed.all), strict=True)
    assert all(0 < one <= together for one, together in pairs)


def test_a_machine_of_which_nothing_is_known_counts_as_slow():
    unknown = guess_speed(HardwareInfo(cpu=CpuInfo(arch=None, userland_bits=None)))
    assert unknown.one == guess("pi3-1gb").one
    assert unknown.threads == 1


def test_a_newer_core_that_nobody_knows_is_judged_by_its_instructions():
    cpu = CpuInfo("aarch64", 64, "Cortex-Z99", features=frozenset({"asimddp"}))
    known = replace(cpu, model_name="Cortex-A72")
    assert guess_speed(HardwareInfo(cpu)).one == guess("pi5-8gb").one
    assert guess_speed(HardwareInfo(known)).one == guess("pi4-8gb").one


def test_some_of_the_threads_do_a_part_of_what_all_do():
    speed = MachineSpeed(SLOW, FAST, threads=4)
    assert speed.with_threads(1) == SLOW
    assert speed.with_threads(4) == speed.with_threads(9) == FAST
    assert speed.with_threads(3).int8_gops == pytest.approx(30)
    assert MachineSpeed(SLOW, SLOW, threads=1).with_threads(4) == SLOW


def test_a_quota_bounds_the_threads_and_one_core_is_spared():
    def threads(**cpu):
        hardware = HardwareInfo(CpuInfo("x86_64", 64, **cpu))
        return all_threads(hardware), default_threads(hardware)

    assert threads(physical_cores=4, logical_cpus=8) == (4, 3)
    assert threads(physical_cores=4, usable_cpus=1.5) == (1, 1)
    assert threads(logical_cpus=2, usable_cpus=0.5) == (1, 1)
    assert threads() == (1, 1)
