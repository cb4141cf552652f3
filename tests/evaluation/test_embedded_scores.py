"""The embedded captioner, as installed, keeps the scores that its card names."""

import json
from pathlib import Path
import re
import subprocess

from evaluations import command
import pytest
from unmeasured import unmeasured

CARD = (
    Path(__file__).parents[2]
    / "edge_runtime"
    / "bundled"
    / "tiny_captioner"
    / "MODEL_CARD.md"
)


@pytest.mark.timeout(300)
def test_the_scores_on_dev_are_the_ones_of_the_card(flickr8k, home, tmp_path):
    found = tmp_path / "found.json"
    arguments = (flickr8k, "--split", "dev", "--model", "tiny-captioner")
    done = subprocess.run(
        command(*arguments, "--home", home, "--json", found),
        capture_output=True,
        text=True,
        check=False,
        env=unmeasured(),
    )
    assert done.returncode == 0, done.stderr
    document = json.loads(found.read_text())
    scores = document["models"][0]["raw_caption"]
    assert document["dataset"]["photos"] == 1000
    (row,) = re.findall(r"\| ONNX int8 \| beam 4 \|(.*)\|", CARD.read_text())
    named = [float(cell) for cell in row.split("|")[:6]]
    # rounding differs a little between processors
    assert scores["cider_d"] == pytest.approx(named[5], abs=0.01)
    assert scores["bleu4"] == pytest.approx(named[3], abs=0.01)
    assert scores["rouge_l"] == pytest.approx(named[4], abs=0.01)
    assert scores["cider_d"] >= 0.6
    # a board with 512 MB keeps room for all else
    assert document["models"][0]["worker_peak_bytes"] <= 120_000_000
