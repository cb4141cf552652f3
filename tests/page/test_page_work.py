"""Uploads, jobs and models: what goes on shows as it goes on."""

import re

from page_helpers import SAMPLES

from edge_runtime.service import CaptionOptions, facts_to_dict
from edge_runtime.service.pacing import Pacer
from edge_runtime.store import SIZES

LONG_MS = 25_000


def test_chosen_photos_are_sent_described_and_wait_for_review(served, visit, tmp_path):
    text = tmp_path / "notes.txt"
    text.write_text("no photo")
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no jpeg at all")
    page = visit(served.url)
    page.locator(".tile").first.wait_for()
    page.locator("input[type=file]").set_input_files([*SAMPLES[4:6], text, broken])
    page.locator(".upload-tray").get_by_text("3 photos sent").wait_for(timeout=LONG_MS)
    page.locator(".upload-tray").get_by_text("not photos").wait_for()
    page.wait_for_function(
        "() => document.querySelectorAll('.tile').length === 6", timeout=LONG_MS
    )
    page.wait_for_function(
        "() => document.querySelector('.badge span')?.textContent === '6'"
    )
    page.get_by_role("link", name="Activity").click()
    page.locator(".job.is-failed .problem").wait_for(timeout=LONG_MS)
    assert page.locator(".job.is-done").count() == 2


def test_a_file_of_1_gb_is_refused_before_it_is_sent(served, visit, tmp_path):
    huge = tmp_path / "huge <b>.jpg"
    with huge.open("wb") as file:
        file.truncate(2**30)
    page = visit(served.url)
    page.locator(".tile").first.wait_for()
    sent = []
    page.on("request", lambda request: sent.append(request.method))
    page.locator("input[type=file]").set_input_files([huge, SAMPLES[5]])
    failed = page.locator(".upload-failed li")
    failed.wait_for()
    assert failed.inner_text() == (
        "huge <b>.jpg 1.1 GB is more than the service takes (67 MB)"
    )
    page.get_by_text("1 photo sent").wait_for(timeout=LONG_MS)
    assert sent.count("POST") == 1


def test_a_batch_shows_its_progress_and_can_be_cancelled(served, visit):
    page = visit(f"{served.url}#/jobs")
    page.get_by_text("Nothing to do").wait_for()

    async def start(service):
        photos = (await service.store.photos.page()).items
        ids = [photo.id for photo in photos] * 40
        options = CaptionOptions(refresh=True)
        return await service.caption_jobs.enqueue_photos(ids, options, "a test")

    job = served.run(start)
    card = page.locator(".job", has_text="Describe many photos")
    card.locator("progress").wait_for()
    page.wait_for_function(
        "() => document.querySelector('.job progress').position > 0", timeout=LONG_MS
    )
    assert "/ 160" in card.inner_text()
    page.wait_for_function(
        "() => / left/.test(document.querySelector('.job').innerText)", timeout=LONG_MS
    )
    assert re.search(r"\d (a second|s each)", card.inner_text())
    card.get_by_text("Details").click()
    card.get_by_text("a test", exact=True).wait_for()
    card.get_by_role("button", name="Cancel").click()
    card.get_by_text("Cancelled").wait_for()
    state = served.run(lambda s: s.store.jobs.get(job.id)).state
    assert state == "cancelled"
    card.get_by_text("Duration").wait_for()
    card.get_by_role("button", name="Take off the list").click()
    page.get_by_text("Nothing to do").wait_for()


def test_a_job_that_rests_says_why(served, visit, tmp_path):
    zone = tmp_path / "sys/class/thermal/thermal_zone0"
    zone.mkdir(parents=True)
    (zone / "type").write_text("cpu-thermal")
    (zone / "temp").write_text("93000")

    async def start(service):
        service._parts.pacer = Pacer(lambda: service.settings, tmp_path, 0.1)
        photos = (await service.store.photos.page()).items
        options = CaptionOptions(refresh=True)
        ids = [photo.id for photo in photos]
        return await service.caption_jobs.enqueue_photos(ids, options, "a test")

    job = served.run(start)
    page = visit(f"{served.url}#/jobs")
    page.get_by_text("Rests: too hot (93 °C, at most 80)").wait_for()
    (zone / "temp").write_text("50000")
    page.locator(".job.is-done").wait_for(timeout=LONG_MS)
    assert served.run(lambda s: s.store.jobs.get(job.id)).state == "done"


def test_a_failed_job_shows_each_error(served, visit):
    visit.expected += ["409"]

    async def start(service):
        photos = (await service.store.photos.page()).items
        for size in SIZES:
            service.store.thumbnails.path(photos[0].id, size).unlink()
        ids = [photo.id for photo in photos]
        options = CaptionOptions(refresh=True)
        job = await service.caption_jobs.enqueue_photos(ids, options, "a test")
        return await service.jobs.wait(job.id)

    served.run(start, timeout=30)
    page = visit(f"{served.url}#/jobs")
    card = page.locator(".job", has_text="3 described, 1 failed")
    card.get_by_text("Details").click()
    error = card.locator(".reasons a")
    error.wait_for()
    assert "file is not there" in error.inner_text()
    error.click()
    page.locator(".photo-side").wait_for()


def test_a_model_too_large_for_this_machine_warns_with_its_numbers(serve, visit):
    served = serve()
    page = visit(f"{served.url}#/models")
    page.locator(".model").first.wait_for()
    found = page.evaluate(
        """async () => {
            const script = document.querySelector("script[type=module]").src;
            const {memoryWarning} = await import(
                script.replace("app.js", "parts/memory-warning.js"));
            const machine = {total_bytes: 4e9, available_bytes: 1e9, held: 5e8};
            return [1e9, 1.4e9, 1.6e9, 2.5e9, 5e9].map(
                (memory_bytes) => memoryWarning({memory_bytes}, machine)).concat(
                memoryWarning({memory_bytes: 3e9}, {total_bytes: 4e9}),
                memoryWarning({memory_bytes: null}, machine));
        }"""
    )
    assert found[:2] == [None, None]
    assert "1.6 GB" in found[2]
    assert "1.5 GB of 4 GB are free" in found[2]
    assert "1.5 GB of 4 GB are free" in found[3]
    assert "4 GB in all" in found[4]
    assert "75%" in found[5]
    assert found[6] is None
    assert all(facts["memory_bytes"] for facts in served.run(all_facts))


async def all_facts(service) -> list[dict]:
    facts = await service.models.all()
    return [facts_to_dict(one) for one in facts if one.spec.total_bytes]


def test_every_model_shows_its_marks_and_what_they_rest_on(served, visit):
    page = visit(f"{served.url}#/models")
    card = page.locator(".model", has_text="Answers now").first
    card.wait_for()
    marks = card.locator(".marks")
    assert marks.locator("dt").all_inner_texts() == ["Quality", "Speed"]
    quality, speed = marks.get_by_role("img").all()
    assert quality.get_attribute("aria-label") == "2 of 5"
    assert quality.locator(".is-lit").count() == 2
    assert quality.locator("i").count() == speed.locator("i").count() == 5
    words = marks.locator("dd.hint").all_inner_texts()
    assert words[0] == "25 of 100, estimated"
    assert re.fullmatch(
        r"(< |about )?[\d.]+ s a photo, (guessed|measured here)", words[1]
    )


def test_marks_stay_within_a_narrow_screen(served, visit):
    page = visit(f"{served.url}#/models")
    page.set_viewport_size({"width": 320, "height": 700})
    page.locator(".model .marks").first.wait_for()
    assert page.evaluate(
        """() => [...document.querySelectorAll(".models > section > .cards .marks")]
            .every((marks) => marks.getBoundingClientRect().right <= innerWidth
                && marks.scrollWidth <= marks.clientWidth)"""
    )


def test_a_model_is_loaded_shown_in_memory_and_unloaded(served, visit):
    page = visit(f"{served.url}#/models")
    card = page.locator(".model", has_text="Tiny captioner")
    card.get_by_text("Answers now").wait_for()
    page.get_by_text("Nothing is loaded").wait_for()
    card.get_by_role("button", name="Load now").click()
    card.get_by_text("Loaded", exact=True).wait_for(timeout=LONG_MS)
    page.get_by_text("Loaded: tiny-captioner").wait_for()
    card.get_by_role("button", name="Unload").click()
    card.get_by_role("button", name="Load now").wait_for()
    page.get_by_text("Nothing is loaded").wait_for()
    card.get_by_role("button", name="Check files").click()
    page.locator(".toast", has_text="Tiny captioner was checked").wait_for()


def test_fetching_a_model_asks_first_and_says_why_it_can_not(served, visit):
    visit.expected += ["409"]
    page = visit(f"{served.url}#/models")
    page.locator(".misfits summary").first.wait_for()
    fetch = page.locator(".models > section > .cards").get_by_role(
        "button", name="Fetch"
    )
    fetch.first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("Your photos are not sent anywhere").wait_for()
    dialog.get_by_text("Licence:").wait_for()
    dialog.get_by_role("button", name="etch").last.click()
    page.locator(".toast.error").wait_for()  # this service is told to stay offline
    page.locator(".misfits summary").first.click()
    page.locator(".misfits .model").first.wait_for()


def test_the_wand_can_be_told_to_stop(served, visit):
    photo = served.run(lambda s: s.store.photos.page(limit=1)).items[0]
    page = visit(f"{served.url}#/photo/{photo.id}")
    page.locator(".suggestion-text").wait_for()
    page.keyboard.press("w")
    work = page.locator(".suggestion.is-working")
    work.get_by_role("button", name="Cancel").click()
    page.locator(".suggestion-text").wait_for()
    assert work.count() == 0


def test_settings_rule_over_devices_and_shares(served, visit):
    page = visit(f"{served.url}#/settings")
    page.get_by_role("button", name="Add a device").click()
    page.get_by_label("Name of the device").fill("Gran's tablet")
    page.get_by_label("May", exact=True).select_option("read")
    page.get_by_role("button", name="Make a link").click()
    link = page.get_by_label("Link", exact=True).input_value()
    assert "sign-in?id=" in link
    page.keyboard.press("Escape")
    served.run(lambda s: s.store.tokens.create("Old phone", "write"))
    page.reload()
    page.get_by_text("Old phone").wait_for()
    page.locator("li", has_text="Old phone").get_by_role("button").click()
    page.get_by_role("dialog").get_by_role("button", name="Sign out").click()
    page.get_by_text("No other device may come in").wait_for()
    page.get_by_role("button", name="Dark", exact=True).click()
    page.reload()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    page.get_by_role("button", name="Deutsch", exact=True).click()
    page.get_by_role("heading", name="Dieser Browser").wait_for()
    assert page.evaluate("document.documentElement.lang") == "de"
