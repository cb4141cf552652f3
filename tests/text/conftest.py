"""Real models for the text tests; `scripts/text_environment` brings them."""

from importlib.util import find_spec
from pathlib import Path

import pytest

from edge_runtime.config import Settings
from edge_runtime.runtime import EdgeRuntime

HOME = Path(__file__).parents[2] / ".cache" / "text"


def model_home(model_id: str, how: str = "run scripts/text_environment") -> Path:
    """Return the home that holds a model, or skip the test."""
    runtime = EdgeRuntime(Settings(home=HOME, threads=1))
    if not runtime.store.state(runtime.model(model_id)).is_usable:
        pytest.skip(f"{model_id} is not here: {how}")
    return HOME


@pytest.fixture(scope="session")
def ocr_home() -> Path:
    return model_home("pp-ocr-v4-en")


@pytest.fixture(scope="session")
def llm_home() -> Path:
    if find_spec("llama_cpp") is None:
        pytest.skip("llama-cpp-python is not installed: run scripts/text_environment")
    return model_home("smollm2-135m-instruct")


@pytest.fixture(scope="session")
def smollm(llm_home) -> Path:
    """Return the file of a small real language model."""
    runtime = EdgeRuntime(Settings(home=llm_home))
    paths = runtime.store.paths(runtime.model("smollm2-135m-instruct"))
    return Path(paths["weights"])
