"""Questions about pictures: which model answers, and what is said where none does."""

import json

from acting import act, ask, media, photo, refused
from fake_runtime import ANSWER, PNG
from homeassistant.exceptions import HomeAssistantError
import probatio as vol
import pytest

from custom_components.edge_captions.media_source import photo_id_of

__all__ = ["act", "ask", "media", "photo"]
NUMBER = {"selector": {"number": {"min": 0, "max": 9}}, "required": True}
YES_NO = {"selector": {"boolean": {}}}


@pytest.fixture
def able(runtime):
    """Let the fake runtime answer, as one with a vision model does."""
    runtime.answer = dict(ANSWER)
    runtime.models[1] |= {"state": "installed", "fit": "fits"}
    return runtime


@pytest.mark.parametrize(
    "case",
    [
        (
            [("recommended", [])],
            "model_cannot_answer_install",
            "2B Instruct (1550 MB)",
        ),
        (
            [("does_not_fit", [{"cure": "add memory"}])],
            "model_cannot_answer_cure",
            "add memory",
        ),
        ([], "model_cannot_answer", "knows no model"),
    ],
)
async def test_what_a_captioner_can_not_answer(hass, ask, runtime, loaded, media, case):
    models, key, words = case
    embedded, row = runtime.models
    others = [{**row, "fit": fit, "reasons": reasons} for fit, reasons in models]
    runtime.models = [embedded, *others]
    pictures = [(media, "image/png")]
    sentence = await refused(
        hass, ask("How many cars are there?", attachments=pictures), key
    )
    assert words in sentence
    assert "how, many, cars" in sentence
    structure = {"cars": {"selector": {"number": {}}}}
    sentence = await refused(hass, ask(attachments=pictures, structure=structure), key)
    assert "cars" in sentence
    assert not runtime.of("captions")  # nothing was described for nothing


async def test_a_question_in_a_task_is_answered(ask, able, loaded, media):
    pictures = [(media, "image/png")]
    assert await ask("How many cars are there?", attachments=pictures) == "Two cars."
    assert able.forms == [{"question": "How many cars are there?", "file": PNG}]
    both = await ask("How many cars are there?", attachments=pictures * 2)
    assert both == "Two cars.\nTwo cars."
    assert not able.of("captions")
    await ask("Describe the picture.", attachments=pictures)
    assert able.of("captions")  # what a captioner can do, it does: it is checked


@pytest.mark.parametrize("options", [{"language": "de"}])
async def test_a_structure_is_filled_by_a_model(hass, ask, able, loaded, media):
    pictures = [(media, "image/png")]
    able.answer |= {"data": {"cars": 2, "gate_open": False}}
    structure = {
        "cars": NUMBER | {"description": "How many cars"},
        "gate_open": YES_NO,
    }
    answer = await ask("Look.", attachments=pictures, structure=structure)
    assert answer == {"cars": 2, "gate_open": False}
    form = able.forms[-1]
    assert (form["question"], form["language"]) == ("Look.", "de")
    schema = json.loads(form["schema"])
    assert schema["required"] == ["cars"]
    assert schema["properties"]["cars"]["description"] == "How many cars"
    assert schema["properties"]["gate_open"]["type"] == "boolean"
    able.answer |= {"data": {"cars": 2}}
    await ask("", attachments=pictures, structure={"cars": NUMBER})
    assert able.forms[-1]["question"] == "Look at the picture."
    able.answer |= {"data": {"cars": 1000}}
    sentence = await refused(
        hass,
        ask("", attachments=pictures, structure={"cars": NUMBER}),
        "answer_does_not_fit",
        HomeAssistantError,
    )
    assert "qwen3-vl-2b-instruct answered" in sentence


async def test_only_a_model_says_whether_a_door_is_open(ask, able, loaded, media):
    pictures = [(media, "image/png")]
    able.answer |= {"data": {"door_open": True}}
    structure = {"door_open": YES_NO}
    assert await ask(attachments=pictures, structure=structure) == {"door_open": True}
    able.models[1] |= {"state": "missing"}
    answer = await ask(attachments=pictures, structure=structure)
    assert answer["door_open"] is None
    assert set(answer["reasons"]) == {"door_open"}
    able.models.clear()
    assert (await ask(attachments=pictures, structure=structure))["reasons"]


async def test_what_the_scorer_does_not_know_a_model_is_asked(ask, able, loaded, media):
    dog = {"thing": "dog", "present": False, "score": 0.01, "reason": ""}
    parcel = {"thing": "parcel", "present": None, "score": None, "reason": "unknown"}
    able.caption |= {"looked_for": [dog, parcel]}
    able.answer |= {"data": {"parcel": True}}
    text = {"selector": {"text": {}}, "description": "A short description"}
    structure = {"parcel": YES_NO, "dog": YES_NO, "text": text}
    answer = await ask(attachments=[(media, "image/png")], structure=structure)
    assert answer == {"parcel": True, "dog": False, "text": able.caption["caption"]}
    assert set(json.loads(able.forms[-1]["schema"])["properties"]) == {"parcel"}
    answer = await ask(attachments=[(media, "image/png")], structure={"dog": YES_NO})
    assert answer == {"dog": False}
    assert len(able.of("answers")) == 1  # what is sure needs no second look


async def test_an_action_asks(act, able, loaded, photo):
    schema = {"type": "object", "properties": {"open": {"type": "boolean"}}}
    able.answer |= {"answer": '{"open": true}', "data": {"open": True}}
    answer = await act(
        "ask_about_image",
        path=str(photo),
        question="Is the gate open?",
        language="en",
        model="qwen3-vl-2b-instruct",
        schema=schema,
    )
    assert answer["data"] == {"open": True}
    assert (answer["model"], answer["seconds"]) == ("qwen3-vl-2b-instruct", 9.5)
    assert answer["notes"] == ANSWER["notes"]
    form = able.forms[-1]
    assert json.loads(form.pop("schema")) == schema
    assert form == {
        "question": "Is the gate open?",
        "language": "en",
        "model": "qwen3-vl-2b-instruct",
        "file": PNG,
    }


async def test_an_action_asks_about_a_photo_of_the_runtime(act, able, loaded):
    where = f"media-source://edge_captions/{able.id}/all//01PHOTO"
    assert photo_id_of(where) == "01PHOTO"
    answer = await act("ask_about_image", media=where, question="Who is it?")
    assert answer["answer"] == "Two cars."
    assert able.forms[-1] == {"question": "Who is it?", "photo_id": "01PHOTO"}


async def test_what_goes_wrong_with_a_question_is_said(hass, act, able, loaded, photo):
    call = {"path": str(photo), "question": "Is it?"}
    for code in ("prompt_too_long", "model_not_installed"):
        able.error = (409, {"code": code, "message": "that is why"})
        sentence = await refused(
            hass, act("ask_about_image", **call), code, HomeAssistantError
        )
        assert "that is why" in sentence
    able.error, able.answer = None, None
    sentence = await refused(
        hass, act("ask_about_image", **call), "model_cannot_answer_ask"
    )
    assert "qwen3-vl-2b-instruct is installed" in sentence
    for wrong in ({"question": ""}, {"question": "x" * 4001}, {"schema": "no"}):
        with pytest.raises(vol.Invalid):
            await act("ask_about_image", **call | wrong)


async def test_an_answer_that_lacks_something(hass, act, able, loaded, photo):
    del able.answer["data"]
    await refused(
        hass,
        act("ask_about_image", path=str(photo), question="Is it?"),
        "not_edge_captions",
        HomeAssistantError,
    )


async def test_whether_questions_are_answered(act, able, loaded):
    answer = await act("check_answers")
    assert (answer["can_answer"], answer["model"]) == (True, "qwen3-vl-2b-instruct")
    able.models[1] |= {"reasons": [{"cure": "let it prove itself"}]}
    assert (await act("check_answers"))["can_answer"] is False
