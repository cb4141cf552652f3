"""What works in 512 MB, 1 GB and 2 GB, held by the kernel, without swap."""

from importlib.util import find_spec
import json
import os
from pathlib import Path
import subprocess
import sys

from memory_group import MIB, memory_group
import pytest
from served import served

pytestmark = pytest.mark.timeout(300)
TEXT_HOME = Path(__file__).parents[2] / ".cache" / "text"


def command(group, home, *arguments: str) -> subprocess.CompletedProcess:
    """Run a command of the program in a group."""
    return subprocess.run(
        [*group.prefix, sys.executable, "-m", "edge_runtime", *arguments],
        env={**os.environ, "EDGE_CAPTIONS_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_512_mb_are_enough_for_a_photo_of_48_megapixels(photo_of_48_mp, tmp_path, show):
    with memory_group(512) as group:
        done = command(group, tmp_path, "caption", "--json", str(photo_of_48_mp))
        show("caption in 512 MB", peak=group.peak_bytes)
        assert (done.returncode, group.kills) == (0, 0), done.stderr
        assert group.peak_bytes <= 512 * MIB
        assert group.swapped_bytes == 0
    result = json.loads(done.stdout)
    assert result["caption"].endswith(".")
    assert result["verdict"] != "unchecked"  # the scorer had room as well


async def test_the_service_lives_in_512_mb(photo_of_48_mp, tmp_path, show):
    with memory_group(512) as group:
        async with served(tmp_path / "home", group.prefix) as service:
            at_rest = group.program_bytes
            answers = [
                await service.caption(photo_of_48_mp, store="true", refresh="true")
                for _ in range(3)
            ]
            stats = await service.get("/api/v1/stats")
        show("service in 512 MB", rest=at_rest, peak=group.peak_bytes)
        assert group.kills == 0
        assert group.swapped_bytes == 0
        assert at_rest < 128 * MIB
    for answer in answers:
        assert (answer["status"], answer["model"]) == (200, "tiny-captioner"), answer
        assert answer["photo_id"]
    assert stats


def test_in_1_gb_a_language_model_joins_caption_and_facts(
    photo_of_48_mp, tmp_path, show
):
    if find_spec("llama_cpp") is None:
        pytest.skip("llama-cpp-python is not installed: run scripts/text_environment")
    if not (TEXT_HOME / "models" / "smollm2-135m-instruct").is_dir():
        pytest.skip("smollm2-135m-instruct is not here: run scripts/text_environment")
    facts = ("--rewrite", "--place", "Lisbon")
    with memory_group(1024) as group:
        done = command(
            group, TEXT_HOME, "caption", "--json", *facts, str(photo_of_48_mp)
        )
        show("caption and SmolLM2 in 1 GB", peak=group.peak_bytes)
        assert (done.returncode, group.kills) == (0, 0), done.stderr
        assert group.swapped_bytes == 0
    result = json.loads(done.stdout)
    assert "Lisbon" in result["caption"]
    assert "smollm2-135m-instruct" in result["text_reason"], result


def test_half_of_512_mb_refuses_a_photo_in_words_or_describes_it(
    photo_of_48_mp, tmp_path, show
):
    """The kernel kills nobody: what would not fit is refused from its header."""
    png = tmp_path / "48-megapixels.png"
    subprocess.run(
        [sys.executable, "-c", _MAKE_PNG, str(photo_of_48_mp), str(png)], check=True
    )
    with memory_group(256) as group:
        done = command(group, tmp_path / "home", "caption", "--json", str(png))
        show("a PNG of 48 MP in 256 MB", peak=group.peak_bytes)
        assert group.kills == 0
    answer = json.loads(done.stdout)
    assert answer["error"]["code"] == "photo_too_large_for_memory"
    assert "Traceback" not in done.stderr


_MAKE_PNG = """
import sys
from PIL import Image
Image.open(sys.argv[1]).save(sys.argv[2], compress_level=1)
"""


@pytest.mark.parametrize(
    ("mebibytes", "fits", "too_large"),
    [
        # published sizes give these tiers of free memory: 0.35, 0.6, 1.1 and 3 GiB
        (512, "tiny-captioner", "florence-2-base-ft"),
        (1024, "smollm2-135m-instruct", "qwen3-vl-2b-instruct"),
        (1024, "smolvlm-256m-instruct", "lfm2.5-vl-1.6b"),
        (2048, "florence-2-base-ft", "qwen3-vl-2b-instruct"),
        (2048, "lfm2.5-vl-450m", "lfm2.5-vl-1.6b"),
    ],
)
def test_the_selection_reckons_with_the_group(
    mebibytes, fits, too_large, tmp_path, show
):
    with memory_group(mebibytes) as group:
        done = command(group, tmp_path, "models", "--explain", "--json")
        show(f"selection in {mebibytes} MB", peak=group.peak_bytes)
    document = json.loads(done.stdout)
    assert document["hardware"]["memory"]["limit_bytes"] == mebibytes * MIB
    lacking = {
        row["model"]
        for task in document["selection"]["tasks"]
        for row in task["rejected"]
        if "memory_too_small" in {reason["code"] for reason in row["reasons"]}
    }
    assert fits not in lacking
    assert too_large in lacking


def test_2_gb_pick_a_larger_captioner_and_none_that_needs_more(tmp_path):
    """Florence-2 is what published sizes name for this much memory."""
    with memory_group(2048) as group:
        done = command(group, tmp_path, "models", "--explain", "--json")
    tasks = json.loads(done.stdout)["selection"]["tasks"]
    (entry,) = (task for task in tasks if task["task"] == "image-to-text")
    assert entry["recommended"]["model"] != "tiny-captioner"
    chosen = [entry["running"], entry["recommended"], *entry["others"]]
    assert "florence-2-base-ft" in {choice["model"] for choice in chosen}
    for choice in chosen:
        assert choice["memory"]["load_peak_bytes"] <= 0.85 * 2048 * MIB
