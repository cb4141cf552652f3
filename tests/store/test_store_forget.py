"""Forgotten photos leave nothing behind."""

import asyncio

import pytest

from edge_runtime.errors import PhotoNotFoundError
from edge_runtime.store import (
    JobState,
    NewJob,
    Retention,
    ShareTarget,
    Store,
)
from edge_runtime.store.scrubbing import Scrubber
from tests.store.photos import Gallery, at

SECRETS = b"zanzibar quokka wombat okapi axolotl narwhal pangolin".split()


def everything_in(home) -> bytes:
    return b"".join(path.read_bytes() for path in home.iterdir()).lower()


def left_in(home) -> list[bytes]:
    content = everything_in(home)
    return [word for word in SECRETS if word in content]


async def secretive_photo(gallery):
    """Return a photo about which every secret word is said somewhere."""
    photo = await gallery.photo(
        "secret",
        file=at("wombat/a.jpg"),
        people=("Okapi",),
        place={"city": "Axolotl"},
    )
    first = await gallery.suggest(photo, "A quokka #narwhal", raw_text="Pangolin")
    await gallery.store.suggestions.accept(first.id)
    await gallery.caption(photo, "Zanzibar")
    await gallery.suggest(photo, "One more quokka")
    return photo


async def test_nothing_said_about_a_forgotten_photo_is_left(home, store, gallery):
    for number in range(50):
        one = await gallery.photo(number, file=at(f"{number}.jpg"))
        await gallery.suggest(one, f"A dog {number}")
    photo = await secretive_photo(gallery)
    assert left_in(home) == SECRETS
    forgotten = await store.photos.forget(photo.id)
    assert forgotten.files == store.thumbnails.of([photo.id])
    await store.scrub()
    assert left_in(home) == []
    with pytest.raises(PhotoNotFoundError):
        await store.photos.get(photo.id)
    assert (await store.counts())["photos"] == 50
    assert (await store.counts())["tags"] == 0
    assert await store.check() == []


async def test_mentions_of_a_forgotten_photo_go_too(store, gallery):
    photo, other = await gallery.photo("one"), await gallery.photo("two")
    album = await store.albums.create("Best of")
    await store.albums.add(album.id, [photo.id, other.id])
    await store.ratings.rate(photo.id, 5)
    _, share = await store.shares.create(ShareTarget.PHOTO, photo.id)
    _, kept_share = await store.shares.create(ShareTarget.PHOTO, other.id)
    await store.events.append("photo.added", {"photo": {"id": photo.id}})
    kept_event = await store.events.append("photo.added", {"photo": {"id": other.id}})
    for number, one in enumerate((photo, other, photo)):
        job = await store.jobs.enqueue(NewJob("x", "model", params={"photo": one.id}))
        if number < 2:
            await store.jobs.finish(job.id, JobState.DONE, result={"photo": one.id})
    await store.photos.forget(photo.id)
    assert (await store.albums.get(album.id)).photos == 1
    assert await store.shares.by_secret(share) is None
    assert await store.shares.by_secret(kept_share) is not None
    assert (await store.events.since(kept_event.id - 1)).events == (kept_event,)
    assert len((await store.events.since(0)).events) == 1
    # a job that waits finds out by itself that its photo is gone
    jobs = (await store.jobs.page()).items
    assert [(job.state, job.params["photo"]) for job in jobs] == [
        ("queued", photo.id),
        ("done", other.id),
    ]


async def test_forgetting_several_is_all_or_nothing(store, gallery):
    photos = await gallery.photos(3)
    with pytest.raises(PhotoNotFoundError):
        await store.photos.forget(photos[0], "nobody", photos[1])
    assert (await store.counts())["photos"] == 3
    await store.photos.forget(*photos)
    assert (await store.counts())["photos"] == 0


async def test_the_clean_up_comes_by_itself(home, store, gallery):
    store.photos._scrubber._delay_s = 0.05
    photo = await secretive_photo(gallery)
    await store.photos.forget(photo.id)
    assert await store._scrubber.is_due()
    async with asyncio.timeout(10):
        while await store._scrubber.is_due():  # noqa: ASYNC110 - its state is tested
            await asyncio.sleep(0.02)
    assert left_in(home) == []


async def test_the_clean_up_comes_after_a_restart_too(home, monkeypatch):
    async with await Store.open(home) as store:
        gallery = await Gallery.of(store)
        await gallery.photos(20)
        await store.photos.forget((await secretive_photo(gallery)).id)
    monkeypatch.setattr(Scrubber.__init__, "__defaults__", (0.01,))
    async with await Store.open(home) as store, asyncio.timeout(10):
        while await store._scrubber.is_due():  # noqa: ASYNC110 - its state is tested
            await asyncio.sleep(0.02)
    assert left_in(home) == []


async def test_what_is_deleted_during_the_clean_up_is_cleaned_up_later(store, gallery):
    photos = await gallery.photos(2)
    await store.photos.forget(photos[0])
    note = store._scrubber._database.checkpoint

    async def meanwhile():
        await store.photos.forget(photos[1])
        return await note()

    store._scrubber._database.checkpoint = meanwhile
    await store.scrub()
    assert await store._scrubber.is_due()


async def frames(gallery, count, stored_bytes=100):
    added = []
    for number in range(count):
        frame = await gallery.photo(
            f"frame {number}", source_id=gallery.camera, stored_bytes=stored_bytes
        )
        added.append(frame)
        await asyncio.sleep(0.002)  # the ring goes by the time of arrival
    return added


@pytest.mark.parametrize(
    ("keep", "left"),
    [
        (Retention(), 5),
        (Retention(count=3), 3),
        (Retention(count=0), 0),
        (Retention(stored_bytes=250), 2),
        (Retention(days=1), 5),
        (Retention(days=0), 0),
        (Retention(days=1, count=4, stored_bytes=100), 1),
    ],
)
async def test_a_camera_s_ring_has_bounds(store, gallery, keep, left):
    kept = await gallery.photo("library")
    added = await frames(gallery, 5)
    gone = await store.photos.retain(gallery.camera, keep)
    expected = [frame.id for frame in added[: 5 - left]]
    assert sorted(gone.photo_ids) == sorted(expected)
    assert len(gone.files) == 2 * len(expected)
    page = await store.photos.page()
    assert {one.id for one in page.items} == {
        kept.id,
        *(frame.id for frame in added[5 - left :]),
    }
