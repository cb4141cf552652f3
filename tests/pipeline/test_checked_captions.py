"""From photo to checked caption: the runtime, its choice of scorer, real workers."""

import asyncio
from dataclasses import replace

import pytest

from edge_runtime.errors import WorkerCrashedError
from edge_runtime.hardware import MemoryInfo
from edge_runtime.inference.messages import CaptionAnswer, ScoreAnswer
from edge_runtime.pipeline import CaptionCheck, CaptionPipeline
from edge_runtime.preferences import SelectionLayer
from edge_runtime.schemas import CaptionRequest, Task, Verdict, VisualCaption
from tests.fixtures.scorer import colours

SCORING = Task.ZERO_SHOT_IMAGE_CLASSIFICATION


async def captioned(runtime, tmp_path, colour, **request):
    photo = colours.paint(tmp_path / "photo.png", colour)
    spec = runtime.model("colour-captioner")
    return await runtime.caption(CaptionRequest(str(photo), **request), spec)


@pytest.mark.parametrize(
    ("colour", "caption", "verdict", "doubted"),
    [
        (colours.GREEN, "A dog on the grass.", Verdict.SURE, ()),
        (colours.MAGENTA, "A cat on the water.", Verdict.SURE, ("dog", "grass")),
        (colours.RED, "A cat.", Verdict.UNSURE, ("dog", "grass")),
        (colours.GREY, "A dog on the grass.", Verdict.UNSURE, ("dog", "grass")),
        (colours.BLUE, "A zebu on the water.", Verdict.UNSURE, ("zebu", "grass")),
        (colours.NAVY, "A photo of a zebra.", Verdict.UNSURE, ("dog", "grass")),
        (colours.BLACK, "A photo.", Verdict.NONE, ("dog", "grass")),
    ],
)
async def test_a_caption_says_what_the_photo_supports(
    tmp_path, colour, caption, verdict, doubted
):
    async with await colours.install(tmp_path) as runtime:
        found = await captioned(runtime, tmp_path, colour)
    assert (found.caption, found.verdict, found.doubted) == (caption, verdict, doubted)
    assert found.scorer == "colour-scorer"
    assert 0 <= found.image_text_score <= 1
    if verdict is Verdict.SURE:
        assert found.image_text_score > 0.9
    assert found.stages["check"] > 0
    assert found.seconds > found.stages["check"]
    raw = "a zebu on the grass" if colour is colours.BLUE else "a dog on the grass"
    assert found.raw_caption == raw


async def test_a_request_may_leave_the_check_out(tmp_path):
    async with await colours.install(tmp_path) as runtime:
        found = await captioned(runtime, tmp_path, colours.RED, verify=False)
        assert runtime.runner(runtime.model("colour-captioner"), verify=False).pid
    assert (found.caption, found.verdict) == ("A dog on the grass.", Verdict.UNCHECKED)
    assert (found.scorer, found.image_text_score, found.doubted) == (None, None, ())
    assert "check" not in found.stages


async def test_one_worker_serves_both_kinds_of_request(tmp_path):
    async with await colours.install(tmp_path) as runtime:
        await captioned(runtime, tmp_path, colours.GREEN)
        await captioned(runtime, tmp_path, colours.GREEN, verify=False)
        assert len(runtime._runners) == 1


async def test_photos_side_by_side_are_each_checked_by_themselves(tmp_path):
    painted = {
        colour: str(colours.paint(tmp_path / f"{index}.png", colour))
        for index, colour in enumerate((colours.GREEN, colours.RED, colours.BLACK))
    }
    async with await colours.install(tmp_path) as runtime:
        spec = runtime.model("colour-captioner")
        requests = [CaptionRequest(path) for path in painted.values()] * 3
        found = await asyncio.gather(*(runtime.caption(r, spec) for r in requests))
    assert [f.caption for f in found] == [
        "A dog on the grass.",
        "A cat.",
        "A photo.",
    ] * 3


@pytest.mark.parametrize(
    "off",
    [
        {"verify": False},
        {"selection": SelectionLayer({SCORING: "none"})},
    ],
)
async def test_the_settings_may_leave_the_check_out(tmp_path, off):
    async with await colours.install(tmp_path, **off) as runtime:
        assert runtime.scorer(runtime.model("colour-captioner")) is None
        found = await captioned(runtime, tmp_path, colours.RED)
        assert runtime.runner(runtime.model("colour-captioner")).model.scorer is None
    assert found.verdict is Verdict.UNCHECKED


async def test_a_scorer_checks_only_the_captioner_whose_encoder_it_shares(tmp_path):
    async with await colours.install(tmp_path) as runtime:
        other = replace(runtime.model("colour-captioner"), id="another-captioner")
        assert runtime.scorer(other) is None


async def test_a_scorer_that_does_not_fit_is_never_loaded(tmp_path):
    async with await colours.install(tmp_path) as runtime:
        spec = runtime.model("colour-captioner")
        size = 2 * colours.MEMORY  # 85 % of which may be filled
        small = MemoryInfo(total_bytes=size, available_bytes=size)
        runtime.__dict__["hardware"] = replace(runtime.hardware, memory=small)
        assert runtime.scorer(spec) is None
        assert runtime.runner(spec).model.scorer is None


async def test_a_scorer_of_its_own_checks_in_a_worker_of_its_own(tmp_path):
    models = ("colour-captioner", "colour-clip")
    async with await colours.install(tmp_path, *models) as runtime:
        spec = runtime.model("colour-captioner")
        assert runtime.scorer(spec) is runtime.model("colour-clip")
        found = await captioned(runtime, tmp_path, colours.GREEN)
        assert set(runtime._runners) == set(models)
    assert (found.caption, found.verdict) == ("A dog on the grass.", Verdict.SURE)
    assert found.scorer == "colour-clip"
    assert 2.4 < found.image_text_score <= 2.5


@pytest.mark.parametrize(("share", "there"), [(2.1, False), (2.6, True)])
async def test_a_scorer_of_its_own_needs_room_beside_the_captioner(
    tmp_path, share, there
):
    models = ("colour-captioner", "colour-clip")
    async with await colours.install(tmp_path, *models) as runtime:
        size = int(colours.MEMORY * share)  # 85 % of which may be filled
        memory = MemoryInfo(total_bytes=size, available_bytes=size)
        runtime.__dict__["hardware"] = replace(runtime.hardware, memory=memory)
        scorer = runtime.scorer(runtime.model("colour-captioner"))
    assert (scorer is not None) == there


async def test_of_two_scorers_the_pinned_one_checks(tmp_path):
    every = ("colour-captioner", "colour-scorer", "colour-clip")
    for pin in every[1:]:
        chosen = SelectionLayer({SCORING: pin})
        installed = colours.install(tmp_path, *every, selection=chosen)
        async with await installed as runtime:
            assert runtime.scorer(runtime.model("colour-captioner")).id == pin


async def test_a_scorer_counts_for_the_limit_of_the_worker_it_shares(tmp_path):
    async with await colours.install(tmp_path, memory_limit_mib=200) as runtime:
        assert runtime.scorer(runtime.model("colour-captioner")) is None
    async with await colours.install(tmp_path, memory_limit_mib=300) as runtime:
        assert runtime.scorer(runtime.model("colour-captioner")) is not None


async def test_a_scorer_without_thresholds_checks_nothing(tmp_path):
    async with await colours.install(tmp_path) as runtime:
        models = tuple(replace(s, thresholds=None) for s in runtime.manifest.models)
        runtime.__dict__["manifest"] = replace(runtime.manifest, models=models)
        assert runtime.scorer(runtime.model("colour-captioner")) is None


async def test_a_scorer_that_comes_later_is_found(tmp_path):
    async with await colours.install(tmp_path) as runtime:
        spec, scorer = (runtime.model(f"colour-{n}") for n in ("captioner", "scorer"))
        place = runtime.store.paths(scorer)["labels"]
        away = place.rename(tmp_path / "labels.json")
        assert runtime.scorer(spec) is None
        away.rename(place)
        assert runtime.scorer(spec) is scorer


async def test_a_broken_scorer_leaves_the_caption_unchecked(tmp_path):
    async with await colours.install(tmp_path) as runtime:
        swapped = {"image": "text", "text": "image"}
        models = tuple(
            replace(
                spec,
                files=tuple(
                    replace(file, role=swapped.get(file.role, file.role))
                    for file in spec.files
                ),
            )
            for spec in runtime.manifest.models
        )
        runtime.__dict__["manifest"] = replace(runtime.manifest, models=models)
        found = await captioned(runtime, tmp_path, colours.RED)
    assert (found.caption, found.verdict) == ("A dog on the grass.", Verdict.UNCHECKED)
    (note,) = found.notes
    assert note.startswith("the caption could not be checked: ")
    assert "lack or exceed what is fed" in note


class FakeCaptioner:
    """Says one thing."""

    def __init__(self, *texts):
        self.captions = tuple(VisualCaption(t, (-0.5,), -0.5) for t in texts)

    async def caption(self, job, payload=b""):
        return CaptionAnswer(self.captions, {}, 8, 8, (), 5, 3)


class FakeScorer:
    """Keeps what it was asked, and answers with one number or an error."""

    def __init__(self, value):
        self.value = value
        self.jobs = []

    async def score(self, job, payload=b""):
        self.jobs.append(job)
        if isinstance(self.value, Exception):
            raise self.value
        count = len(job.captions), len(job.phrases)
        captions, phrases = ((self.value,) * n for n in count)
        return ScoreAnswer(captions, phrases, (), (), {}, 3, 5)


def pipeline(scorer, *texts):
    check = CaptionCheck(scorer, "fake-scorer", colours.THRESHOLDS)
    return CaptionPipeline(FakeCaptioner(*texts), "fake", ("en",), lambda: 77, check)


async def test_everything_is_asked_at_once():
    scorer = FakeScorer(0.9)
    found = await pipeline(scorer, "a black dog", "a dog", "", "a dog").caption(
        CaptionRequest("a.jpg")
    )
    (job,) = scorer.jobs
    assert job.captions == ("a black dog", "a dog")
    assert job.phrases == ("dog", "black dog")
    assert job.nouns == ("dog",)
    assert (job.photo, job.path, job.memory_budget) == (3, "a.jpg", 77)
    assert found.image_text_score == 0.9


async def test_a_text_that_is_new_is_scored_afterwards():
    scorer = FakeScorer(0.1)
    found = await pipeline(scorer, "a black dog").caption(CaptionRequest("a.jpg"))
    assert scorer.jobs[1].captions == ("a photo",)
    assert scorer.jobs[1].phrases == ()
    assert (found.caption, found.image_text_score) == ("A photo.", 0.1)


async def test_a_scorer_that_dies_costs_no_caption():
    scorer = FakeScorer(WorkerCrashedError("the worker was ended by SIGILL"))
    found = await pipeline(scorer, "a dog").caption(CaptionRequest("a.jpg"))
    assert (found.caption, found.verdict) == ("A dog.", Verdict.UNCHECKED)
    assert found.notes == (
        "the caption could not be checked: the worker was ended by SIGILL",
    )


async def test_nothing_said_is_checked_for_what_the_labels_see():
    found = await pipeline(FakeScorer(0.9), "").caption(CaptionRequest("a.jpg"))
    assert (found.caption, found.verdict) == ("A photo.", Verdict.NONE)
    assert "the captioner found nothing to say" in found.notes
