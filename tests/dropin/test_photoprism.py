"""PhotoPrism's vision service and its Ollama engine: pairs written by hand."""

import base64

import pytest

PAIR = {
    # what PhotoPrism sends with RequestFormat and ResponseFormat `vision`
    "id": "b0db2187-7a09-438c-8649-a9c6c0f7d8a1",
    "model": "edge-captions",
    "version": "latest",
    "prompt": "",
    "suffix": "",
    "stream": False,
}
CAPTION_PROMPT = (
    "Create a caption with exactly one sentence in the active voice that describes the "
    "main visual content. Begin with the main subject and clear action. Avoid text "
    "formatting, meta-language, and filler words."
)


@pytest.fixture
def url(photo) -> str:
    return "data:image/jpeg;base64," + base64.b64encode(photo).decode()


async def ask(http, body, expected=200, path="/api/v1/vision/caption"):
    async with http.post(path, json=body) as response:
        answer = await response.json()
        assert response.status == expected, answer
        return answer


async def test_the_vision_form(http, url):
    answer = await ask(http, {**PAIR, "images": [url]})
    assert (answer["id"], answer["code"]) == (PAIR["id"], 200)
    assert answer["model"]["name"] == "tiny-captioner"
    caption = answer["result"]["caption"]
    assert "dog" in caption["text"]
    assert caption["source"] == "image"
    assert set(caption) == {"text", "source"}  # a confidence would be made up


async def test_a_name_is_not_needed(http, url):
    answer = await ask(http, {"images": [url]})
    assert answer["id"]
    assert answer["result"]["caption"]["text"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"images": []}, 400),
        ({"images": ["URL"] * 2}, 400),
        ({"images": ["URL"], "url": "http://169.254.169.254/a.jpg"}, 400),
        ({"url": "http://[::1]/a.jpg"}, 400),
        ({"images": ["URL"], "model": "nasnet"}, 404),
        ({"images": ["URL"], "prompt": "Return labels with their confidence."}, 400),
        ({"images": "URL"}, 400),
    ],
)
async def test_errors_have_the_services_form(http, url, changes, code):
    text = {key: url if value == "URL" else value for key, value in changes.items()}
    if isinstance(text.get("images"), list):
        text["images"] = [url for _ in text["images"]]
    answer = await ask(http, {**PAIR, **text}, code)
    assert answer["code"] == code
    assert isinstance(answer["error"], str)
    assert "result" not in answer


async def test_the_ollama_engine_with_its_own_prompt(http, photo):
    # Engine: ollama sends base64 without a data URL to /api/generate
    body = {
        "model": "edge-captions:latest",
        "prompt": CAPTION_PROMPT,
        "suffix": "",
        "options": {"temperature": 0.1},
        "stream": False,
        "think": "false",
        "images": [base64.b64encode(photo).decode()],
    }
    answer = await ask(http, body, path="/api/generate")
    assert "dog" in answer["response"]
    assert answer["done"] is True


async def test_its_labels_are_refused_and_not_guessed(http, photo):
    schema = {
        "type": "object",
        "properties": {
            "labels": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "name": {"type": "string"},
                        "confidence": {"type": "number"},
                    },
                    "required": ["name", "confidence"],
                },
            }
        },
        "required": ["labels"],
    }
    body = {
        "model": "edge-captions",
        "prompt": "Analyze the image and return label objects with name, confidence "
        "(0-1), and topicality (0-1).",
        "format": schema,
        "stream": False,
        "images": [base64.b64encode(photo).decode()],
    }
    answer = await ask(http, body, 400, "/api/generate")
    assert "answers questions" in answer["error"]
