"""Things that a caption request looks for, over HTTP: real photos and models."""

import asyncio
from dataclasses import replace
from pathlib import Path

from aiohttp import FormData
from api_helpers import error_of
import pytest

URL = "/api/v1/captions"
SAMPLES = Path(__file__).parents[2] / "edge_runtime" / "bundled" / "samples"


@pytest.fixture
def settings(settings, request):
    more = getattr(request, "param", {})
    return replace(settings, allowed_folders=(SAMPLES,), **more)


@pytest.fixture
def dogs():
    return SAMPLES / "dogs-on-grass.jpg"


async def ask(client, path, expected=200, **wishes):
    response = await client.post(URL, json={"path": str(path), **wishes})
    assert response.status == expected, await response.text()
    return await response.json()


async def known(client, caption_id):
    return await (await client.get(f"{URL}/{caption_id}")).json()


def by_thing(found):
    return {one["thing"]: one["present"] for one in found["looked_for"]}


async def test_each_thing_is_answered_or_says_why_not(client, dogs):
    wanted = ["dog", "motorcycle", "running", "zyzzyva"]
    found = await ask(client, dogs, look_for=wanted)
    dog, motorcycle, running, zyzzyva = found["looked_for"]
    assert (dog["present"], dog["reason"]) == (True, "")
    assert dog["score"] > 0.9
    assert (motorcycle["present"], motorcycle["reason"]) == (False, "")
    assert (running["present"], zyzzyva["present"]) == (None, None)
    assert "no single thing" in running["reason"]
    assert "doesn't know" in zyzzyva["reason"]
    plain = await ask(client, dogs)
    assert plain["looked_for"] == []
    assert plain["caption"] == found["caption"]


async def test_an_answer_serves_no_other_list(client, dogs):
    first = await ask(client, dogs, look_for=["dog"], store=True)
    again = await ask(client, dogs, look_for=["dog"])
    other = await ask(client, dogs, look_for=["motorcycle"])
    plain = await ask(client, dogs)
    assert (again["origin"], by_thing(again)) == ("stored", {"dog": True})
    assert (other["origin"], by_thing(other)) == ("model", {"motorcycle": False})
    assert (plain["origin"], plain["looked_for"]) == ("stored", [])
    of_photo = {"photo_id": first["photo_id"], "look_for": ["motorcycle"]}
    assert by_thing(await (await client.post(URL, json=of_photo)).json()) == {
        "motorcycle": False
    }


async def test_a_camera_frame_that_shows_the_same_is_looked_at_again(client, dogs):
    first = await ask(client, dogs, source="yard", look_for=["dog"])
    same = await ask(client, dogs, source="yard")
    anew = await ask(client, dogs, source="yard", look_for=["motorcycle"])
    assert by_thing(first) == {"dog": True}
    assert same["looked_for"] == []
    assert (anew["origin"], by_thing(anew)) == ("model", {"motorcycle": False})


async def test_a_form_parts_the_things_by_commas(client, dogs):
    form = FormData()
    form.add_field("file", dogs.read_bytes(), filename="dogs.jpg")
    form.add_field("look_for", "dog, motorcycle")
    response = await client.post(URL, data=form)
    assert by_thing(await response.json()) == {"dog": True, "motorcycle": False}


async def test_the_second_phase_of_an_answer_has_looked(client, dogs):
    fast = await ask(client, dogs, look_for=["dog"], two_phase=True)
    assert (fast["phase"], by_thing(fast)) == ("fast", {"dog": None})
    async with asyncio.timeout(20):
        while True:
            found = await known(client, fast["id"])
            if found["phase"] == "final":
                break
            await asyncio.sleep(0.05)
    assert by_thing(found) == {"dog": True}


async def test_without_a_check_nothing_is_answered(client, dogs):
    found = await ask(client, dogs, look_for=["dog"], verify=False)
    assert by_thing(found) == {"dog": None}
    assert "not checked" in found["looked_for"][0]["reason"]


@pytest.mark.parametrize(
    "wrong", ["dog", [5], [""], ["x" * 61], ["dog"] * 11, {"dog": True}]
)
async def test_a_wrong_list_is_refused(client, dogs, wrong):
    body = {"path": str(dogs), "look_for": wrong}
    response = await client.post(URL, json=body)
    assert (response.status, await error_of(response)) == (400, "invalid_request")


@pytest.mark.parametrize("settings", [{"verify": False}], indirect=True)
async def test_without_a_scorer_the_reason_says_so(client, dogs):
    found = await ask(client, dogs, look_for=["dog"])
    assert "no scorer" in found["looked_for"][0]["reason"]
