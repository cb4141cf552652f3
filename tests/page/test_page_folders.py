"""Folders: the first minutes from an empty library, and what is set for each."""

import shutil

from page_helpers import SAMPLES
import pytest

from edge_runtime.facts import FactKind

LONG_MS = 30_000


@pytest.fixture
def photos(tmp_path):
    """Return a folder that clients may choose from, with photos two levels below."""
    folder = tmp_path / "photos" / "Summer <2024>"
    folder.mkdir(parents=True)
    for sample in SAMPLES[:4]:
        shutil.copy(sample, folder)
    (folder / "broken.jpg").write_bytes(b"\xff\xd8 no photo")
    return tmp_path / "photos"


def test_the_first_minutes_lead_to_the_first_captions(serve, visit, photos):
    served = serve(empty=True, allowed_folders=(photos,))
    page = visit(served.url)
    page.get_by_text("No photos yet").wait_for()
    page.get_by_role("link", name="Watch a folder").click()
    page.locator(".chooser-row", has_text="photos").click()
    page.locator(".chooser-row", has_text="Summer <2024>").click()
    page.get_by_text("5 photos lie directly in it").wait_for()
    page.get_by_role("button", name="Watch this folder").click()
    page.get_by_text("Summer <2024> is watched").wait_for()
    page.get_by_text("4 photos · 4 not described").wait_for(timeout=LONG_MS)
    page.get_by_text("1 file looks like a photo").wait_for(timeout=LONG_MS)
    page.get_by_role("button", name="Describe 4 photos").click()
    page.get_by_role("link", name="Look at them").click(timeout=LONG_MS)
    page.locator(".review-text").wait_for()
    page.get_by_text("1 of 4").wait_for()


def test_without_allowed_folders_the_guide_names_the_command(serve, visit):
    page = visit(f"{serve(empty=True).url}#/welcome")
    page.get_by_text("edge-captions library add").wait_for()
    page.get_by_text("allowed_folders").first.wait_for()


@pytest.fixture
def watched(serve, photos):
    served = serve(empty=True, allowed_folders=(photos,))

    async def watch(service):
        source = await service.library.add(str(photos), {"automatic": False})
        job = await service.library.enqueue("scan_folder", source.id, {}, "a test")
        await service.jobs.wait(job.id)

    served.run(watch, timeout=30)
    return served


def folder_of(served):
    facts = served.run(lambda s: s.library.all())
    return next(one for one in facts if one.settings is not None)


def test_a_folder_is_shown_set_and_removed(watched, visit):
    page = visit(f"{watched.url}#/settings")
    folder = page.locator(".folder")
    folder.get_by_text("4 photos · 4 not described").wait_for()
    folder.get_by_text("When you ask").wait_for()
    folder.get_by_role("button", name="Settings").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Describe new photos by itself").check()
    dialog.get_by_label("What becomes of a suggestion").select_option("accept_sure")
    dialog.get_by_label("Language of the captions").select_option("de")
    dialog.get_by_label("Write captions").select_option("sidecar")
    dialog.get_by_label("Only between").fill("nonsense")
    dialog.get_by_role("button", name="Save").click()
    assert folder_of(watched).settings.automatic is False, "nonsense was sent"
    dialog.get_by_label("Only between").fill("00:00-00:01")
    dialog.get_by_role("button", name="Save").click()
    page.locator(".toast", has_text="Saved").wait_for()
    found = folder_of(watched).settings
    assert (found.automatic, found.policy, found.language) == (
        True,
        "accept_sure",
        "de",
    )
    assert (found.write_metadata, found.schedule.hours) == ("sidecar", "00:00-00:01")
    folder.get_by_text("By itself (00:00-00:01)").wait_for()
    folder.get_by_role("button", name="Remove").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    page.get_by_text("No folder is watched").wait_for()


def test_a_folder_that_went_away_says_so(watched, visit, photos):
    page = visit(f"{watched.url}#/settings")
    page.locator(".folder").get_by_text("Watched").wait_for()
    photos.rename(photos.with_name("unplugged"))
    page.get_by_role("button", name="Look now").click()
    page.locator(".folder .notice").wait_for(timeout=LONG_MS)
    page.locator(".folder").get_by_text("Not connected").first.wait_for()


def test_names_of_people_show_only_where_they_are_switched_on(serve, visit):
    facts = (FactKind.PLACE, FactKind.PERSON)
    for changes, count in (({}, 0), ({"facts": facts}, 1)):
        served = serve(**changes)

        async def name(service):
            photo = (await service.store.photos.page(limit=1)).items[0]
            await service.store.photos.update(photo.id, people=("Anna Ö. <i>",))
            return photo.id

        photo_id = served.run(name)
        page = visit(served.url)
        page.locator(".tile").first.wait_for()
        page.get_by_label("What", exact=True).wait_for(state="attached")
        assert page.get_by_label("Who", exact=True).count() == count
        page.goto(f"{served.url}#/photo/{photo_id}")
        page.locator(".facts").wait_for()
        assert page.locator(".facts").get_by_text("Anna Ö. <i>").count() == count
        page.goto(f"{served.url}#/tags")
        page.get_by_role("button", name="Places").wait_for()
        people = page.get_by_role("button", name="People")
        assert people.count() == count
        if count:
            people.click()
            page.locator(".album", has_text="Anna Ö. <i>").click()
            page.locator(".tile").wait_for()


def test_what_is_set_for_the_whole_service_is_told(served, visit):
    page = visit(f"{served.url}#/settings")
    rows = page.locator(".panel", has_text="The whole service").locator(".rows")
    rows.wait_for()
    assert "Stay offline\noffline\non" in rows.inner_text().replace("\n\n", "\n")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the facts").click()
    assert '"version"' in download.value.path().read_text()
