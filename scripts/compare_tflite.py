"""Caption photos with the ONNX and the TFLite export, and print what differs.

usage: scripts/compare_tflite.py PHOTOS CAPTIONS ONNX_FOLDER TFLITE_FOLDER

Each export runs in a process of its own with one thread; the seconds are the median.
PHOTOS and CAPTIONS are Flickr8k's dev photos and its captions by file name; the
folders hold an encoder and a decoder (`scripts/export_tflite.py --source` makes the
second of the first).
"""

import argparse
from functools import partial
import json
from pathlib import Path
import subprocess
import sys
from time import process_time
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from edge_runtime.evaluation.metrics import score_captions  # noqa: E402
from edge_runtime.families.base import FamilyConfig  # noqa: E402
from edge_runtime.families.encoder_decoder import (  # noqa: E402
    EncoderDecoderCaptioner,
)
from edge_runtime.imaging import open_photo  # noqa: E402
from edge_runtime.inference.serving import peak_rss_bytes, trim_memory  # noqa: E402
from edge_runtime.manifest import load_manifest  # noqa: E402
from edge_runtime.units import human_bytes  # noqa: E402

WORDS = ROOT / "edge_runtime" / "bundled" / "tiny_captioner" / "vocabulary.txt"
THREADS = 1
WARM_UP = 3


def main() -> None:
    """Run both exports and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photos", type=Path)
    parser.add_argument("captions", type=Path)
    parser.add_argument("folders", type=Path, nargs="+")
    options = parser.parse_args()
    if len(options.folders) == 1:  # a child of our own
        print(json.dumps(run(options.photos, options.folders[0])))
        return
    references = json.loads(options.captions.read_text(encoding="utf-8"))
    found = [in_child(options, folder) for folder in options.folders]
    print("| export | MB | processor s a photo | peak RSS | CIDEr-D | same captions |")
    print("|---|---|---|---|---|---|")
    for folder, told in zip(options.folders, found, strict=True):
        texts, first = told["captions"], found[0]["captions"]
        score = score_captions(list(texts.values()), [references[n] for n in texts])
        same = sum(texts[name] == first[name] for name in texts) / len(texts)
        size = sum(file.stat().st_size for file in graphs(folder).values()) / 1e6
        print(
            f"| {told['library']} {folder.name} | {size:.1f} | {told['seconds']:.4f} "
            f"| {human_bytes(told['peak_rss_bytes'])} | {score.cider_d:.4f} "
            f"| {same:.1%} |"
        )


def in_child(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Return what a process of its own found."""
    command = [sys.executable, __file__, options.photos, options.captions, folder]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603
    return dict(json.loads(done.stdout.splitlines()[-1]))


def graphs(folder: Path) -> dict[str, Path]:
    """Return the encoder and the decoder of a folder."""
    return {part: next(folder.glob(f"{part}.*")) for part in ("encoder", "decoder")}


def session_of(path: Path) -> Any:
    """Return what runs a file, imported where it is used."""
    if path.suffix == ".onnx":
        from edge_runtime.sessions.onnx import OnnxSession  # noqa: PLC0415

        return OnnxSession
    from edge_runtime.sessions.tflite import TfliteSession  # noqa: PLC0415

    return TfliteSession


def run(photos: Path, folder: Path) -> dict[str, Any]:
    """Caption every photo; return the captions, the seconds and the memory."""
    spec = load_manifest().get("tiny-captioner")
    if spec is None:
        raise SystemExit("models.yaml has no tiny-captioner")
    files = {part: str(path) for part, path in graphs(folder).items()}
    session = session_of(graphs(folder)["encoder"])
    captioner = EncoderDecoderCaptioner(
        FamilyConfig(
            files={**files, "vocabulary": str(WORDS)},
            preprocess=spec.preprocess,
            generate=spec.generate,
            open_session=partial(session, threads=THREADS, options={}),
        )
    )
    trim_memory()  # as the worker does after loading
    texts, seconds = {}, []
    for path in sorted(photos.iterdir()):
        image = open_photo(str(path), captioner.target_size, None).image
        started = process_time()
        texts[path.name] = captioner.caption(image, {}).captions[0].text
        seconds.append(process_time() - started)
    return {
        "library": session.__module__.rpartition(".")[2],
        "captions": texts,
        "seconds": sorted(seconds[WARM_UP:])[(len(seconds) - WARM_UP) // 2],
        "peak_rss_bytes": peak_rss_bytes(),
    }


if __name__ == "__main__":
    main()
