"""Write the embedded captioner's graphs as TFLite, from the ONNX files that ship.

usage: scripts/export_tflite.py TARGET [--source FOLDER]

TARGET is `models/tiny-captioner-tflite` in the program's home (`edge-captions doctor`
prints it). Needs onnx, ai-edge-litert and flatbuffers; takes a few seconds.
"""

import argparse
from pathlib import Path
import sys

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "scripts")]

from tiny_captioner.tflite_export import TfliteExport  # noqa: E402

SHIPPED = ROOT / "edge_runtime" / "bundled" / "tiny_captioner"
PARTS = ("encoder", "decoder")
VOCABULARY = "vocabulary.txt"


def main() -> None:
    """Write both graphs and the vocabulary."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", type=Path)
    parser.add_argument("--source", type=Path, default=SHIPPED)
    options = parser.parse_args()
    options.target.mkdir(parents=True, exist_ok=True)
    for part in PARTS:
        data = TfliteExport(options.source / f"{part}.onnx").to_bytes()
        write_whole(options.target / f"{part}.tflite", data)
        print(f"{part}.tflite: {len(data):,} bytes")
    write_whole(options.target / VOCABULARY, (SHIPPED / VOCABULARY).read_bytes())


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that it is either whole or not there."""
    temporary = path.with_suffix(".tmp")
    temporary.write_bytes(data)
    temporary.replace(path)


if __name__ == "__main__":
    main()
