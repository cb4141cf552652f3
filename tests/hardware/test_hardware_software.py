"""Libraries are found without importing them."""

from pathlib import Path
import subprocess
import sys

import pytest

from edge_runtime.hardware.model import CpuInfo, HardwareInfo
from edge_runtime.hardware.software import (
    LIBRARIES,
    VERSION_UNKNOWN,
    SoftwareInfo,
    base_install,
    can_serve,
    inspect_software,
    installed_version,
    is_installed,
    llama_graphics,
)


def test_what_is_installed_here_is_found_with_its_version() -> None:
    info = inspect_software()
    assert set(info.libraries) == set(LIBRARIES)
    assert info.python.split(".")[0] == "3"
    assert info.has("numpy")
    assert (info.version("numpy") or ()) >= (1, 26)


def test_looking_for_libraries_imports_none_of_them() -> None:
    code = (
        "import sys; from edge_runtime.hardware.software import inspect_software; "
        "inspect_software(); print(*sorted(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, text=True
    )
    loaded = set(done.stdout.split())
    assert not {"numpy", "PIL", "onnxruntime", "llama_cpp", "tokenizers"} & loaded


def fake_library(folder: Path, module: str) -> None:
    package = folder / module
    package.mkdir()
    (package / "__init__.py").write_text("raise RuntimeError\n", encoding="utf-8")


def fake_metadata(folder: Path, name: str, version: str) -> None:
    info = folder / f"{name}-{version}.dist-info"
    info.mkdir()
    text = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    (info / "METADATA").write_text(text, encoding="utf-8")


def test_a_library_without_metadata_is_there_with_an_unknown_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    fake_library(tmp_path, "tflite_runtime")
    assert installed_version("tflite-runtime") == VERSION_UNKNOWN
    fake_metadata(tmp_path, "tflite_runtime_nightly", "2.15.0")
    assert installed_version("tflite-runtime") == "2.15.0"
    fake_metadata(tmp_path, "tflite_runtime", "2.14.0")
    assert installed_version("tflite-runtime") == "2.14.0"


def test_a_folder_that_an_uninstall_left_is_no_library(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tflite_runtime").mkdir()
    monkeypatch.syspath_prepend(tmp_path)
    assert not is_installed("tflite-runtime")


@pytest.mark.parametrize(
    ("bits", "libc", "library"),
    [
        (64, "glibc 2.36", "installed"),
        (None, None, "installed"),
        (32, "glibc 2.36", None),
        (64, "musl 1.2", None),
    ],
)
def test_only_what_is_known_of_a_machine_counts_against_its_wheels(
    bits: int | None, libc: str | None, library: str | None
) -> None:
    hardware = HardwareInfo(CpuInfo("x86_64", bits), libc=libc)
    assert base_install(hardware) == {"onnxruntime": library}


def test_libgomp_is_looked_for_where_llama_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    fake_library(tmp_path, "llama_cpp")
    assert inspect_software().has_libgomp in {True, False}


def test_metadata_without_the_module_is_no_library() -> None:
    assert not is_installed("there-is-no-such-library")
    assert not is_installed("there.is.none")
    assert installed_version("there-is-no-such-library") is None


@pytest.mark.parametrize(
    ("version", "numbers"),
    [
        ("2.4.6", (2, 4, 6)),
        ("2.5.0rc1", (2, 5)),
        ("unknown", None),
        ("", None),
        (None, None),
    ],
)
def test_a_version_is_compared_by_its_leading_numbers(
    version: str | None, numbers: tuple[int, ...] | None
) -> None:
    info = SoftwareInfo("3.11.2", {"numpy": version})
    assert info.version("numpy") == numbers
    assert info.has("numpy") is (version is not None)


def test_a_library_that_runs_the_same_files_stands_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not can_serve("ai-edge-litert")
    monkeypatch.syspath_prepend(tmp_path)
    fake_library(tmp_path, "tflite_runtime")
    assert can_serve("ai-edge-litert")
    assert not can_serve("llama-cpp")


def test_graphics_of_llama_cpp_are_known_by_its_files(tmp_path):
    package = tmp_path / "llama_cpp"
    (package / "lib").mkdir(parents=True)
    (tmp_path / "bin").mkdir()
    for name in ("libggml-base.so", "libggml-cpu.so.0", "libggml-cuda.so.0.25.3"):
        (package / "lib" / name).touch()
    (tmp_path / "bin" / "libggml-vulkan.so").touch()
    assert llama_graphics(package) == ("cuda", "vulkan")
