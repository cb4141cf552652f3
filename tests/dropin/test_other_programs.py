"""Requests that Frigate, immich-analyze and older clients send, as their sources do."""

import asyncio
import base64

import pytest

DESCRIBE = "Describe this picture in one sentence."


def url_of(photo: bytes) -> str:
    return "data:image/jpeg;base64," + base64.b64encode(photo).decode()


async def ask(http, path, body, expected=200):
    async with http.post(path, json=body) as response:
        answer = await response.json()
        assert response.status == expected, answer
        return answer


async def test_frigate_with_the_synchronous_ollama_client(server, photo):
    ollama = pytest.importorskip("ollama", reason="ollama is not installed")

    def work():
        with ollama.Client(host=str(server.make_url("")), timeout=30) as client:
            shown = client.show("edge-captions")
            assert not shown.get("error")
            names = [m.get("name", m.get("model", "")) for m in client.list()["models"]]
            assert "edge-captions:latest" in names
            options = {"temperature": 0.5, "repeat_penalty": 1.05, "num_ctx": 4096}
            result = client.generate(
                "edge-captions", DESCRIBE, images=[photo], options=options
            )
            with pytest.raises(ollama.ResponseError, match="5 images"):
                client.generate("edge-captions", DESCRIBE, images=[photo] * 5)
            return str(result["response"]).strip()

    assert "dog" in await asyncio.to_thread(work)


async def test_frigate_with_the_synchronous_openai_client(server, photo):
    openai = pytest.importorskip("openai", reason="openai is not installed")
    parts = [
        {"type": "text", "text": DESCRIBE},
        {"type": "image_url", "image_url": {"url": url_of(photo), "detail": "low"}},
    ]

    def work():
        base = str(server.make_url("/v1"))
        with openai.OpenAI(base_url=base, api_key="any", timeout=30) as client:
            return client.chat.completions.create(
                model="edge-captions", messages=[{"role": "user", "content": parts}]
            )

    found = await asyncio.to_thread(work)
    assert "dog" in found.choices[0].message.content


async def test_immich_analyze_by_both_of_its_interfaces(http, photo):
    encoded = base64.b64encode(photo).decode()
    asked = [{"role": "user", "content": DESCRIBE, "images": [encoded]}]
    body = {"model": "edge-captions", "messages": asked, "stream": False}
    answer = await ask(http, "/api/chat", body)
    assert "dog" in answer["message"]["content"]
    content = [
        {"type": "text", "text": DESCRIBE},
        {"type": "image_url", "image_url": {"url": url_of(photo)}},
    ]
    asked = [{"role": "user", "content": content}]
    body = {"model": "edge-captions", "messages": asked, "stream": False}
    answer = await ask(http, "/v1/chat/completions", body)
    assert "dog" in answer["choices"][0]["message"]["content"]


async def test_its_own_prompt_asks_for_more_and_is_refused(http, photo):
    prompt = (
        "Create a detailed description for the image for proper image search "
        "functionality. Also specify the image format (Wallpaper, Screenshot, etc.)."
    )
    asked = [{"role": "user", "content": prompt, "images": [url_of(photo)]}]
    body = {"model": "edge-captions", "messages": asked, "stream": False}
    answer = await ask(http, "/api/chat", body, 400)
    assert "wallpaper" in answer["error"]


async def test_openais_form_of_two_years_ago(http, photo):
    content = [
        {"type": "text", "text": "What\u2019s in this image?"},
        {"type": "image_url", "image_url": url_of(photo)},  # no object
    ]
    body = {
        "model": "edge-captions",
        "messages": [
            {"role": "system", "content": "You are a helpful assistant."},
            {"role": "user", "content": "Hi"},
            {"role": "assistant", "content": None, "function_call": {}},
            {"role": "function", "name": "x", "content": "{}"},
            {"role": "user", "content": content},
        ],
        "functions": [],
        "function_call": "none",
        "max_tokens": 300,
    }
    answer = await ask(http, "/v1/chat/completions", body)
    assert "dog" in answer["choices"][0]["message"]["content"]


@pytest.mark.parametrize(
    ("message", "where"),
    [
        ({"role": "robot", "content": "Describe."}, "messages[0].role"),
        ({"role": "user", "content": [{"type": "audio"}]}, "messages[0].content[0]"),
        ({"role": "user", "content": [7]}, "messages[0].content[0]"),
        ({"role": "user", "content": "a " * 20_000}, "messages[0].content"),
    ],
)
async def test_a_message_that_is_none_is_named(http, message, where):
    body = {"model": "edge-captions", "messages": [message]}
    answer = await ask(http, "/v1/chat/completions", body, 400)
    assert answer["error"]["param"] == where


@pytest.mark.parametrize(
    "wanted",
    [
        {"type": "xml"},
        {"type": "json_schema"},
        {"type": "json_schema", "json_schema": 1},
    ],
)
async def test_a_format_that_is_none_is_named(http, wanted):
    body = {"model": "edge-captions", "messages": [], "response_format": wanted}
    answer = await ask(http, "/v1/chat/completions", body, 400)
    assert answer["error"]["param"].startswith("response_format")
