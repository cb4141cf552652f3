"""Studies in the store: made, prepared, rated, forgotten."""

from itertools import pairwise

import pytest

from edge_runtime.errors import PhotoNotFoundError
from edge_runtime.schemas import Verdict
from edge_runtime.store import (
    RespondentNotFoundError,
    StudyCaption,
    StudyNotFoundError,
    StudyState,
    Variant,
)

NOBODY = "0" * 26
VARIANTS = [
    Variant("Raw", "tiny", check=False),
    Variant("Checked", "tiny", check=True, options={"style": "short"}),
]


def said(photo_id: str, variant: int, text: str = "A dog") -> StudyCaption:
    return StudyCaption(photo_id, variant, text, Verdict.SURE, None, 0.25)


async def prepared(store, photos) -> str:
    """Return a study in which every photo has a caption of each variant."""
    study = await store.studies.create("Dogs", "en", photos, VARIANTS)
    for photo_id in photos:
        for variant in range(2):
            await store.studies.put_caption(study.id, said(photo_id, variant))
    return study.id


async def test_a_study_keeps_its_photos_variants_and_captions(store, gallery):
    photos = (await gallery.photos(3))[::-1]
    study = await store.studies.create("Dogs #1 <b>", "de", photos, VARIANTS)
    assert (study.state, study.job_id, study.scorer) == (
        StudyState.PREPARING,
        None,
        None,
    )
    assert await store.studies.photo_ids(study.id) == photos
    await store.studies.put_caption(study.id, said(photos[1], 1, "Zwei Hunde"))
    await store.studies.put_caption(study.id, said(photos[0], 0))
    await store.studies.put_scores(study.id, photos[1], "scorer", {1: 0.5})
    found = await store.studies.captions(study.id)
    assert [(c.photo_id, c.variant, c.score) for c in found] == [
        (photos[0], 0, None),
        (photos[1], 1, 0.5),
    ]
    await store.studies.set_job(study.id, NOBODY)
    await store.studies.set_state(study.id, StudyState.OPEN)
    (again,) = await store.studies.list()
    assert again.variants == tuple(VARIANTS)
    assert (again.job_id, again.state, again.scorer) == (NOBODY, "open", "scorer")
    with pytest.raises(StudyNotFoundError):
        await store.studies.get(NOBODY)
    with pytest.raises(PhotoNotFoundError):
        await store.studies.create("None", "en", [NOBODY], VARIANTS)
    assert len(await store.studies.list()) == 1, "half a study was kept"


async def test_links_are_secrets_and_count_whole_photos(store, gallery):
    photos = await gallery.photos(2)
    study_id = await prepared(store, photos)
    (anna, secret), (ben, other) = await store.respondents.add(
        study_id, ["Anna", "Ben"]
    )
    assert (anna.number, ben.number) == (1, 2)
    assert secret != other
    found, study = await store.respondents.by_secret(secret)
    assert (found, study.id) == (anna, study_id)
    for wrong in ("", secret[:-1], secret + "x", "ec_"):
        assert await store.respondents.by_secret(wrong) is None
    await store.respondents.rate(anna, photos[0], {0: 4})
    assert [r.rated_photos for r in await store.respondents.of_study(study_id)] == [
        0,
        0,
    ]
    await store.respondents.rate(anna, photos[0], {0: 5, 1: 2})
    await store.respondents.rate(ben, photos[1], {0: 1, 7: 3})
    assert [r.rated_photos for r in await store.respondents.of_study(study_id)] == [
        1,
        0,
    ]
    ratings = await store.respondents.ratings(study_id)
    assert [(r.respondent, r.photo_id, r.variant, r.stars) for r in ratings] == [
        (1, photos[0], 0, 5),
        (1, photos[0], 1, 2),
        (2, photos[1], 0, 1),
    ]
    assert len(await store.respondents.ratings(study_id, ben.id)) == 1
    await store.respondents.remove(study_id, ben.id)
    assert await store.respondents.by_secret(other) is None
    assert len(await store.respondents.ratings(study_id)) == 2
    (carl, _), *_ = await store.respondents.add(study_id, [""])
    assert carl.number == 2
    with pytest.raises(RespondentNotFoundError):
        await store.respondents.remove(study_id, ben.id)
    with pytest.raises(StudyNotFoundError):
        await store.respondents.add(NOBODY, ["Nobody"])


async def test_a_forgotten_photo_leaves_the_study(store, gallery):
    photos = await gallery.photos(2)
    study_id = await prepared(store, photos)
    ((anna, _),) = await store.respondents.add(study_id, ["Anna"])
    for photo_id in photos:
        await store.respondents.rate(anna, photo_id, {0: 3, 1: 3})
    await store.photos.forget(photos[0])
    assert await store.studies.photo_ids(study_id) == photos[1:]
    assert {c.photo_id for c in await store.studies.captions(study_id)} == {photos[1]}
    assert len(await store.respondents.ratings(study_id)) == 2
    await store.studies.put_caption(study_id, said(photos[0], 0))  # came too late
    assert len(await store.studies.captions(study_id)) == 2
    assert await store.check() == []


async def test_a_deleted_study_takes_its_links_and_words_with_it(store, gallery):
    photos = await gallery.photos(1)
    study_id = await prepared(store, photos)
    ((anna, secret),) = await store.respondents.add(study_id, ["Anna Unmistakable"])
    await store.respondents.rate(anna, photos[0], {0: 3})
    await store.studies.delete(study_id)
    assert await store.respondents.by_secret(secret) is None
    await store.scrub()
    for path in store.home.glob("edge-captions.db*"):
        assert b"Unmistakable" not in path.read_bytes(), path
    assert (await store.photos.get(photos[0])).id == photos[0]
    with pytest.raises(StudyNotFoundError):
        await store.studies.delete(study_id)


@pytest.mark.parametrize(("photos", "wanted"), [(0, 0), (3, 3), (20, 20), (207, 20)])
async def test_suggested_photos_come_from_all_of_the_library(
    store, gallery, photos, wanted
):
    ids = await gallery.photos(photos)
    await gallery.photo("frame", source_id=gallery.camera)
    found = await store.studies.spread(20)
    assert len(found) == len(set(found)) == wanted
    places = [ids.index(photo_id) for photo_id in found]
    assert places == sorted(places)
    if photos > wanted:
        gaps = {b - a for a, b in pairwise(places)}
        assert gaps <= {10, 11}
