"""A home with the tiny vision-language model in it, placed by hand.

As a program (`vision_home.py FOLDER`) it makes one for a service in its own process.
"""

import asyncio
from dataclasses import replace
import hashlib
from pathlib import Path
import sys

import vision_pair as pair
import yaml

from edge_runtime.config import Settings
from edge_runtime.runtime import EdgeRuntime

TINY = "tiny-vision"
CONTEXT = 1024


def write_home(folder: Path) -> tuple[Path, Path]:
    """Return a home that holds the pair, and the manifest that names it."""
    home = folder / "home"
    models = home / "models" / TINY
    models.mkdir(parents=True)
    text, projector = pair.write_pair(models)
    manifest = folder / "models.yaml"
    rows = {"schema_version": 1, "models": [_row(text, projector)]}
    manifest.write_text(yaml.safe_dump(rows))
    return home, manifest


def _row(text: Path, projector: Path) -> dict[str, object]:
    return {
        "id": TINY,
        "task": "image-to-text",
        "family": "vision_chat",
        "library": "llama-cpp-python",
        "format": "gguf",
        "quantization": "fp32",
        "tuning": "instruct",
        "license": "CC0-1.0",
        "languages": ["en", "de"],
        "verified": True,
        "quality": {"score": 1, "basis": "estimated"},
        "requires": {
            "arch": ["x86_64", "aarch64"],
            "kv_bytes_per_token": 2 * 2 * pair.TINY.text["layers"] * 32,
            "context_tokens": CONTEXT,
        },
        "files": [_file("weights", text), _file("mmproj", projector)],
        "preprocess": {"max_image_edge_px": 64},
        "generate": {"max_new_tokens": 12},
        "options": {"n_ctx": CONTEXT},
    }


def _file(role: str, path: Path) -> dict[str, object]:
    data = path.read_bytes()
    return {
        "path": path.name,
        "role": role,
        "bytes": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
        "sources": [{"url": f"https://models.invalid/{path.name}"}],
    }


async def _main(folder: Path) -> None:
    home, manifest = write_home(folder)
    (home / "config.yaml").write_text(f"manifest: {manifest}\nthreads: 1\n")
    settings = replace(Settings(home=home, manifest=manifest), offline=True)
    async with EdgeRuntime(settings) as runtime:
        await runtime.store.ensure(runtime.model(TINY))


if __name__ == "__main__":
    asyncio.run(_main(Path(sys.argv[1])))
