"""llama.cpp with our settings says of pictures what transformers says."""

from pathlib import Path
import shutil
import subprocess

import numpy as np
from PIL import Image
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
transformers = pytest.importorskip("transformers", reason="transformers is missing")
pytest.importorskip("gguf", reason="gguf is not installed")

import vision_pair as pair  # noqa: E402

from edge_runtime.inference.child import WorkerLaunch  # noqa: E402
from edge_runtime.inference.messages import CaptionJob, LoadRequest  # noqa: E402
from edge_runtime.inference.runner import ModelRunner  # noqa: E402

pytestmark = pytest.mark.timeout(300)
TOKENS, PICTURES = 20, 20
PROMPT = "What is it?"
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def python():
    """Return the Python that has llama.cpp: PyTorch has an environment of its own."""
    python = ROOT / ".venv" / "bin" / "python"
    probe = [str(python), "-c", "import llama_cpp"]
    if not python.exists() or subprocess.run(probe, check=False).returncode:
        pytest.skip("llama-cpp-python is not installed: run scripts/text_environment")
    return python


def write_photos(folder, sizes, count):
    """Write seeded smooth pictures in the model's own size."""
    paths = []
    for seed in range(count):
        small = np.random.default_rng(seed).integers(0, 256, (8, 8, 3), np.uint8)
        large = Image.fromarray(small).resize((sizes.edge, sizes.edge))
        paths.append(folder / f"{seed}.png")
        large.save(paths[-1])
    return paths


def reference(weights, sizes):
    """Return the same weights in transformers."""
    vision, text, tokens = sizes.vision, sizes.text, sizes.tokens
    config = transformers.SmolVLMConfig(
        vision_config={
            "hidden_size": vision["width"],
            "intermediate_size": vision["feed"],
            "num_hidden_layers": vision["layers"],
            "num_attention_heads": vision["heads"],
            "image_size": sizes.edge,
            "patch_size": sizes.patch,
            "layer_norm_eps": pair.EPS["vision"],
        },
        text_config={
            "model_type": "llama",
            "hidden_size": text["width"],
            "intermediate_size": text["feed"],
            "num_hidden_layers": text["layers"],
            "num_attention_heads": text["heads"],
            "num_key_value_heads": text["kv_heads"],
            "vocab_size": len(tokens),
            "max_position_embeddings": sizes.context,
            "rms_norm_eps": pair.EPS["text"],
            "rope_theta": sizes.rope,
        },
        image_token_id=tokens.index("<image>"),
        scale_factor=sizes.merge,
        tie_word_embeddings=False,
        pad_token_id=0,
    )
    model = transformers.SmolVLMForConditionalGeneration(config).eval()
    arrays = {name: torch.from_numpy(array) for name, array in weights.items()}
    model.load_state_dict(arrays, strict=True)
    return model


def prompt_ids(sizes):
    """Return the prompt of one whole picture, as its processor writes it."""
    mark = pair.TOKENS.index
    around = mark("<fake_token_around_image>")
    return [
        mark("<|im_start|>"),
        *b"User:",
        *(around, mark("<global-img>")),
        *[mark("<image>")] * sizes.image_tokens,
        around,
        *PROMPT.encode(),
        mark("<end_of_utterance>"),
        *b"\nAssistant:",
    ]


def said_by(model, sizes, path):
    """Return the likeliest tokens, their log-probabilities and the least margin."""
    pixels = np.asarray(Image.open(path), np.float32) / 127.5 - 1
    ids = torch.tensor([prompt_ids(sizes)])
    with torch.no_grad():
        found = model.generate(
            input_ids=ids,
            attention_mask=torch.ones_like(ids),
            pixel_values=torch.from_numpy(pixels).permute(2, 0, 1)[None, None],
            max_new_tokens=TOKENS,
            do_sample=False,
            output_logits=True,
            return_dict_in_generate=True,
        )
    logits = torch.stack(found.logits)[:, 0]
    best = logits.topk(2).values
    logprobs = logits.log_softmax(-1).max(-1).values
    return (
        found.sequences[0, ids.shape[1] :].tolist(),
        logprobs.tolist(),
        float((best[:, 0] - best[:, 1]).min()),
    )


def tokens_of(text, sizes):
    """Return the tokens of a text: its words, or its bytes where there are no words."""
    if sizes.words:
        return [len(pair.TOKENS) + int(word[1:]) for word in text.split()]
    return list(text.encode())


async def compare(folder, python, sizes, pictures):
    """Hold our answers against those of transformers; return how many differ."""
    weights = pair.random_weights(sizes)
    text, projector = pair.write_pair(folder, weights, sizes)
    model = reference(weights, sizes)
    request = LoadRequest(
        "random",
        "vision_chat",
        "llama-cpp-python",
        {"weights": str(text), "mmproj": str(projector)},
        1,
        preprocess={"max_image_edge_px": sizes.edge},
        generate={"max_new_tokens": TOKENS, "prompt": PROMPT},
        options={"n_ctx": 128, "cache": "f32"},
    )
    launch = WorkerLaunch((str(python), "-P", "-m", "edge_runtime.inference.worker"))
    runner = ModelRunner(request, launch)
    texts = set()
    try:
        for path in write_photos(folder, sizes, pictures):
            tokens, logprobs, margin = said_by(model, sizes, path)
            ours = (await runner.caption(CaptionJob(path=str(path)))).captions[0]
            assert tokens_of(ours.text, sizes) == tokens
            assert ours.token_logprobs == pytest.approx(logprobs, abs=0.1)
            assert margin > 1e-2
            texts.add(ours.text)
    finally:
        await runner.stop()
    return len(texts)


async def test_tokens_and_probabilities_are_those_of_transformers(tmp_path, python):
    assert await compare(tmp_path, python, pair.TINY, PICTURES) >= 15


@pytest.mark.slow
@pytest.mark.timeout(3600)
async def test_a_pair_of_smolvlm_256m_s_sizes_says_what_transformers_says(
    tmp_path, python
):
    # 42 s of processor time and 2.5 GB beside the worker
    assert await compare(tmp_path, python, pair.SMOLVLM_256M, 5) == 5
    shutil.rmtree(tmp_path)  # 1 GB
