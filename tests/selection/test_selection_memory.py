import pytest
from selection_builders import files, machine, model

from edge_runtime.const import MB
from edge_runtime.hardware.model import MemoryInfo
from edge_runtime.manifest.model import ModelFormat, Requirements
from edge_runtime.selection import MemoryNeed, fits, memory_need
from edge_runtime.selection.memory import memory_ceiling, usable_memory

MIB = 1024 * 1024


def test_the_need_of_an_onnx_model_follows_the_formula():
    florence = model(
        files=files(93_746_540, 39_390_433, 43_651_493, 98_177_697, 2_297_961),
        requires=Requirements(encoder_peak_bytes=100_000_000),
    )

    need = memory_need(florence)

    assert need == MemoryNeed(
        steady_bytes=458_236_195,
        load_peak_bytes=546_596_123,
        terms=(
            ("process", 67_108_864),
            ("weights", 291_127_331),  # 277,264,124 * 1.05
            ("encoder peak", 100_000_000),
            ("loading", 88_359_928),  # 0.9 * 98,177,697
        ),
    )


def test_the_need_of_a_gguf_model_follows_the_formula():
    smolvlm = model(
        library="llama-cpp-python",
        format=ModelFormat.GGUF,
        files=files(175_054_528, 103_769_856, suffix="gguf"),
        requires=Requirements(
            kv_bytes_per_token=23_040,
            context_tokens=1024,
            compute_buffer_bytes=50_000_000,
        ),
    )

    need = memory_need(smolvlm)

    assert need == MemoryNeed(
        steady_bytes=423_720_512,
        load_peak_bytes=423_720_512,
        terms=(
            ("process", 50_331_648),
            ("pictures", 20_971_520),
            ("weights", 278_824_384),
            ("key-value cache", 23_592_960),
            ("compute buffer", 50_000_000),
        ),
        mapped_bytes=278_824_384,
    )


def test_a_tflite_model_is_not_held_twice_while_it_loads():
    lite = model(
        library="ai-edge-litert",
        format=ModelFormat.TFLITE,
        files=files(40_000_000, suffix="tflite"),
        requires=Requirements(),
    )

    need = memory_need(lite)

    assert need is not None
    assert need.load_peak_bytes == need.steady_bytes == 64 * MIB + 42_000_000


def test_the_terms_add_up_to_the_peak():
    need = memory_need(model(requires=Requirements(encoder_peak_bytes=7)))

    assert need is not None
    assert sum(size for _, size in need.terms) == need.load_peak_bytes
    assert "key-value cache" not in dict(need.terms)


@pytest.mark.parametrize("sizes", [(100 * MB,), (100 * MB, None)])
def test_a_measured_need_wins_over_the_formula(sizes):
    measured = model(files=files(*sizes), requires=Requirements(memory_bytes=300 * MB))

    need = memory_need(measured)

    assert need == MemoryNeed(300 * MB, 300 * MB, (("measured", 300 * MB),))


def test_a_file_of_unknown_size_makes_the_need_unknown():
    unknown = model(files=files(100 * MB, None), requires=Requirements())

    assert memory_need(unknown) is None


def test_a_model_without_files_needs_the_process_alone():
    need = memory_need(model(files=(), requires=Requirements()))

    assert need is not None
    assert need.terms == (("process", 64 * MIB),)


@pytest.mark.parametrize(
    ("peak_mb", "mapped_mb", "available_mb", "expected"),
    [
        (850, 0, 1000, True),
        (851, 0, 1000, False),
        (300, 1000, 1000, True),
        (300, 1001, 1000, False),
    ],
)
def test_a_model_may_fill_85_percent_and_its_weights_must_fit_whole(
    peak_mb, mapped_mb, available_mb, expected
):
    need = MemoryNeed(peak_mb * MB, peak_mb * MB, (), mapped_mb * MB)

    assert fits(need, machine(available_mb).memory) is expected


@pytest.mark.parametrize(
    ("memory", "ceiling"),
    [
        (MemoryInfo(4000, None, 3000), 3000),
        (MemoryInfo(4000, 500, 3000), 500),  # what is available outside doesn't count
        (MemoryInfo(4000, None, None), 4000),
        (MemoryInfo(None, None, 3000), 3000),
        (MemoryInfo(), None),
    ],
)
def test_the_lowest_known_bound_counts(memory, ceiling):
    assert memory_ceiling(memory) == ceiling


def test_unknown_memory_rejects_nothing():
    assert fits(MemoryNeed(10**12, 10**12, (), 10**12), MemoryInfo())


def test_the_limit_of_the_settings_bounds_even_unknown_memory():
    need = MemoryNeed(200 * MB, 200 * MB, ())

    assert usable_memory(MemoryInfo(), 150 * MB) == 150 * MB
    assert not fits(need, MemoryInfo(), 150 * MB)
    assert not fits(need, machine(1000).memory, 150 * MB)
    assert fits(need, machine(1000).memory, 250 * MB)
    assert not fits(need, machine(200).memory, 250 * MB)
