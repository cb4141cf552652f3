"""How many threads a model gets on a machine."""

from .model import HardwareInfo


def all_threads(hardware: HardwareInfo) -> int:
    """Return how many threads can compute at once; a container's quota counts."""
    cpu = hardware.cpu
    cores = cpu.physical_cores or cpu.logical_cpus or 1
    if cpu.usable_cpus is not None:
        cores = min(cores, max(int(cpu.usable_cpus), 1))
    return max(cores, 1)


def default_threads(hardware: HardwareInfo) -> int:
    """Return the threads of a model: all physical cores but one, at least one.

    The spared core is for whatever else the machine is for.
    """
    return max(all_threads(hardware) - 1, 1)
