"""Studies over HTTP: 20 photos, every variant that runs here, 62 respondents."""

import asyncio
from collections import Counter, defaultdict
from dataclasses import dataclass, field
import json
from pathlib import Path
import random

from aiohttp import FormData
from api_helpers import error_of
import pytest

API = "/api/v1"
ROOT = Path(__file__).parents[2]
PHOTOS = sorted((ROOT / "tests/fixtures/photos/out_of_domain").glob("*.webp"))[:20]
RESPONDENTS = 62
LIKED = {"im2txt": 2.1, "tiny": 3.0, "tiny, checked": 4.2}
"""How many stars the simulated respondents tend to give."""
NOBODY = "0" * 26


async def ask(client, method, path, expected=200, **options):
    response = await client.request(method, f"{API}{path}", **options)
    assert response.status == expected, (path, await response.text())
    return None if expected == 204 else await response.json()


async def upload(client, path: Path) -> str:
    form = FormData()
    form.add_field("store", "true")
    data = await asyncio.to_thread(path.read_bytes)
    form.add_field("image", data, filename=path.name)
    return (await ask(client, "POST", "/captions", data=form))["photo_id"]


async def prepared(client, service, photos: list[str], **changes) -> dict:
    """Return a study whose captions are made."""
    variants = [
        {"name": "im2txt", "model": "im2txt-flickr8k", "check": False},
        {"name": "tiny", "model": "tiny-captioner", "check": False},
        {"name": "tiny, checked", "model": "tiny-captioner"},
    ]
    body = {"name": "Which?", "photo_ids": photos, "variants": variants, **changes}
    study = await ask(client, "POST", "/studies", 201, json=body)
    job = await service.jobs.wait(study["job_id"])
    assert job.state == "done", job.error
    assert job.result == {
        "captioned": len(photos) * len(body["variants"]),
        "failed": 0,
        "errors": [],
    }
    return await ask(client, "GET", f"/studies/{study['id']}")


@dataclass
class Crowd:
    """Respondents who like some variants more than others, and don't know which."""

    variants_of: dict[tuple[str, str], list[str]]
    chance: random.Random
    orders: list[list[str]] = field(default_factory=list)
    first: Counter[str] = field(default_factory=Counter)
    """Which variant stood in front, where all said something else."""

    @classmethod
    async def of(cls, service, study) -> "Crowd":
        variants_of = defaultdict(list)
        for caption in await service.store.studies.captions(study["id"]):
            name = study["variants"][caption.variant]["name"]
            variants_of[caption.photo_id, caption.text].append(name)
        return cls(variants_of, random.Random(62))  # noqa: S311 - a simulation

    async def answer(self, client, path: str) -> None:
        """Be the next respondent, who is stricter or kinder than others."""
        leaning = self.chance.gauss(0, 0.4)
        async with client.get(f"/{path}") as response:
            items = (await response.json())["items"]
        self.orders.append([item["id"] for item in items])
        for item in items:
            assert len(set(item["texts"])) == len(item["texts"])
            names = [self.variants_of[item["id"], t][0] for t in item["texts"]]
            if len(names) == len(LIKED):
                self.first[names[0]] += 1
            stars = [self._stars(LIKED[name] + leaning) for name in names]
            address = f"/{path}/photos/{item['id']}"
            async with client.put(address, json={"stars": stars}) as response:
                assert response.status == 204

    def _stars(self, liked: float) -> int:
        return min(max(round(liked + self.chance.gauss(0, 0.8)), 1), 5)


@pytest.mark.timeout(120)
async def test_a_study_of_20_photos_with_62_respondents(client, outside, service):
    photos = [await upload(client, path) for path in PHOTOS]
    choices = await ask(client, "GET", "/study-choices")
    assert sorted(choices["photo_ids"]) == sorted(photos)
    offered = {(v["model"], v["check"]) for v in choices["variants"]}
    assert offered == {
        ("im2txt-flickr8k", False),
        ("tiny-captioner", False),
        ("tiny-captioner", True),
    }
    study = await prepared(client, service, photos)
    assert (study["state"], study["photo_ids"]) == ("open", photos)
    path = f"/studies/{study['id']}"
    links = await ask(
        client,
        "POST",
        f"{path}/respondents",
        201,
        json={"names": [f"Person {n}" for n in range(RESPONDENTS)]},
    )
    crowd = await Crowd.of(service, study)
    for link in links["items"]:
        await crowd.answer(outside, link["path"])

    # everybody has another order, and no variant stands in front more often
    assert all(sorted(order) == sorted(photos) for order in crowd.orders)
    assert len({tuple(order) for order in crowd.orders}) == RESPONDENTS
    assert len({order[0] for order in crowd.orders}) > 10
    assert crowd.first.total() > 300
    for name in LIKED:
        assert 0.25 < crowd.first[name] / crowd.first.total() < 0.42, crowd.first

    results = await ask(client, "GET", f"{path}/results")
    assert (results["photos"], results["respondents"]) == (20, RESPONDENTS)
    assert results["ratings"] == RESPONDENTS * 20 * 3
    found = {variant["name"]: variant for variant in results["variants"]}
    assert found["im2txt"]["mean"] < found["tiny"]["mean"]
    assert found["tiny"]["high"] < found["tiny, checked"]["high"]
    for variant in results["variants"]:
        assert variant["low"] < variant["mean"] < variant["high"]
        assert variant["high"] - variant["low"] < 0.5
        assert sum(variant["stars"]) == RESPONDENTS * 20
        assert variant["image_text_score"] is not None
    assert (
        found["tiny, checked"]["image_text_score"] > found["tiny"]["image_text_score"]
    )
    assert results["scorer"] == "tiny-scorer"
    assert 0.1 < results["agreement"] < 0.9
    last = await ask(client, "GET", path)
    assert {r["rated_photos"] for r in last["respondents"]} == {20}

    async with client.get(f"{API}{path}/export?format=csv") as response:
        assert response.headers["Content-Disposition"].endswith('"Which.csv"')
        lines = (await response.text()).splitlines()
    assert len(lines) == 1 + RESPONDENTS * 20 * 3
    async with client.get(f"{API}{path}/export?format=jsonl") as response:
        lines = [json.loads(line) for line in (await response.text()).splitlines()]
    assert len(lines) == 20
    assert all(len(line["captions"]) == 3 for line in lines)
    assert not any("Person" in json.dumps(line) for line in lines)


@pytest.fixture
async def small(client, service, astronaut, tmp_path):
    """Return a prepared study of one photo, and a link to it."""
    photo = await upload(client, astronaut)
    study = await prepared(client, service, [photo])
    body = {"names": ["Anna"]}
    path = f"/studies/{study['id']}/respondents"
    (link,) = (await ask(client, "POST", path, 201, json=body))["items"]
    return study, photo, link


async def test_a_link_opens_its_own_study_and_nothing_else(
    client, outside, service, small
):
    study, photo, link = small
    other = await upload(client, PHOTOS[0])
    address = f"/{link['path']}"
    async with outside.get(address, headers={"Accept": "text/html"}) as response:
        assert "rate" in str(response.url.fragment) or response.history
    async with outside.get(address) as response:
        body = await response.text()
    assert "tiny" not in body, "a variant is named"
    assert "im2txt" not in body
    assert "Anna" not in body
    for wanted, status in (
        (f"{address}/photos/{photo}/thumbnail", 200),
        (f"{address}/photos/{other}/thumbnail", 404),
        (f"{address}x", 404),
        (f"{API}/studies/{study['id']}", 401),
        (f"{API}/studies/{study['id']}/results", 401),
        (f"{API}/photos/{photo}", 401),
        (f"/s/{link['secret']}", 404),
    ):
        async with outside.get(wanted) as response:
            assert response.status == status, wanted
    headers = {"Authorization": f"Bearer {link['secret']}"}
    async with outside.get(f"{API}/photos", headers=headers) as response:
        assert response.status == 401
    await ask(client, "DELETE", f"/studies/{study['id']}/respondents/{link['id']}", 204)
    async with outside.get(address) as response:
        assert (response.status, await error_of(response)) == (
            404,
            "respondent_not_found",
        )


async def test_ratings_are_taken_up_where_they_were_left(outside, small):
    _, photo, link = small
    address = f"/{link['path']}"

    async def sheet():
        async with outside.get(address) as response:
            return (await response.json())["items"][0]

    async def rate(stars, expected):
        options = {"json": {"stars": stars}}
        async with outside.put(f"{address}/photos/{photo}", **options) as response:
            assert response.status == expected, await response.text()

    before = await sheet()
    count = len(before["texts"])
    assert before["stars"] == [None] * count
    await rate([4] + [None] * (count - 1), 204)
    after = await sheet()
    assert after["texts"] == before["texts"]
    assert after["stars"] == [4] + [None] * (count - 1)
    await rate([2] * count, 204)
    assert (await sheet())["stars"] == [2] * count
    await rate([2] * (count + 1), 422)
    await rate([6] * count, 400)
    await rate(["<b>"] * count, 400)
    async with outside.put(
        f"{address}/photos/{NOBODY}", json={"stars": [1]}
    ) as response:
        assert response.status == 404


async def test_a_closed_study_takes_no_answers_and_opens_again(client, outside, small):
    study, photo, link = small
    path = f"/studies/{study['id']}"
    await ask(client, "PATCH", path, json={"state": "closed"})
    async with outside.get(f"/{link['path']}") as response:
        sheet = await response.json()
    assert (sheet["state"], sheet["items"]) == ("closed", [])
    stars = {"json": {"stars": [1]}}
    async with outside.put(f"/{link['path']}/photos/{photo}", **stars) as response:
        assert (response.status, await error_of(response)) == (409, "conflict")
    await ask(client, "PATCH", path, json={"state": "open"})
    async with outside.get(f"/{link['path']}") as response:
        assert len((await response.json())["items"]) == 1
    await ask(client, "POST", f"{path}/captions", 409)
    await ask(client, "DELETE", path, 204)
    async with outside.get(f"/{link['path']}") as response:
        assert response.status == 404
    assert (await ask(client, "GET", "/studies"))["items"] == []


async def test_a_study_of_nothing_is_refused(client, small):
    _, photo, _ = small
    variant = {"name": "One", "model": "tiny-captioner"}
    good = {"name": "x", "photo_ids": [photo], "variants": [variant]}
    for change, status in (
        ({"photo_ids": []}, 400),
        ({"variants": []}, 400),
        ({"name": ""}, 400),
        ({"photo_ids": [photo] * 101}, 400),
        ({"photo_ids": [photo, photo]}, 422),
        ({"photo_ids": [NOBODY]}, 404),
        ({"variants": [variant, variant]}, 422),
        ({"variants": [{"name": "x", "model": "nope"}]}, 404),
        ({"variants": [{"name": "x", "model": "tiny-scorer"}]}, 422),
        ({"variants": [{**variant, "options": {"style": "loud"}}]}, 400),
        ({"variants": [{**variant, "options": {"template": "{nope}"}}]}, 400),
        ({"variants": [{"name": "x", "model": "florence-2-base-ft"}]}, 409),
    ):
        await ask(client, "POST", "/studies", status, json={**good, **change})
    assert len((await ask(client, "GET", "/studies"))["items"]) == 1


async def test_a_photo_whose_file_is_gone_is_left_out(client, service, small):
    _, photo, _ = small
    gone = await upload(client, PHOTOS[1])
    for size in (320, 1280):
        service.store.thumbnails.path(gone, size).unlink()
    body = {
        "name": "With a gap",
        "photo_ids": [photo, gone],
        "variants": [{"name": "One", "model": "tiny-captioner"}],
    }
    study = await ask(client, "POST", "/studies", 201, json=body)
    job = await service.jobs.wait(study["job_id"])
    assert (job.state, job.result["captioned"], job.result["failed"]) == ("done", 1, 1)
    assert job.result["errors"][0]["code"] == "photo_file_missing"
    assert (await ask(client, "GET", f"/studies/{study['id']}"))["state"] == "open"


async def test_facts_belong_to_the_variants_that_tell_them(client, service, tmp_path):
    photo = await upload(client, PHOTOS[0])
    await service.store.photos.update(photo, latitude=38.7223, longitude=-9.1393)
    offered = (await ask(client, "GET", "/study-choices"))["variants"]
    tiny = [one for one in offered if one["model"] == "tiny-captioner"]
    assert [one["name"] for one in tiny] == [
        "Tiny captioner",
        "Tiny captioner, checked",
        "Tiny captioner, checked, with facts",
    ]
    study = await prepared(client, service, [photo], variants=tiny)
    captions = await service.store.studies.captions(study["id"])
    assert ["Lisbon" in caption.text for caption in captions] == [False, False, True]
    assert captions[2].text.startswith(captions[1].text.rstrip("."))
