from dataclasses import replace

import pytest
from selection_builders import (
    context,
    files,
    m,
    machine,
    one,
    sentences,
    settings,
)

from edge_runtime.const import MB
from edge_runtime.manifest.model import (
    ModelFormat,
    Requirements,
    Tuning,
)
from edge_runtime.preferences import Preference
from edge_runtime.schemas import Task
from edge_runtime.selection.reasons import reasons_against

SSE41 = Requirements(memory_bytes=100 * MB, cpu_features=("sse4_1", "asimddp"))
INTEL_AND_ARM = Requirements(memory_bytes=100 * MB, arch=("x86_64", "aarch64"))
OPUS = {
    "task": Task.TRANSLATION,
    "family": "translation",
    "languages": ("de",),
    "source_languages": ("en",),
}
NOT_QUALITY = settings(Preference.SPEED, seconds=10)


def test_nothing_speaks_against_an_installed_model_that_fits():
    assert sentences(m()) == []


@pytest.mark.parametrize(
    ("spec", "hardware", "circumstances", "expected"),
    [
        pytest.param(
            m(family="florence2"),
            machine(),
            context("m"),
            "family_not_in_this_version| is of the family florence2, not in this "
            "version: a later release may bring it",
            id="family",
        ),
        pytest.param(
            m(),
            machine(arch="armv7l", userland_bits=32),
            context("m"),
            "userland_32_bit| needs a 64-bit system, this one is 32-bit (armv7l): "
            "install the 64-bit edition of the operating system",
            id="32-bit",
        ),
        pytest.param(
            m(requires=INTEL_AND_ARM),
            machine(arch=None, userland_bits=32),
            context("m"),
            "userland_32_bit| needs a 64-bit system, this one is 32-bit (unknown CPU): "
            "install the 64-bit edition of the operating system",
            id="32-bit-unknown",
        ),
        pytest.param(
            m(requires=INTEL_AND_ARM),
            machine(arch="riscv64"),
            context("m"),
            "arch_unsupported| runs on x86_64 and aarch64 only, this machine is "
            "riscv64: pick a model for it",
            id="arch",
        ),
        pytest.param(
            m(requires=SSE41),
            machine(),
            context("m"),
            "cpu_feature_missing| needs sse4_1, which this CPU doesn't offer: pick a "
            "model for older CPUs",
            id="x86-feature",
        ),
        pytest.param(
            m(requires=SSE41),
            machine(virtual_cpu_type="kvm64"),
            context("m"),
            "cpu_feature_missing| needs sse4_1, which this CPU doesn't offer: set the "
            "virtual machine's CPU type to host, not kvm64",
            id="virtual-cpu",
        ),
        pytest.param(
            m(requires=SSE41),
            machine(arch="aarch64"),
            context("m"),
            "cpu_feature_missing| needs asimddp, which this CPU doesn't offer: pick a "
            "model for older CPUs",
            id="arm-feature",
        ),
        pytest.param(
            m(requires=SSE41),
            machine(arch="riscv64"),
            context("m"),
            "cpu_feature_missing| needs sse4_1, asimddp, which this CPU doesn't offer: "
            "pick a model for older CPUs",
            id="foreign-feature",
        ),
        pytest.param(
            m(need_mb=900),
            machine(1000),
            context("m"),
            "memory_too_small| needs 900 MB, 850 MB can be used (85 % of 1.00 GB "
            "available): close other programs or pick a smaller model",
            id="memory",
        ),
        pytest.param(
            m(need_mb=900),
            machine(3000, total_mb=4000, limit_mb=512),
            context("m"),
            "memory_too_small| needs 900 MB, 435 MB can be used (85 % of 512 MB "
            "available): raise the container's limit of 512 MB or pick a smaller model",
            id="container",
        ),
        pytest.param(
            m(need_mb=900),
            machine(None, total_mb=1000),
            context("m"),
            "memory_too_small| needs 900 MB, 850 MB can be used (85 % of 1.00 GB in "
            "all): close other programs or pick a smaller model",
            id="available-unknown",
        ),
        pytest.param(
            m(need_mb=900),
            machine(2000),
            context("m", memory_limit_bytes=300 * MB),
            "memory_too_small| needs 900 MB, memory_limit_mib allows 300 MB: raise "
            "memory_limit_mib or pick a smaller model",
            id="settings-limit",
        ),
        pytest.param(
            m(format=ModelFormat.GGUF, files=files(1200 * MB), need_mb=500),
            machine(1000),
            context("m"),
            "memory_too_small| needs 1.20 GB for its weights, only 1.00 GB are "
            "there: close other programs or pick a smaller model",
            id="mapped-weights",
        ),
        pytest.param(
            m(files=files(None), requires=Requirements()),
            machine(),
            context("m"),
            "memory_unknown| needs an unknown amount of memory, as the size of a file "
            "is unknown: pin it to use it all the same",
            id="need-unknown",
        ),
        pytest.param(
            m(),
            machine(),
            context("m", failed=frozenset({"m"})),
            "self_test_failed| failed its self-test on this machine: pick another "
            "model, or pin it to use it all the same",
            id="self-test",
        ),
        pytest.param(
            m(library="llama-cpp-python"),
            machine(),
            context("m", libraries={"llama-cpp-python": None}),
            "library_missing| needs llama-cpp-python, which is not installed: "
            'pip install "edge-captions[llm]"',
            id="extra",
        ),
        pytest.param(
            m(),
            machine(),
            context("m", libraries={}),
            "library_missing| needs onnxruntime, which is not installed: "
            "install onnxruntime",
            id="library",
        ),
        pytest.param(
            m(),
            replace(machine(), libc="musl 1.2"),
            context("m", libraries={}),
            "library_missing| needs onnxruntime, which is not installed: use a system "
            "or container image with glibc",
            id="musl",
        ),
        pytest.param(
            m(languages=("zh", "ja")),
            machine(),
            context("m", language="de-AT"),
            "language_unsupported| knows zh, ja only, neither de nor English: pick "
            "another model or language",
            id="language",
        ),
        pytest.param(
            m(**OPUS),
            machine(),
            context("m", language="fr"),
            "language_unsupported| translates en to de, not en to fr: pick a model for "
            "that pair",
            id="pair",
        ),
        pytest.param(
            m(**{**OPUS, "languages": ("en",), "source_languages": ("de",)}),
            machine(),
            context("m", language="de"),
            "language_unsupported| translates de to en, not en to de: pick a model for "
            "that pair",
            id="pair-backwards",
        ),
        pytest.param(
            m(**OPUS),
            machine(),
            context("m", language="en_GB"),
            "language_unsupported| has nothing to translate, as captions are English "
            "by themselves: ask for another language",
            id="english",
        ),
        pytest.param(
            m(tuning=Tuning.BASE),
            machine(),
            context("m"),
            "base_checkpoint| is a base checkpoint, never chosen by itself: pin it "
            "(selection: image-to-text: m) to use it",
            id="base",
        ),
        pytest.param(
            m(),
            machine(),
            context("m", settings=NOT_QUALITY, seconds={"m": 12.5}),
            "too_slow| takes 12 s a photo here (measured here); the limit is 10 s: "
            "raise seconds_per_photo, or pin it to use it all the same",
            id="slow",
        ),
        pytest.param(
            m(requires_acceptance=True, license="LicenseRef-Gemma"),
            machine(),
            context("m"),
            "license_not_accepted| wants its licence LicenseRef-Gemma accepted first: "
            "edge-captions download m shows it and asks",
            id="license",
        ),
        pytest.param(
            m(verified=False),
            machine(),
            context("m"),
            "unverified| was never run by the makers, and no self-test has passed on "
            "this machine: edge-captions download m runs it",
            id="unverified",
        ),
        pytest.param(
            m(files=files(277_264_124)),
            machine(),
            context(),
            "not_installed| is not installed (277 MB): edge-captions download m",
            id="not-installed",
        ),
        pytest.param(
            m(files=files(None)),
            machine(),
            context(),
            "not_installed| is not installed (size unknown): edge-captions download m",
            id="size-unknown",
        ),
    ],
)
def test_each_reason_names_numbers_and_cure(spec, hardware, circumstances, expected):
    assert one(spec, hardware, circumstances) == expected


@pytest.mark.parametrize(
    ("spec", "hardware", "circumstances"),
    [
        (m(requires=INTEL_AND_ARM), machine(arch=None), context("m")),
        (m(requires=SSE41), machine(features=None), context("m")),
        (m(requires=SSE41), machine(features=frozenset({"sse4_1"})), context("m")),
        (m(need_mb=9000), machine(None, total_mb=None), context("m")),
        (
            m(requires=Requirements(memory_bytes=MB, arch=("armv7l",))),
            machine(arch="armv7l", userland_bits=32),
            context("m"),
        ),
        (m(languages=("en",)), machine(), context("m", language="de")),
        (m(languages=("de-DE",)), machine(), context("m", language="de_AT")),
        (m(task=Task.OCR, languages=("zh",)), machine(), context("m", language="de")),
        (m(**OPUS), machine(), context("m", language="de-CH")),
        (m(**{**OPUS, "source_languages": ()}), machine(), context("m", language="de")),
        (m(), machine(), context("m", seconds={"m": 9.9})),
        (m(), machine(), context("m", settings=NOT_QUALITY)),
        (m(), machine(), context("m", settings=NOT_QUALITY, seconds={"m": 10.0})),
        (
            m(requires_acceptance=True),
            machine(),
            context("m", accepted_licenses=frozenset({"m"})),
        ),
        (m(verified=False), machine(), context("m", proven=frozenset({"m"}))),
        (m(), machine(disk_gb=0), context("m")),
    ],
)
def test_unknown_or_sufficient_facts_reject_nothing(spec, hardware, circumstances):
    assert sentences(spec, hardware, circumstances) == []


def test_all_reasons_are_told_the_most_decisive_first():
    spec = m(
        family="florence2",
        library="llama-cpp-python",
        need_mb=2000,
        tuning=Tuning.BASE,
        requires_acceptance=True,
        verified=False,
    )
    hardware = machine(1000, disk_gb=0.1, arch="armv7l")

    found = reasons_against(spec, hardware, context(libraries={}))

    assert [reason.code.value for reason in found] == [
        "userland_32_bit",
        "family_not_in_this_version",
        "memory_too_small",
        "library_missing",
        "base_checkpoint",
        "disk_too_small",
        "license_not_accepted",
        "unverified",
        "not_installed",
    ]
