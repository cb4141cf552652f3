"""The embedded captioner, as installed, keeps the scores that its card names."""

from pathlib import Path
import re
import subprocess
import sys

import pytest

ROOT = Path(__file__).parents[2]
FLICKR8K = ROOT.parent / "shared" / "data" / "flickr8k"


@pytest.mark.skipif(
    not FLICKR8K.is_dir(), reason="the Flickr8k photos are not beside the checkout"
)
@pytest.mark.timeout(300)
def test_the_scores_on_dev_are_the_ones_of_the_card():
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / "score_captions.py", FLICKR8K],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = {
        name: float(value)
        for name, value in re.findall(r"(\S+) (0\.\d{4})", done.stdout)
    }
    card = (
        ROOT / "edge_runtime" / "bundled" / "tiny_captioner" / "MODEL_CARD.md"
    ).read_text()
    (row,) = re.findall(r"\| ONNX int8 \| beam 3 \|(.*)\|", card)
    named = [float(cell) for cell in row.split("|")[:6]]
    # rounding differs a little between processors
    assert found["CIDEr-D"] == pytest.approx(named[5], abs=0.01)
    assert found["BLEU-4"] == pytest.approx(named[3], abs=0.01)
    assert found["ROUGE-L"] == pytest.approx(named[4], abs=0.01)
    assert found["CIDEr-D"] >= 0.55
