"""What the processor of LFM2-VL in transformers makes of photos, by a child process.

It needs torchvision, of which the registry has builds for graphics cards: beside a
PyTorch without them, everything else of transformers could no longer be imported.
"""

from pathlib import Path
import subprocess
import sys

import numpy as np
from PIL import Image
import pytest

PLACE = Path(sys.prefix).parent / "torchvision"
NAMES = ("input_ids", "pixel_values", "pixel_attention_mask", "spatial_shapes")
SIGNATURE = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"


def processed(photos, folder, prompt):
    """Return what `generate()` is given for each photo, by its name."""
    if not PLACE.exists():
        pytest.skip("torchvision is not installed: run scripts/conversion_environment")
    for index, photo in enumerate(photos):
        photo.save(folder / f"{index}.png")
    command = [sys.executable, __file__, str(folder), prompt]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    found = np.load(folder / "processed.npz")
    return [
        {name: found[f"{index}.{name}"] for name in NAMES}
        for index in range(len(photos))
    ]


def main(folder, prompt):
    """Write what the processor makes of a folder's photos beside them."""
    library = open_torchvision()
    from lfm2_vl_words import TEMPLATE  # noqa: PLC0415
    from transformers import (  # noqa: PLC0415
        Lfm2VlImageProcessor,
        Lfm2VlProcessor,
        PreTrainedTokenizerFast,
    )

    tokenizer = PreTrainedTokenizerFast(
        tokenizer_file=str(folder / "tokenizer.json"),
        bos_token="<|startoftext|>",
        eos_token="<|im_end|>",
        pad_token="<|pad|>",
    )
    images = Lfm2VlImageProcessor(do_image_splitting=False)
    reader = Lfm2VlProcessor(images, tokenizer, chat_template=TEMPLATE)
    parts = [{"type": "image"}, {"type": "text", "text": prompt}]
    turns = [{"role": "user", "content": parts}]
    text = reader.apply_chat_template(turns, add_generation_prompt=True)
    found = {}
    for path in folder.glob("*.png"):
        read = reader(images=[Image.open(path)], text=text, return_tensors="np")
        found |= {f"{path.stem}.{name}": read[name] for name in NAMES}
    np.savez(folder / "processed.npz", **found)
    del library


def open_torchvision():
    """Make torchvision importable; its own operators are none that we use."""
    import torch  # noqa: PLC0415

    library = torch.library.Library("torchvision", "FRAGMENT")
    try:
        import torchvision  # noqa: F401, PLC0415
    except RuntimeError:
        for name in ("nms", "qnms"):
            library.define(name + SIGNATURE)
    return library  # what it defines ends with it


if __name__ == "__main__":
    sys.path.append(str(PLACE))
    main(Path(sys.argv[1]), sys.argv[2])
