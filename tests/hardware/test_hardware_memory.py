"""Memory and CPU limits, on the machine and inside containers of both versions."""

from collections.abc import Mapping

import pytest

from edge_runtime.hardware import SystemFacts, interpret
from edge_runtime.hardware.cgroups import (
    V1_NO_LIMIT,
    CgroupLimits,
    files_to_read,
    read_limits,
    without_names,
)
from edge_runtime.hardware.memory import parse_meminfo

MIB = 1024 * 1024
V1 = "4:memory:/docker/abc\n3:cpu,cpuacct:/docker/abc\n1:name=systemd:/docker/abc\n"


@pytest.mark.parametrize(
    ("cgroup", "files", "expected"),
    [
        ("0::/", {"memory.max": "max\n", "cpu.max": "max 100000\n"}, CgroupLimits()),
        ("0::/", {"memory.max": "1000\n"}, CgroupLimits(1000)),
        (
            "0::/",
            {
                "memory.max": "1000\n",
                "memory.current": "700\n",
                "memory.stat": "anon 5\ninactive_file 300\n",
                "cpu.max": "50000 100000\n",
            },
            CgroupLimits(1000, 600, 0.5),
        ),
        ("0::/", {"memory.max": "10\n", "memory.current": "90\n"}, CgroupLimits(10, 0)),
        (
            # The parent is tighter than the group itself.
            "0::/a/b",
            {
                "a/b/memory.max": "max\n",
                "a/memory.max": "500\n",
                "a/memory.current": "100\n",
                "a/b/cpu.max": "300000 100000\n",
                "a/cpu.max": "200000 100000\n",
            },
            CgroupLimits(500, 400, 2.0),
        ),
        (
            "0::/../../elsewhere",
            {"memory.max": "800\n", "memory.current": "100\n"},
            CgroupLimits(800, 700),
        ),
        (
            # The host's path does not exist below a container's own mount.
            V1,
            {
                "memory/memory.limit_in_bytes": "1000\n",
                "memory/memory.usage_in_bytes": "400\n",
                "memory/memory.stat": "inactive_file 1\ntotal_inactive_file 100\n",
                "cpu,cpuacct/cpu.cfs_quota_us": "150000\n",
                "cpu,cpuacct/cpu.cfs_period_us": "100000\n",
            },
            CgroupLimits(1000, 700, 1.5),
        ),
        (
            V1,
            {
                "memory/memory.limit_in_bytes": f"{V1_NO_LIMIT}\n",
                "memory/memory.usage_in_bytes": "400\n",
                "cpu/cpu.cfs_quota_us": "-1\n",
                "cpu/cpu.cfs_period_us": "100000\n",
            },
            CgroupLimits(),
        ),
        (
            # A parent that is out of sight limits the group.
            V1,
            {
                "memory/docker/abc/memory.limit_in_bytes": f"{V1_NO_LIMIT}\n",
                "memory/docker/abc/memory.usage_in_bytes": "400\n",
                "memory/docker/abc/memory.stat": "hierarchical_memory_limit 900\n",
            },
            CgroupLimits(900, 500),
        ),
        (
            # Both versions: version 1 has memory, the unified tree has the rest.
            f"{V1}0::/docker/abc\n",
            {
                "memory/docker/abc/memory.limit_in_bytes": "900\n",
                "memory/docker/abc/memory.usage_in_bytes": "400\n",
                "unified/docker/abc/cpu.max": "100000 100000\n",
            },
            CgroupLimits(900, 500, 1.0),
        ),
        (None, {"memory.max": "70\n"}, CgroupLimits(70)),
        ("0::/a:/b:c", {"a:/b:c/memory.max": "60\n"}, CgroupLimits(60)),
        ("0::/", {"memory.max": "", "cpu.max": "x y\n"}, CgroupLimits()),
        ("no colons here", {"memory.max": "70\n"}, CgroupLimits()),
    ],
)
def test_the_tightest_enclosing_group_counts(
    cgroup: str | None, files: Mapping[str, str], expected: CgroupLimits
) -> None:
    assert set(files) <= set(files_to_read(cgroup)) or cgroup == "no colons here"
    assert read_limits(cgroup, files) == expected


def test_only_limits_are_read_and_each_of_them_once() -> None:
    names = files_to_read("5:cpu,cpuacct:/a\n4:memory:/a\n3:pids:/a\n0::/a\n")
    assert len(names) == len(set(names))
    assert "cpu/a/cpu.cfs_quota_us" in names
    assert "cpu,cpuacct/cpu.cfs_period_us" in names
    assert "unified/a/memory.max" in names
    assert not [name for name in names if "pids" in name]


def test_names_of_containers_do_not_leave_the_machine() -> None:
    files = {
        "memory/docker/secret/memory.limit_in_bytes": "5\n",
        "memory/docker/secret/memory.stat": "cache 1\ntotal_inactive_file 2\n",
        "memory/other/memory.limit_in_bytes": "6\n",
    }
    cgroup = "4:memory:/docker/secret\n2:pids:/docker/secret\n"
    text, kept = without_names(cgroup, files)
    assert text == "4:memory:/group1/group2\n"
    assert kept == {
        "memory/group1/group2/memory.limit_in_bytes": "5\n",
        "memory/group1/group2/memory.stat": "total_inactive_file 2\n",
    }
    assert read_limits(text, kept) == read_limits(cgroup, files)


def test_available_is_the_lower_of_machine_and_container() -> None:
    meminfo = "MemTotal: 4000 kB\nMemAvailable: 300 kB\nSwapTotal: 0 kB\n"
    files = {"memory.max": f"{2 * MIB}\n", "memory.current": "1024\n"}
    facts = SystemFacts(meminfo=meminfo, cgroup="0::/\n", cgroup_files=files)
    memory = interpret(facts).memory
    assert memory.available_bytes == 300 * 1024
    assert memory.limit_bytes == 2 * MIB
    assert memory.usable_bytes == 2 * MIB
    assert memory.swap_total_bytes == 0


def test_an_old_kernel_gets_an_estimate_and_a_note() -> None:
    meminfo = (
        "MemTotal: 1000 kB\nMemFree: 200 kB\nCached: 300 kB\nSReclaimable: 50 kB\n"
        "Shmem: 100 kB\n"
    )
    hardware = interpret(SystemFacts(meminfo=meminfo))
    assert hardware.memory.available_bytes == 450 * 1024
    assert "estimated" in hardware.notes[0]


def test_without_free_or_cached_nothing_is_estimated() -> None:
    hardware = interpret(SystemFacts(meminfo="MemTotal: 9 kB\nMemFree: 5 kB\n"))
    assert hardware.memory.available_bytes is None
    assert hardware.notes == ()


def test_malformed_lines_of_meminfo_are_left_out() -> None:
    text = "MemTotal: many kB\nSwapTotal:\nHugePages_Total: 3\nMemFree: 2 kB\n\n"
    assert parse_meminfo(text) == {"HugePages_Total": 3, "MemFree": 2048}
