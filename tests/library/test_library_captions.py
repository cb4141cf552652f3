"""A folder's photos are described: in order, bursts once, by schedule and policy."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import time
from pathlib import Path

from library_helpers import (
    by_path,
    done,
    exiftool,
    photos,
    put_photo,
    scan,
    until,
)
import pytest
from serving import serving

from edge_runtime.folder_settings import Schedule
from edge_runtime.service.library.conditions import Conditions, conditions, hindrance
from edge_runtime.store import CaptionOrigin, SuggestionState

pytestmark = pytest.mark.timeout(120)  # a busy machine starts things slowly
QUIET = {"automatic": False, "watch": False}


async def watched(service, folder, **settings):
    added = await service.library.add(str(folder), {**QUIET, **settings})
    service.library._watches[added.id].settling.settle_s = 0.05
    await scan(service, added.id)
    return added


def taken(path: Path, when: str) -> None:
    exiftool(f"-exif:datetimeoriginal={when}", "-exif:make=ACME", path)


async def test_every_photo_gets_a_suggestion_newest_first(service, folder):
    for day, name in enumerate(("castle", "koala", "fig"), 1):
        taken(put_photo(folder / f"{name}.jpg", name), f"2024:01:0{day} 10:00:00")
    source = await watched(service, folder)
    result = await done(service, "caption_folder", source.id)
    assert (result["captioned"], result["failed"]) == (3, 0)
    found = by_path(await photos(service))
    made = {p.split(".")[0]: d.suggestions[0] for p, d in found.items()}
    order = sorted(made, key=lambda name: made[name].created_at)
    assert set(order) == {"fig", "koala", "castle"}
    assert all(one.state is SuggestionState.PENDING for one in made.values())
    assert all(not one.captions for one in found.values())
    again = await done(service, "caption_folder", source.id)
    assert again["captioned"] == 0


async def test_photos_with_a_persons_words_are_left_alone(service, folder):
    exiftool("-xmp-dc:description=Mine", put_photo(folder / "a.jpg"))
    put_photo(folder / "b.jpg", "koala")
    source = await watched(service, folder)
    assert (await done(service, "caption_folder", source.id))["captioned"] == 1
    found = by_path(await photos(service))
    assert found["a.jpg"].suggestions == ()
    assert len(found["b.jpg"].suggestions) == 1


async def test_with_refresh_words_get_a_suggestion_beside_them(service, folder):
    exiftool("-xmp-dc:description=Mine", put_photo(folder / "a.jpg"))
    source = await watched(service, folder, policy="accept_sure")
    result = await done(service, "caption_folder", source.id, refresh=True)
    assert (result["captioned"], result["accepted"]) == (1, 0)
    (one,) = await photos(service)
    assert [c.text for c in one.captions] == ["Mine"]
    assert one.suggestions[0].state is SuggestionState.PENDING


async def test_a_burst_is_described_once_and_shares_its_words(service, folder):
    for second in range(4):
        path = put_photo(folder / f"burst{second}.jpg", "koala", quality=70 + second)
        taken(path, f"2024:01:01 10:00:0{second}")
    taken(put_photo(folder / "other.jpg", "castle"), "2024:01:01 10:00:05")
    taken(put_photo(folder / "later.jpg", "koala"), "2024:01:01 11:00:00")
    source = await watched(service, folder)
    result = await done(service, "caption_folder", source.id)
    assert (result["captioned"], result["shared"]) == (3, 3)
    found = by_path(await photos(service))
    words = {name: one.suggestions[0] for name, one in found.items()}
    burst = [words[f"burst{second}.jpg"] for second in range(4)]
    assert len({one.text for one in burst}) == 1
    assert sum("shared_from" in one.provenance for one in burst) == 3
    assert words["other.jpg"].text != burst[0].text


async def test_a_photo_that_cannot_be_described_is_tried_once(service, folder):
    path = put_photo(folder / "a.jpg")
    data = bytearray(path.read_bytes())
    (folder / "cut.jpg").write_bytes(data[: len(data) // 40])
    source = await watched(service, folder)
    result = await done(service, "caption_folder", source.id)
    failed, captioned = result["failed"], result["captioned"]
    assert failed + captioned == len(await photos(service))
    counts = (await service.library.facts(source.id)).counts
    assert (counts.failed, counts.undescribed) == (failed, 0)
    again = await done(service, "caption_folder", source.id)
    assert (again["failed"], again["captioned"]) == (0, 0)


async def test_a_limit_ends_the_work_and_the_next_goes_on(service, folder):
    for name in ("castle", "koala", "fig"):
        put_photo(folder / f"{name}.jpg", name)
    source = await watched(service, folder)
    assert (await done(service, "caption_folder", source.id, limit=2))["captioned"] == 2
    assert (await done(service, "caption_folder", source.id))["captioned"] == 1


async def test_the_policy_accepts_what_is_sure_and_nothing_else(service, folder):
    names = ("castle", "koala", "fig", "cat-face", "coffee", "dandelions")
    for name in names:
        put_photo(folder / f"{name}.jpg", name)
    source = await watched(service, folder, policy="accept_sure")
    result = await done(service, "caption_folder", source.id)
    for one in await photos(service):
        (made,) = one.suggestions
        is_sure = made.verdict == "sure"
        assert bool(one.captions) == is_sure
        assert (made.state is SuggestionState.ACCEPTED) == is_sure
        assert all(c.origin is CaptionOrigin.ACCEPTED for c in one.captions)
    accepted = sum(bool(one.captions) for one in await photos(service))
    assert result["accepted"] == accepted


async def test_what_waits_is_accepted_by_verdict_and_words_stay(service, folder):
    for name in ("castle", "koala", "fig"):
        put_photo(folder / f"{name}.jpg", name)
    source = await watched(service, folder)
    await done(service, "caption_folder", source.id)
    (first, *_) = await photos(service)
    await service.review.write_caption(first.photo.id, "en", "My words")
    result = await done(service, "accept_folder", source.id, verdict=None)
    assert result == {"accepted": 2, "kept": 1}
    texts = {one.photo.id: one.captions[0].text for one in await photos(service)}
    assert texts[first.photo.id] == "My words"


async def test_photos_that_come_in_are_described_by_themselves(service, folder):
    await service.library.add(str(folder), {"poll_s": 5})
    put_photo(folder / "a.jpg")
    put_photo(folder / "b.jpg", "koala")

    async def described():
        found = await photos(service)
        return len(found) == 2 and all(one.suggestions for one in found)

    await until(described, 25)


@pytest.fixture
async def slow_start(settings, folder) -> AsyncIterator:
    for number in range(6):
        put_photo(folder / f"{number}.jpg", "koala", quality=50 + number)
    async with serving(settings) as service:
        source = await watched(service, folder)
        yield service, source


async def test_a_stop_goes_on_at_the_very_photo(slow_start, settings):
    service, source = slow_start
    job = await service.library.enqueue("caption_folder", source.id, {}, "test")

    async def some():
        return any(one.suggestions for one in await photos(service))

    await until(some)
    await service.stop()
    async with serving(settings) as later:
        ended = await later.jobs.wait(job.id)
        assert ended.state == "done"
        found = await photos(later)
        assert all(len(one.suggestions) == 1 for one in found)
        # those under way at the stop may have been kept, but not yet counted
        captioned = (ended.result or {})["captioned"]
        assert len(found) - 3 <= captioned <= len(found)


NOW = Conditions(at=time(12, 0), load=0.2, celsius=50.0)


@pytest.mark.parametrize(
    ("schedule", "now", "expected"),
    [
        (Schedule(), NOW, None),
        (Schedule(hours="22:00-06:00"), NOW, "only from 22:00 to 06:00"),
        (Schedule(hours="22:00-06:00"), replace(NOW, at=time(23, 59)), None),
        (Schedule(hours="22:00-06:00"), replace(NOW, at=time(5, 59)), None),
        (Schedule(hours="09:00-12:00"), NOW, "only from 09:00 to 12:00"),
        (Schedule(hours="12:00-13:00"), NOW, None),
        (Schedule(), replace(NOW, on_battery=True), "on battery"),
        (Schedule(on_battery=True), replace(NOW, on_battery=True), None),
        (Schedule(), replace(NOW, celsius=91.0), "too hot (91 °C)"),
        (Schedule(max_load=0.5), NOW, None),
        (
            Schedule(max_load=0.5),
            replace(NOW, load=0.75),
            "other programs are busy (load 0.75)",
        ),
    ],
)
def test_the_schedule_says_when_and_why_not(schedule, now, expected):
    assert hindrance(schedule, now) == expected


def put(root: Path, path: str, text: str) -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text + "\n")


def test_battery_and_heat_are_read_from_the_system(tmp_path):
    assert conditions(0, tmp_path).celsius is None
    put(tmp_path, "sys/class/power_supply/BAT0/type", "Battery")
    put(tmp_path, "sys/class/power_supply/BAT0/status", "Discharging")
    put(tmp_path, "sys/class/power_supply/mouse/type", "Battery")
    put(tmp_path, "sys/class/power_supply/mouse/scope", "Device")
    put(tmp_path, "sys/class/power_supply/mouse/status", "Discharging")
    put(tmp_path, "sys/class/thermal/thermal_zone0/type", "cpu-thermal")
    put(tmp_path, "sys/class/thermal/thermal_zone0/temp", "81500")
    put(tmp_path, "sys/class/hwmon/hwmon1/name", "nvme")
    put(tmp_path, "sys/class/hwmon/hwmon1/temp1_input", "99000")
    found = conditions(0, tmp_path)
    assert (found.on_battery, found.celsius) == (True, 81.5)
    put(tmp_path, "sys/class/power_supply/AC/type", "Mains")
    put(tmp_path, "sys/class/power_supply/AC/online", "1")
    assert conditions(0, tmp_path).on_battery is False


async def test_at_night_only_means_not_now(service, folder):
    put_photo(folder / "a.jpg")
    never = {"hours": "00:00-00:00"}
    added = await service.library.add(str(folder), {"schedule": never, "poll_s": 5})
    watch = service.library._watches[added.id]
    await until(lambda: watch.status.waits_for)
    assert watch.status.waits_for == "only from 00:00 to 00:00"
    assert not (await photos(service))[0].suggestions
    # a person who asks now does not wait for the night
    assert (await done(service, "caption_folder", added.id))["captioned"] == 1
