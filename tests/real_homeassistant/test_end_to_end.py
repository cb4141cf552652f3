"""From the first start to the removal, in a real Home Assistant."""

import asyncio
import re

from conftest import House
from owner import SUBENTRY_FLOWS, Owner
from processes import RESTART, SAMPLES

DOMAIN = "edge_captions"
CAMERA = "camera.yard"
EVENT = "event.yard_caption"
TASK = "ai_task.edge_captions_captions"
LACKING = ("[haffmpeg.core]", "libturbojpeg", "assist_pipeline")
"""What Home Assistant misses here: ffmpeg, a library, packages without a wheel."""
STRUCTURE = {
    "caption": {
        "description": "Describe the picture.",
        "required": True,
        "selector": {"text": {}},
    },
    "dog": {
        "description": "Is there a dog in the picture?",
        "required": True,
        "selector": {"boolean": {}},
    },
}
TELL = {
    "alias": "Tell",
    "mode": "queued",
    "triggers": [
        {
            "trigger": "event.received",
            "target": {"entity_id": EVENT},
            "options": {"event_type": ["captioned", "unsure", "nothing_new"]},
        }
    ],
    "actions": [
        {
            "action": "script.phone",
            "data": {
                "title": "{{ trigger.to_state.attributes.title }}",
                "message": "{{ trigger.to_state.attributes.short }}",
                "data": {"tag": "yard"},
            },
        }
    ],
}


async def test_from_onboarding_to_removal(house, homeassistant_version):
    owner = house.owner
    if homeassistant_version:
        version = (await owner.get("/api/config"))["version"]
        assert version == homeassistant_version
    await add_by_pairing(house)
    await owner.add_camera(house.assistant.media / "coffee.jpg", CAMERA)
    caption = await caption_a_camera(house)
    await ask_by_ai_task(house, caption)
    await watch_the_camera(house)
    await browse_photos(house)
    await lose_the_runtime(house)
    await unload_and_load(house)
    await restart(house)
    await remove(house)
    assert_clean_log(house)


async def add_by_pairing(house: House) -> None:
    """Add the runtime by its address; approve the code on its command line."""
    owner = house.owner
    flow = await owner.begin(DOMAIN)
    flow = await owner.go_on(flow, {"url": "127.0.0.1:9"})
    assert flow["errors"] == {"base": "cannot_connect"}
    flow = await owner.go_on(flow, {"url": house.runtime.url})
    assert flow["step_id"] == "sign_in", flow
    flow = await owner.go_on(flow, {"next_step_id": "pair"})
    assert flow["type"] == "progress", flow
    await house.runtime.run("pair", flow["description_placeholders"]["code"])
    flow = await owner.until_progressed(flow)
    assert flow["type"] == "create_entry", flow
    await owner.until_entry(DOMAIN, "loaded")


async def caption_a_camera(house: House) -> str:
    seen = await house.owner.act(f"{DOMAIN}/caption_image", {"entity_id": CAMERA})
    assert seen["model"] == "tiny-captioner"
    assert seen["caption"]
    return seen["caption"]


async def ask_by_ai_task(house: House, caption: str) -> None:
    """Attach a photo; an instruction that no captioner follows is refused."""
    owner, action = house.owner, "ai_task/generate_data"
    photo = "media-source://media_source/local/coffee.jpg"
    kind = {"media_content_type": "image/jpeg"}
    task = {
        "task_name": "end to end",
        "entity_id": TASK,
        "instructions": "Describe the picture.",
        "attachments": [{"media_content_id": photo, **kind}],
    }
    assert (await owner.act(action, task))["data"] == caption
    task["attachments"][0]["media_content_id"] = f"media-source://camera/{CAMERA}"
    assert (await owner.act(action, task))["data"] == caption
    structured = await owner.act(action, task | {"structure": STRUCTURE})
    assert structured["data"]["caption"] == caption
    assert structured["data"]["dog"] is None  # a captioner proves no absence
    assert structured["data"]["reasons"]["dog"]
    task["instructions"] = "How many spoons are there?"
    _, refusal = await owner.call(
        "POST", f"/api/services/{action}?return_response", task
    )
    assert "can't answer" in refusal["message"]
    assert "VL" in str(refusal)  # the model that could


async def watch_the_camera(house: House) -> None:
    """Watch the camera; its event runs an automation, whose trace tells all."""
    owner = house.owner
    entry = await owner.entry(DOMAIN)
    handler = [entry["entry_id"], "watched_camera"]
    flow = await owner.begin(handler, SUBENTRY_FLOWS)
    choice = {
        "camera": CAMERA,
        "on_change": False,
        "triggers": ["input_boolean.motion"],
        "cooldown": 0,
    }
    flow = await owner.go_on(flow, choice, SUBENTRY_FLOWS)
    assert flow["type"] == "create_entry", flow
    await owner.until_state(EVENT)
    await owner.post("/api/config/automation/config/tell", TELL)
    await owner.until_state("automation.tell", lambda state: state["state"] == "on")
    await owner.do("input_boolean/turn_on", {"entity_id": "input_boolean.motion"})
    seen = await owner.until_state(
        EVENT, lambda state: state["attributes"].get("phase") == "final"
    )
    assert seen["attributes"]["event_type"] in {"captioned", "unsure"}
    short = seen["attributes"]["short"]
    await owner.until_told("Yard", short)
    trace = await last_trace(house, "tell")
    assert trace["script_execution"] == "finished"
    assert "error" not in trace
    told = trace["trace"]["action/0"][0]["result"]["params"]["service_data"]
    assert (told["title"], told["message"]) == ("Yard", short)


async def last_trace(house: House, item: str) -> dict:
    """Return what an automation did when it ran last."""
    where = {"domain": "automation", "item_id": item}
    async with asyncio.timeout(30):
        while True:
            runs = await house.owner.ask("trace/list", **where)
            if runs and all(run["state"] == "stopped" for run in runs):
                break
            await asyncio.sleep(0.1)
    newest = max(runs, key=lambda run: run["timestamp"]["start"])
    return await house.owner.ask("trace/get", run_id=newest["run_id"], **where)


async def browse_photos(house: House) -> None:
    """Keep a photo and give it a tag; find it by tag, by words, and see it."""
    owner = house.owner
    photo = str(house.assistant.media / "cat.jpg")
    kept = await owner.act(f"{DOMAIN}/caption_image", {"path": photo, "store": True})
    text = {"photo_id": kept["photo_id"], "text": "Mimi at home #cats"}
    await owner.act(f"{DOMAIN}/set_caption", text)
    ours = await owner.browse("media-source://", "Edge Captions", "Edge Captions")
    cats = await owner.browse(ours["media_content_id"], "Tags", "cats (1)")
    (found,) = cats["children"]
    assert found["title"] == "Mimi at home #cats"
    search = await owner.ask(
        "media_source/search_media",
        media_content_id=ours["media_content_id"],
        search_query="mimi home",
    )
    assert [one["title"] for one in search["result"]] == [found["title"]]
    where = {"media_content_id": found["media_content_id"]}
    media = await owner.ask("media_source/resolve_media", **where)
    for address in (media["url"], found["thumbnail"]):
        assert (await owner.download(address))[:4] == b"RIFF"
    again = await owner.act(
        f"{DOMAIN}/caption_image", {"media": found["media_content_id"]}
    )
    assert again["origin"] == "person"


async def lose_the_runtime(house: House) -> None:
    """Stop the runtime and start it again; its entities go and come."""
    owner, captioner = house.owner, "sensor.edge_captions_captioner"
    await house.runtime.stop()
    await owner.until_state(captioner, lambda state: state["state"] == "unavailable")
    online = await owner.state("binary_sensor.edge_captions_online")
    assert online["state"] == "off"
    call = f"/api/services/{DOMAIN}/caption_image?return_response"
    status, answer = await owner.call("POST", call, {"entity_id": CAMERA})
    assert status >= 400, answer
    await house.runtime.start()
    await owner.until_state(captioner, lambda state: state["state"] != "unavailable")
    await caption_a_camera(house)


async def unload_and_load(house: House) -> None:
    """Take the entry down and up again; its entities go and come."""
    owner = house.owner
    entry_id = (await owner.entry(DOMAIN))["entry_id"]
    disable = "config_entries/disable"
    await owner.ask(disable, entry_id=entry_id, disabled_by="user")
    await owner.until_entry(DOMAIN, "not_loaded")
    await owner.ask(disable, entry_id=entry_id, disabled_by=None)
    await owner.until_entry(DOMAIN, "loaded")
    await owner.until_state(TASK, lambda state: state["state"] != "unavailable")


async def restart(house: House) -> None:
    """Restart during a job; what was set up is there again, and the job goes on."""
    owner = house.owner
    media = str(house.assistant.media)
    await house.runtime.run("library", "add", media, "--name", "Holidays")
    folder = f"{DOMAIN}/caption_folder", {"folder": "Holidays"}
    assert (await owner.act(*folder))["job_id"]
    before = await owner.state("sensor.yard_last_caption")
    await owner.do("homeassistant/restart", {})
    assert await house.assistant.ended() == RESTART
    await house.assistant.start()
    await owner.until_started()
    await owner.until_entry(DOMAIN, "loaded")
    after = await owner.until_state("sensor.yard_last_caption")
    assert after["state"] == before["state"]
    async with asyncio.timeout(60):
        while await photos_without_words(owner) > 0:  # noqa: ASYNC110 - theirs
            await asyncio.sleep(0.5)
    await caption_a_camera(house)


async def photos_without_words(owner: Owner) -> int:
    """Return how many photos of the folder still lack a description."""
    ours = await owner.browse("media-source://", "Edge Captions", "Edge Captions")
    shown = await owner.browse(ours["media_content_id"], "All photos")
    described = [one for one in shown["children"] if one["title"] != "-"]
    return len(list(SAMPLES.glob("*.jpg"))) - len(described)


async def remove(house: House) -> None:
    """Delete the entry; nothing of it stays."""
    owner = house.owner
    entry_id = (await owner.entry(DOMAIN))["entry_id"]
    path = f"/api/config/config_entries/entry/{entry_id}"
    status, _ = await owner.call("DELETE", path)
    assert status == 200
    assert await owner.entry(DOMAIN) is None
    registry = await owner.ask("config/entity_registry/list")
    assert not [one for one in registry if one["platform"] == DOMAIN]
    assert await owner.state(EVENT) is None
    await house.assistant.stop()


def assert_clean_log(house: House) -> None:
    """Home Assistant has complained of nothing that is ours."""
    said = house.assistant.said()
    errors = re.findall(r"^.* (?:ERROR|CRITICAL) .*$", said, re.MULTILINE)
    ours = [line for line in errors if not any(one in line for one in LACKING)]
    away, refused = ours  # while the runtime was away: once, and to who asked then
    assert "Error fetching Edge Captions data" in away
    assert "Error during service call to edge_captions.caption_image" in refused
    warned = re.findall(rf"^.* WARNING .*{DOMAIN}.*$", said, re.MULTILINE)
    assert all("not been tested" in line for line in warned), warned
    assert f"custom_components/{DOMAIN}/" not in said  # in no traceback
    assert "Traceback" not in house.runtime.said()
