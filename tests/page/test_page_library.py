"""The library: months, filters, search, tags; and many photos in few elements."""

import json

from page_helpers import fill_library
import pytest

from edge_runtime.store import NewPhoto, SourceKind

MANY = 100_000
SEEN = 1500
"""Photos that the test scrolls past."""
SUMMER_2020 = 1_592_000_000_000


def photos_of(served):
    return served.run(lambda s: s.store.photos.page()).items


def write(served, photo_id: str, text: str) -> None:
    served.run(lambda s: s.review.write_caption(photo_id, "en", text))


def tiles(page, count: int) -> None:
    page.wait_for_function(
        "count => document.querySelectorAll('.tile').length === count", arg=count
    )


def test_filters_show_what_is_left_to_do(served, visit):
    first, *_ = photos_of(served)
    write(served, first.id, "Mine")
    page = visit(served.url)
    tiles(page, 4)
    page.get_by_role("button", name="With a caption", exact=True).click()
    tiles(page, 1)
    page.get_by_role("button", name="To review").click()
    tiles(page, 4)
    assert page.url.endswith("?show=pending")
    page.reload()
    page.locator(".tile").first.wait_for()
    pressed = page.locator(".chip[aria-pressed=true]").inner_text()
    assert pressed == "To review"
    page.get_by_role("button", name="Without a caption").click()
    tiles(page, 3)


def test_searching_as_one_types_marks_what_was_found(served, visit):
    first, second, *_ = photos_of(served)
    write(served, first.id, "Grandma's 🌻 sunflowers by the gate")
    write(served, second.id, "The gate of the #harbour")
    page = visit(served.url)
    tiles(page, 4)
    page.keyboard.press("/")
    page.keyboard.type("gat")
    page.locator(".result").nth(1).wait_for()
    marks = page.locator(".result mark").all_inner_texts()
    assert marks == ["gate", "gate"]
    page.keyboard.type("e sunfl")
    page.wait_for_function("() => document.querySelectorAll('.result').length === 1")
    assert "sunflowers" in page.locator(".result mark").all_inner_texts()
    page.locator(".result").click()
    page.locator(".photo-side").get_by_text("Grandma's 🌻 sunflowers").wait_for()
    page.keyboard.press("Escape")
    page.locator(".search-field").fill("nothing like this")
    page.get_by_text("Nothing found").wait_for()
    page.locator(".search-field").press("Escape")
    tiles(page, 4)
    page.locator(".search-field").fill("gate")
    page.locator(".result").first.wait_for()
    page.get_by_role("link", name="Library").click()  # begins anew
    tiles(page, 4)
    assert page.locator(".search-field").input_value() == ""


def test_a_tag_is_an_album(served, visit):
    first, second, third, _ = photos_of(served)
    for photo in (first, second):
        write(served, photo.id, "On the way #Down by the sea")
    served.run(lambda s: s.review.add_tag(third.id, "Down"))
    page = visit(f"{served.url}#/tags")
    album = page.locator(".album", has_text="#Down")
    album.get_by_text("3 photos").wait_for()
    album.locator("img.is-loaded").wait_for()
    album.click()
    page.get_by_role("heading", name="#Down").wait_for()
    tiles(page, 3)
    page.get_by_role("button", name="Share this album").click()
    page.get_by_role("button", name="Make a link").click()
    link = page.get_by_label("Link", exact=True).input_value()
    assert link.startswith(f"{served.url}#/shared/")


def test_when_where_and_what_narrow_the_list(served, visit):
    first, second, third, _ = photos_of(served)

    async def place(service):
        await service.store.photos.update(
            first.id, place={"city": "Lisbon <b>", "country": "Portugal"}
        )
        await service.store.photos.update(second.id, place={"country": "Portugal"})
        await service.store.photos.update(first.id, taken_at=SUMMER_2020)
        await service.store.photos.update(third.id, taken_at=SUMMER_2020)
        await service.review.add_tag(third.id, "Sea side")

    served.run(place)
    page = visit(served.url)
    tiles(page, 4)
    page.get_by_label("Where").select_option("Portugal")
    tiles(page, 2)
    page.get_by_label("When").select_option("2020-06")
    tiles(page, 1)
    page.reload()
    tiles(page, 1)
    assert page.get_by_label("Where").input_value() == "Portugal"
    page.get_by_label("Where").select_option("")
    tiles(page, 2)
    page.get_by_label("What").select_option("sea side")
    tiles(page, 1)
    page.get_by_label("When").select_option("2020")
    tiles(page, 1)
    page.get_by_role("button", name="With a caption", exact=True).click()
    page.get_by_text("No photo fits").wait_for()
    page.get_by_role("button", name="All photos").last.click()
    tiles(page, 4)
    assert page.get_by_label("Who").count() == 0, "people are not switched on"


def test_a_place_is_an_album_that_can_be_shared_without_captions(served, visit):
    first, second, *_ = photos_of(served)
    write(served, first.id, "At the <i>Tejo")

    async def place(service):
        for photo in (first, second):
            await service.store.photos.update(photo.id, place={"city": "Lisbon"})

    served.run(place)
    page = visit(f"{served.url}#/tags")
    page.get_by_role("button", name="Places").click()
    album = page.locator(".album", has_text="Lisbon")
    album.get_by_text("2 photos").wait_for()
    album.locator("img.is-loaded").wait_for()
    album.click()
    page.get_by_role("heading", name="Lisbon").wait_for()
    tiles(page, 2)
    page.get_by_role("button", name="Share this album").click()
    page.get_by_label("Show the captions").uncheck()
    page.get_by_role("button", name="Make a link").click()
    link = page.get_by_label("Link", exact=True).input_value()
    page.keyboard.press("Escape")
    guest = visit(link)
    guest.locator("figure img").nth(1).wait_for()
    assert "Tejo" not in guest.content()
    assert guest.get_by_role("button").count() == 0, "visitors see no tools"
    page.goto(f"{served.url}#/settings")
    page.get_by_label("Show the captions").check()
    page.wait_for_timeout(300)
    guest.reload()
    guest.get_by_text("At the <i>Tejo").wait_for()
    alts = guest.locator("figure img").evaluate_all("all => all.map((i) => i.alt)")
    assert "At the <i>Tejo" in alts


def test_photos_that_come_in_appear_by_themselves(served, visit):
    page = visit(served.url)
    tiles(page, 4)

    async def add(service):
        source = await service.store.sources.ensure(SourceKind.REQUEST, "requests")
        first = (await service.store.photos.page(limit=1)).items[0]
        new = NewPhoto(source_id=source.id, picture_hash="1" * 64, width=4, height=3)
        photo, _ = await service.store.photos.add(new)
        small = service.store.thumbnails.path(first.id, 320)
        place = service.store.thumbnails.path(photo.id, 320)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(small.read_bytes())
        await service.events.emit("photo.added", {"id": photo.id})

    served.run(add)
    tiles(page, 5)


SCROLL = """async () => {
    const until = Date.now() + 20000;
    let most = 0;
    while (scrollY < 40000 && Date.now() < until) {
        scrollBy(0, 700);
        await new Promise(requestAnimationFrame);
        most = Math.max(most, document.querySelectorAll('.tile').length);
    }
    return scrollY < 40000 ? 0 : most;
}"""
"""Scrolls down; returns the most tiles at once."""


def longest_task_ms(trace: bytes) -> float:
    """Return the longest task of the page's own thread, in its processor time: other
    programs on this machine don't count."""
    events = json.loads(trace)["traceEvents"]
    threads = {
        (one["pid"], one["tid"])
        for one in events
        if one["name"] == "thread_name" and one["args"]["name"] == "CrRendererMain"
    }
    tasks = [
        one["tdur"] / 1000
        for one in events
        if one["name"].endswith("RunTask")
        and (one["pid"], one["tid"]) in threads
        and "tdur" in one
    ]
    assert len(tasks) > 100
    return max(tasks)


@pytest.mark.timeout(300)
def test_many_photos_scroll_smoothly_in_few_elements(serve, visit, browser):
    served = serve()
    served.run(lambda s: fill_library(s, MANY, SEEN), timeout=120)
    page = visit(served.url)
    page.locator(".tile").first.wait_for()
    browser.start_tracing(page=page, categories=["toplevel"])
    most = page.evaluate(SCROLL)
    longest = longest_task_ms(browser.stop_tracing())
    assert 20 < most < 150
    assert longest < 100, "a task took that long, and the page stood still"
    months = page.locator(".grid-head").all_inner_texts()
    assert all(month.split()[1] in {"2025", "2024", "2026"} for month in months)
    # an opened photo comes back to the same place
    before = page.evaluate("scrollY")
    tile = page.locator(".tile").nth(30)
    tile.evaluate("tile => tile.click()")
    page.locator(".photo-side .facts").wait_for()
    page.keyboard.press("Escape")
    page.locator(".overlay").wait_for(state="hidden")
    assert abs(page.evaluate("scrollY") - before) < 5
    # another width keeps what was looked at
    middle = page.evaluate(
        "document.elementFromPoint(400, 400).closest('.grid-row').firstChild.hash"
    )
    page.set_viewport_size({"width": 700, "height": 800})
    page.wait_for_function("() => document.querySelector('.grid').clientWidth < 700")
    page.wait_for_function(
        "hash => [...document.querySelectorAll('.tile')].some((t) => t.hash === hash)",
        arg=middle,
    )


def test_the_layout_fills_rows_and_grows_behind_what_is_placed(served, visit):
    page = visit(served.url)
    address = page.evaluate("document.querySelector('script[type=module]').src")
    module = address.replace("app.js", "parts/justified.js")
    found = page.evaluate(
        """async (module) => {
            const {JustifiedLayout} = await import(module);
            const photos = Array.from({length: 1000}, (_, n) => ({
                width: [400, 300, 4000, 0][n % 4], height: [300, 400, 100, 0][n % 4],
                group: `2025-${String(12 - Math.floor(n / 100)).padStart(2, "0")}`,
            }));
            const options = {width: 1000, rowHeight: 200, gap: 4, headHeight: 50};
            const whole = new JustifiedLayout(options);
            const parts = new JustifiedLayout(options);
            whole.add(photos);
            for (let n = 0; n < 1000; n += 7) parts.add(photos.slice(n, n + 7));
            const rows = whole.blocks.filter((block) => block.kind === "row");
            return {
                same: JSON.stringify(whole.blocks) === JSON.stringify(parts.blocks),
                heads: whole.blocks.filter((block) => block.kind === "head").length,
                whole: rows.every((row, n) => row.start === (n ? rows[n - 1].end : 0)),
                end: rows.at(-1).end,
                tallest: Math.max(...rows.map((row) => row.height)),
                ordered: whole.blocks.every(
                    ({top}, n, all) => !n || top > all[n - 1].top),
                between: whole.between(500, 900),
            };
        }""",
        module,
    )
    first, behind = found.pop("between")
    assert 0 < first < behind < 12
    assert found.pop("tallest") <= 200
    assert found == {
        "same": True,
        "heads": 10,
        "whole": True,
        "end": 1000,
        "ordered": True,
    }
