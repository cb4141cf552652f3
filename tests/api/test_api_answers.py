"""Questions about photos where no model that answers is installed."""

from dataclasses import replace
from pathlib import Path
import re

from api_helpers import error_of
import pytest

from edge_runtime.selection import ReasonCode

URL = "/api/v1/answers"
SAMPLES = Path(__file__).parents[2] / "edge_runtime" / "bundled" / "samples"
DOGS = str(SAMPLES / "dogs-on-grass.jpg")


@pytest.fixture
def settings(settings):
    return replace(settings, allowed_folders=(SAMPLES,))


async def test_a_question_without_a_model_says_which_to_get(client):
    response = await client.post(URL, json={"path": DOGS, "question": "Is it open?"})
    body = (await response.json())["error"]
    assert (response.status, body["code"]) == (409, "model_cannot_answer")
    models = (await (await client.get("/api/v1/models")).json())["items"]
    able = {one["id"]: one["reasons"] for one in models if one["answers_questions"]}
    assert "smolvlm-256m-instruct" in able
    assert "tiny-captioner" not in able
    # some ids begin with another one
    named = max((one for one in able if one in body["message"]), key=len)
    codes = {reason["code"] for reason in able[named]}
    if ReasonCode.LIBRARY_MISSING in codes:
        assert "pip install" in body["message"]
    else:
        command = f"edge-captions download( --accept-license)? {named}"
        assert re.search(command, body["message"])


@pytest.mark.parametrize(
    "body",
    [
        {"path": DOGS},
        {"question": ""},
        {"question": "Is\0it?"},
        {"question": "Is it?", "schema": ["dog"]},
        {"question": "Is it?", "max_tokens": 1_000_000},
        {"question": "Is it?", "store": True},
    ],
)
async def test_a_wrong_question_is_refused(client, body):
    response = await client.post(URL, json={"path": DOGS, **body})
    assert response.status == 400
    assert await error_of(response) == "invalid_request"


async def test_a_reader_may_not_ask(outside, tokens):
    body = {"path": DOGS, "question": "Is it open?"}
    refused = await outside.post(URL, json=body, headers=tokens["read"])
    asked = await outside.post(URL, json=body, headers=tokens["write"])
    assert (refused.status, asked.status) == (403, 409)
