"""Captured machines: found by name or path, and wrong ones named with their line."""

from dataclasses import replace
from pathlib import Path

import pytest

from edge_runtime.errors import HardwareCaptureError
from edge_runtime.hardware import SystemFacts
from edge_runtime.hardware.captures import (
    from_yaml,
    known_machines,
    load_machine,
    to_yaml,
    without_private_data,
)


def test_a_machine_is_loaded_by_its_name_and_by_its_path(tmp_path: Path) -> None:
    facts = load_machine("pi4-2gb")
    path = tmp_path / "mine.yaml"
    path.write_text(to_yaml(facts, "My own\n\nmachine."), encoding="utf-8")
    assert path.read_text(encoding="utf-8").startswith("# My own\n#\n# machine.\n")
    assert load_machine(str(path)) == facts


def test_a_near_miss_is_named_together_with_the_list() -> None:
    with pytest.raises(HardwareCaptureError) as caught:
        load_machine("pi4-4gb")
    message = caught.value.message
    assert "did you mean 'pi4-8gb'" in message or "did you mean 'pi4-2gb'" in message
    assert all(name in message for name in known_machines())
    assert "\n" not in message


def test_a_name_like_no_other_gets_the_list() -> None:
    with pytest.raises(HardwareCaptureError, match="Unknown machine 'zzz'; known: al"):
        load_machine("zzz")


@pytest.mark.parametrize("name", ["../secrets", "/etc/passwd/x.yaml", "./none.yml"])
def test_a_path_that_cannot_be_read_is_named(name: str) -> None:
    with pytest.raises(HardwareCaptureError, match="can't be read"):
        load_machine(name)


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    path = tmp_path / "photo.yaml"
    path.write_bytes(b"\xff\xd8\xff")
    with pytest.raises(HardwareCaptureError, match="not UTF-8 text"):
        load_machine(str(path))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "c: the capture is empty"),
        ("machine: x86_64\n", "c:1: key 'capture_version' is missing"),
        ("capture_version: 2\n", "c:1: capture_version: this version reads"),
        ("capture_version: 1\ncpuinf: x\n", "c:2: unknown key 'cpuinf'; did you mean"),
        ("capture_version: 1\n\ncpuinfo: 5\n", "c:3: cpuinfo: must be a text"),
        ("capture_version: 1\naffinity: two\n", "c:2: affinity: must be a whole"),
        ("capture_version: 1\naffinity: -2\n", "c:2: affinity: must be at least 0"),
        ("capture_version: 1\nmusl_loader: 1\n", "c:2: musl_loader: must be true"),
        ("capture_version: 1\ndevices: /dev/x\n", "c:2: devices: must be a list"),
        ("capture_version: 1\ncgroup_files: [1]\n", "c:2: cgroup_files: must be a map"),
        ("capture_version: 1\ncgroup_files: {a: 1}\n", "c:2: cgroup_files.a: must be"),
        ("capture_version: [\n", "no valid YAML"),
    ],
)
def test_a_wrong_capture_is_named_with_its_line(text: str, problem: str) -> None:
    with pytest.raises(HardwareCaptureError) as caught:
        from_yaml(text, "c")
    assert problem in caught.value.message


def test_the_least_that_a_capture_needs_is_its_version() -> None:
    facts = from_yaml("capture_version: 1\ncpuinfo: ''\nlibc: null\n", "c")
    assert facts == SystemFacts(cpuinfo="")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "one line",
        "one line\n",
        "two\nlines",
        "\nleading\nblank\n",
        "two\nlines\n\n",
        "two\n  indented\n\tlines\n",
        "two\nlines \n",
        "a\x00\nb\x85\u2028c\n",
        "umlaut ä: 'quoted' \"twice\" # no comment\nnext\n",
        "# no\n# comment\n",
        "- no\n- list\n",
    ],
)
def test_any_text_survives_being_written_and_read(text: str) -> None:
    facts = SystemFacts(
        loader_help=text, libc=text, cgroup="0::/\n", cgroup_files={"cpu.max": text}
    )
    assert from_yaml(to_yaml(facts), "c") == facts


def test_a_capture_keeps_what_matters_of_cpuinfo_and_no_serial_number() -> None:
    text = (
        "processor\t: 0\nbogomips\t: 1\nflags\t\t: a b\n\n"
        "processor\t: 1\nflags\t\t: a b\n\nprocessor\t: 2\nflags\t\t: a\n\n"
        "Serial\t\t: 00000000deadbeef\nModel\t\t: Board\n"
    )
    short = without_private_data(SystemFacts(cpuinfo=text))
    assert short.cpuinfo == (
        "processor\t: 0\nflags\t\t: a b\n\nprocessor\t: 1\n\n"
        "processor\t: 2\nflags\t\t: a\n\nModel\t\t: Board\n"
    )
    assert without_private_data(short) == short


def test_a_cpuinfo_of_unknown_lines_is_empty_and_not_missing() -> None:
    facts = SystemFacts(cpuinfo="serial: 5\n", meminfo="Slab: 5 kB\n")
    short = without_private_data(facts)
    assert (short.cpuinfo, short.meminfo) == ("", "")


def test_writing_twice_gives_the_same_file() -> None:
    facts = load_machine("n100-container-v1-1gb")
    text = to_yaml(facts)
    assert to_yaml(from_yaml(text, "c")) == text
    assert to_yaml(replace(facts, affinity=1)) != text
