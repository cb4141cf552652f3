"""OpenAI's own Python package against the real service."""

import asyncio
import base64
import json

import pytest

openai = pytest.importorskip("openai", reason="the openai package is not installed")


def url_of(photo: bytes) -> str:
    return "data:image/jpeg;base64," + base64.b64encode(photo).decode()


def asking(text: str, *urls: str) -> list[dict]:
    images = [{"type": "image_url", "image_url": {"url": url}} for url in urls]
    return [{"role": "user", "content": [{"type": "text", "text": text}, *images]}]


@pytest.fixture
async def client(server):
    async with openai.AsyncOpenAI(
        base_url=str(server.make_url("/v1")), api_key="none needed", max_retries=0
    ) as client:
        yield client


async def ask(client, text, *urls, **options):
    return await client.chat.completions.create(
        model=options.pop("model", "edge-captions"),
        messages=options.pop("messages", asking(text, *urls)),
        **options,
    )


async def test_it_lists_the_captioners_and_names_one(client):
    names = [model.id async for model in await client.models.list()]
    assert names[:2] == ["edge-captions", "tiny-captioner"]
    assert (await client.models.retrieve("tiny-captioner")).owned_by == "edge-captions"
    with pytest.raises(openai.NotFoundError, match="edge-captions download vit-gpt2"):
        await client.models.retrieve("vit-gpt2")


async def test_a_photo_is_described_by_the_model_that_says_so(client, photo):
    answer = await ask(
        client, "What's in this image?", url_of(photo), temperature=0.2, max_tokens=300
    )
    text = answer.choices[0].message.content
    assert "dog" in text
    assert text.endswith(".")
    assert answer.choices[0].finish_reason == "stop"
    assert answer.model == "tiny-captioner"
    assert answer.system_fingerprint.startswith("edge-captions-")
    assert answer.usage.completion_tokens == len(text.split())
    assert answer.usage.prompt_tokens == 4
    assert answer.usage.total_tokens == 4 + len(text.split())
    assert answer.model_extra["edge_captions"]["verdict"] in {"sure", "unsure"}


async def test_a_stream_brings_the_same_words_in_pieces(client, photo):
    whole = await ask(client, "Describe this image.", url_of(photo))
    stream = await ask(
        client,
        "Describe this image.",
        url_of(photo),
        stream=True,
        stream_options={"include_usage": True},
    )
    pieces, reasons, usage = [], [], None
    async for chunk in stream:
        usage = chunk.usage or usage
        for choice in chunk.choices:
            pieces.append(choice.delta.content or "")
            reasons.append(choice.finish_reason)
    assert "".join(pieces) == whole.choices[0].message.content
    assert len(pieces) > 3
    assert reasons[-1] == "stop"
    assert usage == whole.usage


async def test_an_answer_is_cut_where_the_client_wants(client, photo):
    answer = await ask(client, "Describe.", url_of(photo), max_completion_tokens=2)
    assert len(answer.choices[0].message.content.split()) == 2
    assert answer.choices[0].finish_reason == "length"


async def test_json_has_the_parts_that_the_prompt_names(client, photo):
    answer = await ask(
        client,
        "Give me a title and a description as JSON.",
        url_of(photo),
        response_format={"type": "json_object"},
    )
    found = json.loads(answer.choices[0].message.content)
    assert set(found) == {"title", "description"}
    assert found["description"] == found["title"] + "."


async def test_json_fills_the_schema_and_invents_nothing(client, photo):
    schema = {
        "type": "object",
        "properties": {
            "caption": {"type": "string"},
            "keywords": {"type": "array", "items": {"type": "string"}},
            "mood": {"type": ["string", "null"]},
            "season": {"type": "string"},
        },
        "required": ["caption", "keywords", "mood"],
    }
    wanted = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    answer = await ask(
        client, "Describe this image.", url_of(photo), response_format=wanted
    )
    found = json.loads(answer.choices[0].message.content)
    assert set(found) == {"caption", "keywords", "mood"}
    assert found["mood"] is None
    assert "dog" in found["keywords"]
    schema["required"].append("season")
    with pytest.raises(openai.BadRequestError, match="'season'") as caught:
        await ask(client, "Describe this image.", url_of(photo), response_format=wanted)
    assert caught.value.code == "model_cannot_answer"


async def test_a_system_message_may_set_the_language(client, photo):
    system = {"role": "system", "content": "You are a poet. Answer in German."}
    answer = await ask(
        client, "", messages=[system, *asking("Describe it.", url_of(photo))]
    )
    details = answer.model_extra["edge_captions"]
    assert details["language"] == "de" or any("'de'" in n for n in details["notes"])


async def test_a_label_before_the_image_is_no_part_of_the_prompt(client, photo):
    parts = [
        {"type": "text", "text": "front door 1:"},
        {"type": "image_url", "image_url": {"url": url_of(photo), "detail": "low"}},
        {"type": "text", "text": "Describe the image."},
    ]
    answer = await ask(client, "", messages=[{"role": "user", "content": parts}])
    assert "dog" in answer.choices[0].message.content


@pytest.mark.parametrize(
    "question",
    ["How many dogs are there?", "Is there a cat?", "Who is this?", "Hello", "Read it"],
)
async def test_a_question_is_refused_and_never_guessed(client, photo, question):
    with pytest.raises(openai.BadRequestError) as caught:
        await ask(client, question, url_of(photo))
    assert caught.value.code == "model_cannot_answer"
    assert caught.value.type == "invalid_request_error"
    assert "answers questions" in str(caught.value)


async def test_bad_input_raises_the_packages_own_errors(client, photo):
    good = url_of(photo)

    async def code_of(kind, text="Describe it.", *urls, **options):
        with pytest.raises(kind) as caught:
            await ask(client, text, *urls, **options)
        assert caught.value.type == "invalid_request_error"
        return caught.value.code

    bad, missing = openai.BadRequestError, openai.NotFoundError
    it = "Describe it."
    assert await code_of(missing, it, good, model="gpt-4o") == "model_not_found"
    assert await code_of(bad, it) == "image_missing"
    assert await code_of(bad, it, *[good] * 10) == "too_many_images"
    assert await code_of(bad, it, "data:image/jpeg;base64,%%%") == "photo_damaged"
    text = url_of(b"this is no picture at all")
    assert await code_of(bad, it, text) == "photo_format_unsupported"
    for address in ("http://127.0.0.1/a.jpg", "https://example.org/a.jpg", "file:///a"):
        assert await code_of(bad, it, address) == "image_url_refused"
    unknown = {"extra_body": {"frobnicate": 1}}
    assert await code_of(bad, it, good, **unknown) == "invalid_request"
    assert await code_of(bad, it, good, extra_body={"max_tokens": "a few"}) == (
        "invalid_request"
    )
    assert await code_of(bad, it, good, n=3) == "invalid_request"


async def test_a_huge_image_is_refused_before_it_is_read(client, settings, service):
    huge = "data:image/jpeg;base64," + "A" * (46 * 1024 * 1024)
    with pytest.raises(openai.APIStatusError) as caught:
        await ask(client, "Describe it.", huge)
    assert caught.value.status_code == 413
    assert caught.value.code == "body_too_large"
    uploads = settings.home / "uploads"
    assert not uploads.exists() or not list(uploads.iterdir())


async def test_a_key_is_needed_where_the_network_listens(strict, secret, photo):
    options = {"base_url": str(strict.make_url("/v1")), "max_retries": 0}
    async with openai.AsyncOpenAI(api_key="sk-wrong", **options) as client:
        with pytest.raises(openai.AuthenticationError) as caught:
            await client.models.list()
        assert caught.value.code == "invalid_api_key"
    async with openai.AsyncOpenAI(api_key=secret, **options) as client:
        answer = await ask(client, "Describe it.", url_of(photo))
        assert "dog" in answer.choices[0].message.content


async def test_a_client_that_leaves_harms_nobody(client, http, service, photo):
    body = {
        "model": "edge-captions",
        "stream": True,
        "messages": asking("Describe it.", url_of(photo)),
    }
    leaving = asyncio.create_task(http.post("/v1/chat/completions", json=body))
    async with asyncio.timeout(20):
        while not service.captions.describer.running:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    leaving.cancel()
    stream = await ask(client, "Describe it.", url_of(photo), stream=True)
    async for _ in stream:
        break
    await stream.close()
    answer = await ask(client, "Describe it.", url_of(photo))
    assert answer.choices[0].message.content
