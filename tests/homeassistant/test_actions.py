"""Actions with response, and AI tasks: what is answered and what is refused."""

from acting import act, ask, media, photo, refused
from fake_runtime import PNG
from homeassistant.components.camera import Image
from homeassistant.components.media_source import PlayMedia
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.edge_captions.caption_options import MAX_THINGS
from custom_components.edge_captions.const import DOMAIN

__all__ = ["act", "ask", "media", "photo"]


async def test_a_file_is_described(act, runtime, loaded, photo):
    answer = await act(
        "caption_image",
        path=str(photo),
        language="en",
        style="alt_text",
        detail="short",
        context={"place": "Lake Garda"},
        verify=True,
        refresh=True,
        store=True,
    )
    assert answer["caption"] == "A black dog is running on the grass."
    assert answer["short"] == answer["caption"]
    assert answer["verdict"] == "sure"
    assert answer["score"] == 0.91
    assert runtime.forms == [
        {
            "language": "en",
            "style": "alt_text",
            "detail": "short",
            "context": '{"place": "Lake Garda"}',
            "verify": "true",
            "refresh": "true",
            "store": "true",
            "file": PNG,
        }
    ]


@pytest.mark.parametrize("given", ["text", "selector"])
async def test_a_media_item_is_described(act, runtime, loaded, media, given):
    item = {"media_content_id": media, "media_content_type": "image/png"}
    answer = await act("caption_image", media=media if given == "text" else item)
    assert answer["caption_id"] == "01CAPTION"
    assert runtime.forms[0]["file"] == PNG


@pytest.mark.parametrize("domain", ["camera", "image"])
async def test_an_entity_is_described(hass, act, runtime, loaded, monkeypatch, domain):
    async def get_image(hass, entity_id):
        return Image(content_type="image/png", content=PNG)

    hass.config.components.add("camera")  # image comes with our own entity
    monkeypatch.setattr(f"homeassistant.components.{domain}.async_get_image", get_image)
    await act("caption_image", entity_id=f"{domain}.yard")
    await act("caption_image", media=f"media-source://{domain}/{domain}.yard")
    assert [form["file"] for form in runtime.forms] == [PNG, PNG]


async def test_pictures_that_are_refused(hass, act, loaded, media, photo, monkeypatch):
    folder = photo.parent
    describe = "caption_image"
    await refused(hass, act(describe), "no_picture")
    await refused(
        hass, act(describe, path="x", entity_id="camera.x"), "more_than_one_picture"
    )
    await refused(hass, act(describe, path="/etc/passwd"), "path_not_allowed")
    sentence = await refused(
        hass, act(describe, path=str(folder / "gone.png")), "file_unreadable"
    )
    assert sentence == "gone.png can't be read: No such file or directory"
    await refused(hass, act(describe, entity_id="light.x"), "not_a_camera")
    notes = media.replace("cat.png", "notes.txt")
    await refused(hass, act(describe, media=notes), "not_a_picture")
    gone = media.replace("local/", "nowhere/")
    await refused(hass, act(describe, media=gone), "media_not_found")
    await refused(
        hass, act(describe, entity_id="camera.gone"), "entity_gives_no_picture"
    )
    hass.config.components.add("camera")

    async def no_image(hass, entity_id):
        raise HomeAssistantError("Camera is off")

    monkeypatch.setattr("homeassistant.components.camera.async_get_image", no_image)
    sentence = await refused(
        hass,
        act(describe, entity_id="camera.gone"),
        "entity_gives_no_picture",
        HomeAssistantError,
    )
    assert sentence == "camera.gone gives no picture: Camera is off"
    monkeypatch.setattr("custom_components.edge_captions.pictures.MAX_BYTES", 10)
    await refused(hass, act(describe, path=str(photo)), "picture_too_large")


async def test_media_that_is_elsewhere(hass, act, loaded, media, monkeypatch):
    async def resolve(hass, media_content_id, target):
        return PlayMedia("https://elsewhere/a.png", "image/png")

    monkeypatch.setattr(
        "homeassistant.components.media_source.async_resolve_media", resolve
    )
    await refused(hass, act("caption_image", media=media), "media_not_local")


@pytest.mark.parametrize(
    "refusal",
    [
        (429, "queue_full", "busy"),
        (401, "unauthorized", "invalid_auth"),
        (415, "photo_format_unsupported", "photo_format_unsupported"),
        (507, "worker_out_of_memory", "refused"),
    ],
)
async def test_the_runtime_refuses(hass, act, runtime, loaded, photo, refusal):
    status, code, key = refusal
    runtime.error = (status, {"code": code, "message": "because"})
    sentence = await refused(
        hass, act("caption_image", path=str(photo)), key, HomeAssistantError
    )
    assert code == "unauthorized" or "because" in sentence


async def test_search(act, runtime, loaded):
    answer = await act("search_captions", query="dog", limit=5)
    assert answer == {
        "photos": [
            {
                "photo_id": "01PHOTO",
                "taken_at": None,
                "caption": "A black dog.",
                "found_in": "caption",
                "text": "a dog",
            }
        ]
    }
    assert runtime.of("photos") == [{"q": "dog", "limit": "5"}]


async def test_review(act, runtime, loaded):
    accepted = await act("accept_suggestion", suggestion_id="01S")
    assert accepted == {"photo_id": "01PHOTO", "caption": "Rex", "language": "en"}
    await act("accept_suggestion", suggestion_id="01S", text="Rex runs")
    assert runtime.of("suggestions/01S/edit") == [{"text": "Rex runs"}]
    written = await act("set_caption", photo_id="01P", text="Mine", language="de")
    assert written["caption"] == "Mine"
    assert runtime.of("photos/01P/caption") == [{"text": "Mine", "language": "de"}]


async def test_models(act, runtime, loaded):
    job = await act("download_model", model="qwen", accept_license=True)
    assert job == {"job_id": "01JOB", "state": "queued"}
    assert runtime.of("models/qwen/download") == [
        {"accept_license": True, "confirm": False}
    ]
    assert await act("unload_models") == {"unloaded": ["tiny-captioner"]}


async def test_which_runtime(hass, act, runtime, loaded, photo):
    other = MockConfigEntry(domain=DOMAIN, unique_id="2", data={"url": "http://x"})
    other.add_to_hass(hass)
    await refused(hass, act("unload_models"), "which_runtime")
    await act("unload_models", config_entry_id=loaded.entry_id)
    with pytest.raises(ServiceValidationError):
        await act("unload_models", config_entry_id=other.entry_id)


async def test_actions_without_a_runtime(hass, act):
    assert await async_setup_component(hass, DOMAIN, {})
    await refused(hass, act("unload_models"), "not_set_up")


async def test_a_task_gets_the_caption(ask, runtime, loaded, media):
    answer = await ask(attachments=[(media, "image/png")])
    assert answer == "A black dog is running on the grass."
    assert runtime.forms == [{"file": PNG}]


async def test_a_task_about_two_pictures(ask, runtime, loaded, media):
    answer = await ask(attachments=[(media, "image/png")] * 2)
    assert answer == "A black dog is running on the grass.\n" * 1 + (
        "A black dog is running on the grass."
    )


LETTERS = "abcdefghijkl"
STRUCTURE = {
    "text": {"selector": {"text": {}}, "description": "A short description"},
    "dog": {"selector": {"boolean": {}}, "required": True},
    "cat": {"selector": {"boolean": {}}},
    "door_open": {"selector": {"boolean": {}}},
}


async def test_a_task_with_a_structure(ask, runtime, loaded, media):
    answer = await ask(attachments=[(media, "image/png")], structure=STRUCTURE)
    assert answer["text"] == "A black dog is running on the grass."
    assert answer["dog"] is True
    assert answer["cat"] is None
    assert answer["door_open"] is None
    assert set(answer["reasons"]) == {"cat", "door_open"}


async def test_a_runtime_that_can_look_answers_yes_and_no(ask, runtime, loaded, media):
    unsure = {"present": None, "score": 0.5, "reason": "the scorer is not sure"}
    runtime.caption |= {
        "verdict": "unsure",
        "looked_for": [
            {"thing": "dog", "present": True, "score": 0.99, "reason": ""},
            {"thing": "cat", "present": False, "score": 0.01, "reason": ""},
            {"thing": "red car", **unsure},
        ],
    }
    fields = {name: {"selector": {"boolean": {}}} for name in ("dogs", "cat", "open")}
    car = {"selector": {"boolean": {}}, "description": "Is there a red car?"}
    answer = await ask(
        attachments=[(media, "image/png")],
        structure={**fields, "car": car, "cats": fields["cat"]},
    )
    assert runtime.forms[-1]["look_for"] == "dog,cat,open,red car"
    assert (answer["dogs"], answer["cat"], answer["cats"]) == (True, False, False)
    assert (answer["open"], answer["car"]) == (None, None)
    assert answer["reasons"]["car"] == "the scorer is not sure"
    assert set(answer["reasons"]) == {"car", "open"}


async def test_no_more_is_looked_for_than_a_runtime_takes(ask, runtime, loaded, media):
    fields = {f"has_{letter * 3}": {"selector": {"boolean": {}}} for letter in LETTERS}
    answer = await ask(attachments=[(media, "image/png")], structure=fields)
    assert len(runtime.forms[-1]["look_for"].split(",")) == MAX_THINGS
    assert set(answer["reasons"]) == set(fields)


async def test_an_unsure_caption_says_neither_yes_nor_no(ask, runtime, loaded, media):
    runtime.caption["verdict"] = "unsure"
    answer = await ask(
        attachments=[(media, "image/png")],
        structure={"dog": {"selector": {"boolean": {}}}},
    )
    assert answer["dog"] is None
    assert "not sure" in answer["reasons"]["dog"]


async def test_tasks_without_a_picture(hass, ask, loaded, media):
    await refused(hass, ask(), "no_picture")
    notes = media.replace("cat.png", "notes.txt")
    await refused(hass, ask(attachments=[(notes, "text/plain")]), "not_a_picture")
    await refused(
        hass,
        ask(attachments=[(media, "image/png")] * 2, structure=STRUCTURE),
        "one_picture_per_structure",
    )


@pytest.mark.parametrize("options", [{"caption_instead": True, "language": "de"}])
async def test_a_person_may_choose_the_caption_instead(ask, runtime, loaded, media):
    answer = await ask(
        "Write a poem about the car.", attachments=[(media, "image/png")]
    )
    assert answer == "A black dog is running on the grass."
    assert runtime.forms[0]["language"] == "de"


async def test_a_task_while_the_runtime_is_away(hass, ask, runtime, loaded, media):
    runtime.error = (503, {"code": "stopping", "message": "the service is stopping"})
    sentence = await refused(
        hass,
        ask(attachments=[(media, "image/png")]),
        "refused",
        HomeAssistantError,
    )
    assert "stopping" in sentence
