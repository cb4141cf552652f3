"""A tiny vision-language model that is installed answers where captioners can't."""

import base64
from dataclasses import replace
from importlib.util import find_spec
import json

import pytest

if find_spec("llama_cpp") is None:
    pytest.skip(
        "llama-cpp-python is not installed: run scripts/text_environment",
        allow_module_level=True,
    )

from vision_home import TINY, write_home
from vision_service import http, service

from edge_runtime.config import Settings
from edge_runtime.errors import ModelUnusableError
from edge_runtime.inference.messages import CaptionJob
from edge_runtime.runtime import EdgeRuntime
from edge_runtime.schemas import Verdict
from edge_runtime.selection import memory_need
from edge_runtime.selftest import SAMPLES
from edge_runtime.service import CaptionOptions, Question

__all__ = ["http", "service"]
pytestmark = pytest.mark.timeout(120)
DOGS = SAMPLES / "dogs-on-grass.jpg"
GATE = "Is the gate open?"


@pytest.fixture
def settings(tmp_path) -> Settings:
    """Return a home with the tiny pair in it, placed by hand."""
    home, manifest = write_home(tmp_path)
    settings = Settings(home=home, threads=1, manifest=manifest)
    return replace(settings, offline=True, announce=False, allowed_folders=(SAMPLES,))


def asked(question="", **options) -> Question:
    return Question(CaptionOptions(model=TINY, question=question, **options), path=DOGS)


async def test_it_describes_in_the_languages_of_its_row(service):
    english = await service.captions.ask(asked(verify=False))
    german = await service.captions.ask(asked(language="de"))
    assert (english.language, german.language) == ("en", "de")
    assert english.caption != german.caption  # its prompt asks for German
    assert german.verdict is Verdict.UNCHECKED
    assert not any("translate" in note for note in german.notes)


async def test_the_memory_formula_holds_for_the_pair(settings):
    async with EdgeRuntime(settings) as runtime:
        spec = runtime.model(TINY)
        await runtime.store.ensure(spec)
        answer = await runtime.runner(spec).caption(CaptionJob(path=str(DOGS)))
    need = memory_need(spec)
    assert answer.peak_rss_bytes == pytest.approx(need.load_peak_bytes, rel=0.15)


async def test_a_question_is_answered_and_not_kept_as_a_caption(service):
    schema = {"enum": ["yes", "no"]}
    answer = await service.captions.ask(asked(GATE, schema=schema))
    assert json.loads(answer.caption) in {"yes", "no"}
    assert answer.verdict is Verdict.UNCHECKED
    assert any("not checked" in note for note in answer.notes)
    plain = await service.captions.ask(asked())
    assert plain.caption != answer.caption
    options = replace(asked(GATE).options, model="tiny-captioner")
    with pytest.raises(ModelUnusableError, match="answers no questions"):
        await service.captions.ask(Question(options, path=DOGS))


async def test_clients_of_openai_and_ollama_get_answers(http):
    picture = base64.b64encode(DOGS.read_bytes()).decode()
    schema = {
        "type": "object",
        "properties": {"gate_open": {"type": "boolean"}},
        "required": ["gate_open"],
    }
    content = [
        {"type": "text", "text": GATE},
        {
            "type": "image_url",
            "image_url": {"url": f"data:image/jpeg;base64,{picture}"},
        },
    ]
    shape = {"type": "json_schema", "json_schema": {"name": "gate", "schema": schema}}
    body = {
        "model": "edge-captions",
        "messages": [{"role": "user", "content": content}],
        "response_format": shape,
    }
    found = await (await http.post("/v1/chat/completions", json=body)).json()
    assert found["model"] == TINY
    said = json.loads(found["choices"][0]["message"]["content"])
    assert said["gate_open"] in {True, False}

    body = {"model": TINY, "prompt": GATE, "images": [picture], "stream": False}
    found = await (await http.post("/api/generate", json=body)).json()
    assert found["response"]
    found = await http.post("/api/generate", json=body | {"model": "tiny-captioner"})
    assert found.status == 400
    assert TINY in await found.text()


async def test_a_description_still_comes_from_the_best_captioner(http):
    picture = base64.b64encode(DOGS.read_bytes()).decode()
    body = {"model": "edge-captions", "prompt": "Describe this image.", "stream": False}
    found = await http.post("/api/generate", json=body | {"images": [picture]})
    assert "dog" in (await found.json())["response"]
