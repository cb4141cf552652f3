"""The processor: what it is called, what it can do, how much of it is ours."""

from typing import TYPE_CHECKING, Final

from .arm_cores import core_name, implementer_name
from .cgroups import read_limits
from .libc_features import KNOWN_FLAGS
from .model import CpuInfo
from .x86_levels import cut_to_level, level_of_features, level_of_loader

if TYPE_CHECKING:
    from .facts import SystemFacts

_Blocks = list[dict[str, str]]

_ELF_ARCHES: Final = {3: "i686", 62: "x86_64", 183: "aarch64", 243: "riscv64"}
_ELF_ARM: Final = 40
_64_BIT: Final = 64
_32_BIT: Final = 32

_VIRTUAL_MODELS: Final = {
    "Common KVM processor": "kvm64",
    "Common 32-bit KVM processor": "kvm32",
}
_QEMU_MODEL: Final = "QEMU Virtual CPU version"
_VIRTUAL_MACHINES: Final = (
    "qemu", "kvm", "vmware", "virtualbox", "innotek", "xen", "bochs", "parallels",
    "virtual machine",
)  # fmt: skip


def describe_cpu(facts: "SystemFacts") -> tuple[CpuInfo, tuple[str, ...]]:
    """Return the processor, and a sentence for each contradiction between sources."""
    blocks = parse_cpuinfo(facts.cpuinfo)
    arch = _arch(facts)
    claimed = _features(blocks)
    x86 = arch == "x86_64"
    claimed_level = level_of_features(claimed) if x86 else None
    level = _lower_level(facts, claimed_level) if x86 else None
    features = _usable_features(facts, claimed, claimed_level, level)
    logical = _logical_cpus(blocks)
    cpu = CpuInfo(
        arch=arch,
        userland_bits=facts.userland_bits,
        model_name=_model_name(blocks),
        vendor=_vendor(blocks),
        features=features,
        x86_level=level,
        claimed_x86_level=claimed_level,
        logical_cpus=logical,
        physical_cores=_physical_cores(blocks),
        usable_cpus=_usable_cpus(facts, logical),
        hypervisor=_hypervisor(facts, claimed if x86 else None),
        virtual_cpu_type=_virtual_type(_model_name(blocks), level, features),
    )
    return cpu, _notes(facts, cpu)


def parse_cpuinfo(text: str | None) -> _Blocks:
    """Return the key and value pairs of /proc/cpuinfo, one mapping per processor.

    The lines that describe the whole machine (ARM boards) come as a mapping
    without the key `processor`.
    """
    blocks: _Blocks = []
    current: dict[str, str] = {}
    for line in (text or "").splitlines():
        name, colon, value = line.partition(":")
        key = name.strip()
        # 32-bit ARM kernels put `Processor` over all of them; it is no number.
        starts = key == "processor" or not line.strip()
        if starts and current:
            blocks.append(current)
            current = {}
        if colon and key:
            current[key] = value.strip()
    return [*blocks, current] if current else blocks


def _processors(blocks: _Blocks) -> _Blocks:
    return [block for block in blocks if block.get("processor", "").isdigit()]


def _first(blocks: _Blocks, key: str) -> str | None:
    return next((block[key] for block in blocks if block.get(key)), None)


def _arch(facts: "SystemFacts") -> str | None:
    machine = facts.machine
    if facts.elf_machine == _ELF_ARM:
        return machine if (machine or "").startswith("armv") else "armv7l"
    return _ELF_ARCHES.get(facts.elf_machine or 0, machine)


def _features(blocks: _Blocks) -> frozenset[str] | None:
    """Return what every core can do: big and little cores may differ."""
    lists = [
        frozenset(text.split())
        for block in blocks
        if (text := block.get("flags") or block.get("Features"))
    ]
    return frozenset.intersection(*lists) if lists else None


def _lower_level(facts: "SystemFacts", claimed: int | None) -> int | None:
    libc = None
    if facts.libc_flags is not None:
        libc = level_of_features(frozenset(facts.libc_flags.split()))
    levels = [claimed, libc, level_of_loader(facts.loader_help)]
    return min((level for level in levels if level is not None), default=None)


def _usable_features(
    facts: "SystemFacts",
    claimed: frozenset[str] | None,
    claimed_level: int | None,
    level: int | None,
) -> frozenset[str] | None:
    if claimed is None or level is None or claimed_level is None:
        return claimed
    if facts.libc_flags is not None:
        return claimed - (KNOWN_FLAGS - frozenset(facts.libc_flags.split()))
    return cut_to_level(claimed, level) if level < claimed_level else claimed


def _logical_cpus(blocks: _Blocks) -> int | None:
    return len(_processors(blocks)) or None


def _physical_cores(blocks: _Blocks) -> int | None:
    processors = _processors(blocks)
    cores = {
        (block["physical id"], block["core id"])
        for block in processors
        if "physical id" in block and "core id" in block
    }
    # ARM kernels name no cores: there each processor is one.
    return len(cores) or len(processors) or None


def _usable_cpus(facts: "SystemFacts", logical: int | None) -> float | None:
    quota = read_limits(facts.cgroup, facts.cgroup_files).cpus
    known = [float(n) for n in (facts.affinity, logical, quota) if n is not None]
    return min(known) if known else None


def _model_name(blocks: _Blocks) -> str | None:
    """Return the name of the processor, or the cores' names on ARM."""
    cores: dict[str, None] = {}
    for block in _processors(blocks):
        implementer, part = block.get("CPU implementer"), block.get("CPU part")
        if implementer and part and (name := core_name(implementer, part)):
            cores[name] = None
    if cores:
        return " + ".join(cores)
    name = _first(blocks, "model name") or _first(blocks, "Processor")
    return " ".join(name.split()) if name else None


def _vendor(blocks: _Blocks) -> str | None:
    implementer = _first(blocks, "CPU implementer")
    if implementer:
        return implementer_name(implementer)
    return _first(blocks, "vendor_id")


def _hypervisor(facts: "SystemFacts", x86: frozenset[str] | None) -> bool | None:
    if x86 is not None:
        return "hypervisor" in x86
    if facts.hypervisor_type:
        return True
    texts = (facts.dmi_vendor, facts.dmi_product, facts.device_tree_model)
    known = " ".join(text.lower() for text in texts if text)
    if not known:
        return None
    return "dummy-virt" in known or any(name in known for name in _VIRTUAL_MACHINES)


def _virtual_type(
    model: str | None, level: int | None, features: frozenset[str] | None
) -> str | None:
    if model is None:
        return None
    if model.startswith(_QEMU_MODEL):
        # Proxmox's x86-64-v2-AES and later types carry qemu64's name as well.
        if level is None or level == 1:
            return "qemu64" if "lm" in (features or ()) else "qemu32"
        return f"x86-64-v{level}" + ("-AES" if "aes" in (features or ()) else "")
    return _VIRTUAL_MODELS.get(model)


def _notes(facts: "SystemFacts", cpu: CpuInfo) -> tuple[str, ...]:
    notes = []
    level, claimed = cpu.x86_level, cpu.claimed_x86_level
    if level is not None and claimed is not None and level < claimed:
        notes.append(
            f"/proc/cpuinfo shows an x86-64-v{claimed} processor, but programs here "
            f"may only use x86-64-v{level}: the lower one counts."
        )
    if facts.userland_bits == _32_BIT and facts.machine in {"aarch64", "x86_64"}:
        notes.append(
            f"The kernel is 64-bit ({facts.machine}) and the programs are 32-bit "
            f"({cpu.arch}): the programs count."
        )
    return tuple(notes)
