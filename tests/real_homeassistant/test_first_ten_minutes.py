"""The first ten minutes of an owner, seen in a browser.

PICTURES=docs/images keeps what is seen for the documentation.
"""

import asyncio
from contextlib import asynccontextmanager
from importlib.util import find_spec
import re

from browsing import Browser, signed_in
from conftest import House
from owner import SUBENTRY_FLOWS
import pytest

DOMAIN = "edge_captions"
CAMERA = "camera.yard"
EVENT = "event.yard_caption"
MOTION = "input_boolean.motion"
FIRST_TEXT = "Something moves"
NOTIFY = {
    "alias": "Tell what moves in the yard",
    "use_blueprint": {
        "path": "edge_captions/notify_then_describe.yaml",
        "input": {
            "trigger_entity": MOTION,
            "camera": CAMERA,
            "caption_event": EVENT,
            "notify_action": "script.phone",
        },
    },
}
PACKAGE = {
    "alias": "Tell of packages",
    "use_blueprint": {
        "path": "edge_captions/package_at_the_door.yaml",
        "input": {
            "trigger_entity": MOTION,
            "camera": CAMERA,
            "task_entity": "ai_task.edge_captions_captions",
            "notify_action": "script.phone",
            "delay_seconds": 0,
        },
    },
}
SUMMARY = {
    "alias": "Tell of the day",
    "use_blueprint": {
        "path": "edge_captions/daily_summary.yaml",
        "input": {"notify_action": "script.phone"},
    },
}


@pytest.mark.parametrize("homeassistant_version", [""], indirect=True)
async def test_the_first_ten_minutes(house, tmp_path):
    owner = house.owner
    if "pymicro_vad" in house.assistant.said():
        pytest.skip("Home Assistant lacks pymicro-vad, which needs a compiler")
    await owner.add_camera(house.assistant.media / "coffee.jpg", CAMERA)
    async with signed_in(owner, tmp_path) as browser:
        await pair_in_the_browser(house, browser)
        await watch_the_camera(house)
        told = await be_told_of_motion(house)
        first, *texts = [note["message"] for note in told if note["title"] != "Home"]
        seen = (await owner.state(EVENT))["attributes"]
        assert told[0]["message"] == FIRST_TEXT
        assert (first, texts[-1]) != (FIRST_TEXT, FIRST_TEXT)
        assert texts[-1].endswith(seen["short"])  # polished, in the same notification
        assert len({note["notification_id"] for note in told}) == 1
        await look_around(house, browser)
    await raise_a_repair(house)
    await summarize(house)


async def pair_in_the_browser(house: House, browser: Browser) -> None:
    """Add the integration as a person does, up to the code and beyond."""
    page = browser.page
    await browser.open("/config/integrations/dashboard/add?domain=edge_captions")
    await page.get_by_role("button", name="OK").first.click()
    await page.locator("dialog-data-entry-flow input").fill(house.runtime.url)
    await page.get_by_role("button", name="Submit").click()
    await page.get_by_text("Pair: approve a code there").click()
    await browser.see("Approve the code")
    await browser.picture("homeassistant-pairing")
    waiting = await house.runtime.run("pair")
    (code,) = re.findall(r"\b[A-Z]{3}-\d{3}\b", waiting)
    await browser.see(code)
    await house.runtime.run("pair", code)
    await house.owner.until_entry(DOMAIN, "loaded")


async def watch_the_camera(house: House) -> None:
    owner = house.owner
    handler = [(await owner.entry(DOMAIN))["entry_id"], "watched_camera"]
    flow = await owner.begin(handler, SUBENTRY_FLOWS)
    how = {"camera": CAMERA, "on_change": False, "triggers": [MOTION]}
    flow = await owner.go_on(
        flow, {**how, "cooldown": 0, "snapshots": 1}, SUBENTRY_FLOWS
    )
    assert flow["type"] == "create_entry", flow
    await owner.until_state(EVENT)


async def be_told_of_motion(house: House) -> list[dict]:
    """Let something move; return what the blueprint's notification says each time."""
    owner = house.owner
    await owner.post("/api/config/automation/config/notify", NOTIFY)
    await owner.until_state("automation.tell_what_moves_in_the_yard")
    async with following(house) as told:
        await owner.do("input_boolean/turn_on", {"entity_id": MOTION})
        await owner.until_state(
            EVENT, lambda state: state["attributes"].get("phase") == "final"
        )
        short = (await owner.state(EVENT))["attributes"]["short"]
        async with asyncio.timeout(30):
            while not (told and told[-1]["message"].endswith(short)):  # noqa: ASYNC110
                await asyncio.sleep(0.1)
    return told


@asynccontextmanager
async def following(house: House):
    told: list[dict] = []
    task = asyncio.create_task(house.owner.watch_notes(told))
    await asyncio.sleep(0.5)
    del told[:]
    try:
        yield told
    finally:
        task.cancel()


async def look_around(house: House, browser: Browser) -> None:
    """Open the pages that an owner opens next."""
    owner, page = house.owner, browser.page
    await browser.open("/config/integrations/integration/edge_captions", "Yard")
    await browser.picture("homeassistant-integration")
    devices = await owner.ask("config/device_registry/list")
    (yard,) = [one for one in devices if one["name"] == "Yard" and one["model"]]
    await browser.open(f"/config/devices/device/{yard['id']}", "Last caption")
    await browser.picture("homeassistant-device")
    await browser.open("/config/integrations/integration/edge_captions")
    await page.get_by_text("Notifications").first.click()
    await browser.see((await owner.state(EVENT))["attributes"]["short"])
    await browser.picture("homeassistant-notification")
    for photo in ("cat", "dogs-on-grass", "astronaut", "mountain-path"):
        path = str(house.assistant.media / f"{photo}.jpg")
        await owner.act(f"{DOMAIN}/caption_image", {"path": path, "store": True})
    runtime_id = (await owner.browse("media-source://", "Edge Captions"))["children"][0]
    place = f"{runtime_id['media_content_id']}/all".replace("/", "%2F")
    await browser.open(f"/media-browser/browser/image%2C{place}")
    await page.locator("ha-card .thumbnail img, .thumbnail").first.wait_for()
    await browser.picture("homeassistant-media")


async def raise_a_repair(house: House) -> None:
    """A blueprint that needs answers checks first, and says what is missing."""
    owner = house.owner
    await owner.post("/api/config/automation/config/package", PACKAGE)
    await owner.until_state("automation.tell_of_packages")
    for action in ("turn_off", "turn_on"):
        await owner.do(f"input_boolean/{action}", {"entity_id": MOTION})
    async with asyncio.timeout(30):
        while True:
            issues = (await owner.ask("repairs/list_issues"))["issues"]
            if any(one["domain"] == DOMAIN for one in issues):
                break
            await asyncio.sleep(0.2)
    (issue,) = [one for one in issues if one["domain"] == DOMAIN]
    # with llama.cpp installed a model that answers can be fetched, else it takes a hand
    by_hand = "" if find_spec("llama_cpp") else "_by_hand"
    assert issue["translation_key"] == f"no_model_answers{by_hand}"


async def summarize(house: House) -> None:
    """The day's summary names what the camera saw."""
    owner = house.owner
    await owner.post("/api/config/automation/config/summary", SUMMARY)
    await owner.until_state("automation.tell_of_the_day")
    short = (await owner.state(EVENT))["attributes"]["short"]
    await owner.do("automation/trigger", {"entity_id": "automation.tell_of_the_day"})
    async with asyncio.timeout(30):
        while True:
            notes = await owner.ask("persistent_notification/get")
            texts = [
                n["message"] for n in notes if n["title"] == "What the cameras saw"
            ]
            if texts:
                break
            await asyncio.sleep(0.2)
    assert f"Yard: {short}" in texts[0]
