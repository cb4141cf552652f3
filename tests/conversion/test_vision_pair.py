"""llama.cpp with our settings says of pictures what transformers says."""

from pathlib import Path
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


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """Return twenty seeded smooth pictures in the model's own size, as files."""
    folder = tmp_path_factory.mktemp("photos")
    paths = []
    for seed in range(PICTURES):
        small = np.random.default_rng(seed).integers(0, 256, (8, 8, 3), np.uint8)
        large = Image.fromarray(small).resize((pair.EDGE, pair.EDGE))
        paths.append(folder / f"{seed}.png")
        large.save(paths[-1])
    return paths


@pytest.fixture(scope="module")
def reference():
    """Return the same weights in transformers."""
    vision, text = pair.VISION, pair.TEXT
    config = transformers.SmolVLMConfig(
        vision_config={
            "hidden_size": vision["width"],
            "intermediate_size": vision["feed"],
            "num_hidden_layers": vision["layers"],
            "num_attention_heads": vision["heads"],
            "image_size": pair.EDGE,
            "patch_size": pair.PATCH,
            "layer_norm_eps": pair.EPS["vision"],
        },
        text_config={
            "model_type": "llama",
            "hidden_size": text["width"],
            "intermediate_size": text["feed"],
            "num_hidden_layers": text["layers"],
            "num_attention_heads": text["heads"],
            "num_key_value_heads": text["kv_heads"],
            "vocab_size": len(pair.TOKENS),
            "rms_norm_eps": pair.EPS["text"],
            "rope_theta": pair.ROPE,
        },
        image_token_id=pair.TOKENS.index("<image>"),
        scale_factor=pair.MERGE,
        tie_word_embeddings=False,
        pad_token_id=0,
    )
    model = transformers.SmolVLMForConditionalGeneration(config).eval()
    weights = {k: torch.from_numpy(v) for k, v in pair.random_weights().items()}
    model.load_state_dict(weights, strict=True)
    return model


def prompt_ids():
    """Return the prompt of one whole picture, as its processor writes it."""
    mark = pair.TOKENS.index
    around = mark("<fake_token_around_image>")
    return [
        mark("<|im_start|>"),
        *b"User:",
        *(around, mark("<global-img>")),
        *[mark("<image>")] * pair.IMAGE_TOKENS,
        around,
        *PROMPT.encode(),
        mark("<end_of_utterance>"),
        *b"\nAssistant:",
    ]


def said_by(model, path):
    """Return the likeliest tokens, their log-probabilities and the least margin."""
    pixels = np.asarray(Image.open(path), np.float32) / 127.5 - 1
    ids = torch.tensor([prompt_ids()])
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


@pytest.fixture
async def runner(tmp_path, python):
    text, projector = pair.write_pair(tmp_path)
    request = LoadRequest(
        "tiny",
        "vision_chat",
        "llama-cpp-python",
        {"weights": str(text), "mmproj": str(projector)},
        1,
        preprocess={"max_image_edge_px": pair.EDGE},
        generate={"max_new_tokens": TOKENS, "prompt": PROMPT},
        options={"n_ctx": 128, "cache": "f32"},
    )
    launch = WorkerLaunch((str(python), "-P", "-m", "edge_runtime.inference.worker"))
    runner = ModelRunner(request, launch)
    yield runner
    await runner.stop()


async def test_tokens_and_probabilities_are_those_of_transformers(
    runner, reference, photos
):
    texts, margins = set(), []
    for path in photos:
        tokens, logprobs, margin = said_by(reference, path)
        ours = (await runner.caption(CaptionJob(path=str(path)))).captions[0]
        assert list(ours.text.encode()) == tokens
        assert ours.token_logprobs == pytest.approx(logprobs, abs=0.1)
        texts.add(ours.text)
        margins.append(margin)
    assert len(texts) >= 15  # the photo matters
    assert min(margins) > 1e-2
