"""Which of onnxruntime's providers are tried, in which order, and why not others."""

from pathlib import Path

import pytest

from edge_runtime.const import CPU, PROVIDER_NAMES
from edge_runtime.hardware.model import Accelerator
from edge_runtime.hardware.providers import (
    PROVIDERS,
    installed_providers,
    library_of,
    plan_providers,
    why_unused,
)

NVIDIA = Accelerator("nvidia", "/dev/nvidia0", "NVIDIA graphics")
INTEL = Accelerator("dri", "/dev/dri/renderD128", "Intel graphics")
VIDEOCORE = Accelerator("dri", "/dev/dri/renderD128", "VideoCore graphics")


def test_the_settings_know_the_providers_that_the_code_knows() -> None:
    assert tuple(provider.name for provider in PROVIDERS) == PROVIDER_NAMES


def test_what_finds_its_device_is_tried() -> None:
    plans = plan_providers(["openvino", "cuda"], [NVIDIA, INTEL])
    assert [plan.provider.name for plan in plans] == ["cuda", "openvino"]
    assert [plan.left_out for plan in plans] == ["", ""]
    assert plans[1].device == "gpu"


@pytest.mark.parametrize("found", [[], [VIDEOCORE]])
def test_what_finds_no_device_says_how_it_is_used_all_the_same(found) -> None:
    plans = plan_providers(["cuda", "openvino"], found)
    cuda, openvino = (plan.left_out for plan in plans)
    assert cuda.endswith("prefer_providers: [cuda] tries it")
    assert openvino.endswith("prefer_providers: [openvino] uses it on the processor")


def test_settings_prefer_and_forbid() -> None:
    plans = plan_providers(
        ["cuda", "tensorrt", "openvino"],
        [NVIDIA],
        prefer=["openvino"],
        forbid=["cuda"],
    )
    assert [plan.provider.name for plan in plans] == ["openvino", "cuda", "tensorrt"]
    assert plans[0].left_out == ""
    assert plans[1].left_out == "forbidden by forbid_providers"
    assert "slow to begin with" in plans[2].left_out


def test_who_prefers_the_processor_gets_nothing_else() -> None:
    (plan,) = plan_providers(["cuda"], [NVIDIA], prefer=[CPU])
    assert plan.left_out == "prefer_providers names the processor"


def test_providers_are_found_by_their_libraries(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    capi = tmp_path / "onnxruntime" / "capi"
    capi.mkdir(parents=True)
    (tmp_path / "onnxruntime" / "__init__.py").write_text("raise RuntimeError\n")
    (capi / "libonnxruntime_providers_cuda.so").touch()
    monkeypatch.syspath_prepend(tmp_path)
    assert installed_providers() == ("cuda",)
    assert library_of("cuda") == capi / "libonnxruntime_providers_cuda.so"


def test_a_card_that_nothing_uses_says_what_would() -> None:
    assert "onnxruntime-gpu from PyPI" in why_unused(NVIDIA, [])
    assert "onnxruntime-openvino from PyPI" in why_unused(INTEL, ["cuda"])
    assert why_unused(NVIDIA, ["cuda"]) == ""
    assert "no library" in why_unused(VIDEOCORE, ["cuda", "openvino"])
