"""What the tests that compare with PyTorch share."""

import os

import pytest

# Nothing may be fetched; set before transformers reads it.
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TRANSFORMERS_VERBOSITY"] = "error"


@pytest.fixture(scope="session")
def pictures():
    """Return twenty seeded smooth pictures, as pixel values."""
    import torch  # noqa: PLC0415

    found = []
    for seed in range(20):
        generator = torch.Generator().manual_seed(seed)
        small = torch.randn(1, 3, 8, 8, generator=generator)
        found.append(torch.nn.functional.interpolate(small, size=64, mode="bilinear"))
    return found
