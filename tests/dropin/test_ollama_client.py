"""Ollama's own Python package against the real service, and its forms of the past."""

import base64
from contextlib import asynccontextmanager
import json

import pytest

ollama = pytest.importorskip("ollama", reason="the ollama package is not installed")


@asynccontextmanager
async def connected(server, **options):
    client = ollama.AsyncClient(host=str(server.make_url("")), **options)
    try:
        yield client
    finally:
        await client.close()


@pytest.fixture
async def client(server):
    async with connected(server) as client:
        yield client


def message(text: str, *photos: bytes) -> list[dict]:
    return [{"role": "user", "content": text, "images": list(photos)}]


async def test_it_lists_and_shows_the_captioners(client):
    models = (await client.list()).models
    assert [m.model for m in models][:2] == [
        "edge-captions:latest",
        "tiny-captioner:latest",
    ]
    assert models[1].size > 1_000_000
    shown = await client.show("tiny-captioner")
    assert shown.capabilities == ["completion", "vision"]
    assert shown.modelinfo["general.architecture"] == "encoder_decoder"
    assert (await client.pull("tiny-captioner")).status == "success"


async def test_generate_describes_a_photo(client, photo):
    answer = await client.generate(
        "tiny-captioner:latest",
        "Describe this image.",
        images=[photo],
        options={"temperature": 0.5, "repeat_penalty": 1.05, "num_ctx": 4096},
        keep_alive="5m",
    )
    assert "dog" in answer.response
    assert answer.done
    assert answer.done_reason == "stop"
    assert answer.model == "tiny-captioner:latest"
    assert answer.eval_count == len(answer.response.split())


async def test_chat_streams_the_same_words(client, photo):
    whole = await client.chat("edge-captions", message("Describe it.", photo))
    pieces, last = [], None
    async for part in await client.chat(
        "edge-captions", message("Describe it.", photo), stream=True, think=False
    ):
        pieces.append(part.message.content)
        last = part
    assert "".join(pieces) == whole.message.content
    assert len(pieces) > 3
    assert (last.done, last.done_reason) == (True, "stop")


async def test_num_predict_cuts_the_answer(client, photo):
    answer = await client.generate(
        "edge-captions", "Describe.", images=[photo], options={"num_predict": 2}
    )
    assert len(answer.response.split()) == 2
    assert answer.done_reason == "length"


async def test_format_gives_json_and_fills_a_schema(client, photo):
    plain = await client.generate(
        "edge-captions", "Describe it.", images=[photo], format="json"
    )
    assert set(json.loads(plain.response)) == {"description"}
    schema = {
        "type": "object",
        "properties": {"scene": {"type": "string"}, "title": {"type": "string"}},
        "required": ["scene"],
    }
    filled = await client.chat(
        "edge-captions", message("Describe it.", photo), format=schema
    )
    assert set(json.loads(filled.message.content)) == {"scene", "title"}


async def test_bad_input_raises_the_packages_own_error(client, photo):
    async def refused(*arguments, **options):
        with pytest.raises(ollama.ResponseError) as caught:
            await client.generate(*arguments, **options)
        return caught.value.status_code, caught.value.error

    good = ("edge-captions", "Describe it.")
    status, text = await refused("llava", "Describe it.", images=[photo])
    assert (status, "'llava' not found" in text) == (404, True)
    status, text = await refused("edge-captions", "How many dogs?", images=[photo])
    assert (status, "follows no other instructions" in text) == (400, True)
    assert (await refused(*good))[0] == 400
    assert (await refused(*good, images=[photo] * 10))[0] == 400
    assert (await refused(*good, images=[b"no picture"]))[0] == 400
    assert (await refused(*good, images=[photo], options={"num_predict": 1.5}))[
        0
    ] == 400
    with pytest.raises(ollama.ResponseError) as caught:
        await client.chat("edge-captions", message("And now shorter", photo))
    assert caught.value.status_code == 400
    with pytest.raises(ollama.ResponseError) as caught:
        await client.embed("edge-captions", "text")
    assert caught.value.status_code == 404


async def test_unknown_options_are_passed_over_as_ollama_does(http, photo):
    body = {
        "model": "edge-captions",
        "prompt": "Describe it.",
        "images": [base64.b64encode(photo).decode()],
        "stream": False,
        "options": {"frobnicate": True},
        "frobnicate": 7,
    }
    async with http.post("/api/generate", json=body) as response:
        assert response.status == 200
        assert "dog" in (await response.json())["response"]


async def test_clients_of_two_years_ago_are_served(http, photo):
    async with http.get("/api/version") as response:
        assert "version" in await response.json()
    async with http.post("/api/show", json={"name": "tiny-captioner"}) as response:
        assert (await response.json())["details"]["family"] == "encoder_decoder"
    # curl's own content type, a stream because nothing says otherwise, a data URL
    url = "data:image/jpeg;base64," + base64.b64encode(photo).decode()
    body = {"model": "edge-captions", "prompt": "What is in this picture?"}
    async with http.post(
        "/api/generate",
        data=json.dumps({**body, "images": [url]}),
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    ) as response:
        assert response.content_type == "application/x-ndjson"
        lines = [json.loads(line) async for line in response.content]
    assert [line["done"] for line in lines[-2:]] == [False, True]
    assert "dog" in "".join(line["response"] for line in lines)


async def test_errors_are_a_text_under_error(http):
    async with http.post("/api/chat", data=b"{") as response:
        assert response.status == 400
        assert isinstance((await response.json())["error"], str)
    async with http.get("/api/blobs/x") as response:
        assert response.status == 404
        assert isinstance((await response.json())["error"], str)


async def test_keep_alive_gives_the_memory_back(http, service, photo):
    body = {
        "model": "tiny-captioner",
        "prompt": "Describe it.",
        "images": [base64.b64encode(photo).decode()],
        "stream": False,
    }

    def states():
        return {fact.model_id: fact.state for fact in service.runner_states()}

    async with http.post("/api/generate", json=body) as response:
        assert response.status == 200
    assert "ready" in states().values()
    async with http.post(
        "/api/generate", json={"model": "tiny-captioner", "keep_alive": 0}
    ) as response:
        ended = json.loads(await response.text())
    assert (ended["done_reason"], ended["response"]) == ("unload", "")
    assert "ready" not in states().values()


async def test_a_key_is_needed_where_the_network_listens(strict, secret, photo):
    async with connected(strict) as client:
        with pytest.raises(ollama.ResponseError) as caught:
            await client.list()
        assert caught.value.status_code == 401
    headers = {"Authorization": f"Bearer {secret}"}
    async with connected(strict, headers=headers) as client:
        answer = await client.generate("edge-captions", "Describe it.", images=[photo])
    assert "dog" in answer.response
