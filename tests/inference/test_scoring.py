"""The shared scorer in real workers: answers, what is kept, failures, memory."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace
import os
from pathlib import Path
import sys

from PIL import Image
import pytest
from unmeasured import unmeasured

from edge_runtime.config import Settings
from edge_runtime.const import EMBEDDED_MODEL
from edge_runtime.errors import (
    ModelBrokenError,
    ModelUnusableError,
    PhotoNotFoundError,
    ProtocolError,
    WorkerError,
)
from edge_runtime.inference.child import WorkerLaunch
from edge_runtime.inference.messages import (
    CaptionAnswer,
    CaptionJob,
    LoadRequest,
    ScoreAnswer,
    ScoreJob,
    SharedScorer,
)
from edge_runtime.inference.runner import ModelRunner
from edge_runtime.runtime import EdgeRuntime
from edge_runtime.selftest import load_samples
from tests.fixtures.scorer import colours

SCORER = SharedScorer(
    "colour-scorer", "image_text", "onnxruntime", colours.files(colours.SCORER_FILES)
)
CAPTIONER = LoadRequest(
    model_id="colour-captioner",
    family="encoder_decoder",
    library="onnxruntime",
    files=colours.files(colours.CAPTIONER_FILES),
    threads=1,
    preprocess={"size": [224, 224], "mean": [0.5] * 3, "std": [0.5] * 3},
    generate={"max_new_tokens": 8, "num_beams": 4},
    scorer=SCORER,
)
ASKED = ScoreJob(
    captions=("a dog on the grass", "a cat on the water"),
    phrases=("dog", "cat", "zebu"),
    nouns=("dog", "cat", "zebu"),
)


@asynccontextmanager
async def running(model=CAPTIONER, **options):
    runner = ModelRunner(model, WorkerLaunch((sys.executable,)), **options)
    try:
        yield runner
    finally:
        await runner.stop()


@pytest.fixture
def painted(tmp_path):
    """Return a function that gives the path of a photo of one colour."""
    return lambda colour: str(
        colours.paint(tmp_path / f"{'-'.join(map(str, colour))}.png", colour)
    )


def changed(role: str, path: Path) -> LoadRequest:
    files = {**SCORER.files, role: str(path)}
    return replace(CAPTIONER, scorer=replace(SCORER, files=files))


async def test_texts_are_scored_against_the_photo_captioned_last(painted):
    async with running() as runner:
        green = await runner.caption(CaptionJob(path=painted(colours.GREEN)))
        assert [c.text for c in green.captions] == [
            "a dog on the grass",
            "a cat on the grass",
            "a dog on the water",
            "a cat on the water",
        ]
        found = await runner.score(replace(ASKED, photo=green.photo))
        assert found.photo == green.photo
        assert found.captions[0] > 0.99
        assert found.captions[1] < 0.01
        assert found.phrases == pytest.approx((0.993, 0.007, 0.5), abs=0.001)
        assert found.unknown == ("zebu",)
        red = await runner.caption(CaptionJob(path=painted(colours.RED)))
        found = await runner.score(replace(ASKED, photo=red.photo))
        assert found.phrases == pytest.approx((0.007, 0.993, 0.5), abs=0.001)
        assert found.labels[0].name == "cat"
        assert len(found.labels) == 5
        assert found.nouns["cat"] == pytest.approx(found.labels[0].probability)
        assert found.nouns["dog"] < 0.01
        assert "zebu" not in found.nouns


async def test_a_photo_may_come_between_a_caption_and_its_check(painted):
    async with running() as runner:
        first = await runner.caption(CaptionJob(path=painted(colours.GREEN)))
        for colour in (colours.RED, colours.BLUE, colours.GREY):
            await runner.caption(CaptionJob(path=painted(colour)))
        found = await runner.score(replace(ASKED, photo=first.photo))
        assert found.phrases[0] > 0.9


async def test_a_photo_that_was_forgotten_is_looked_at_again(painted):
    green = painted(colours.GREEN)
    async with running(keep_alive_s=0.0) as runner:
        first = await runner.caption(CaptionJob(path=green))
        async with asyncio.timeout(10):
            while runner.pid is not None:  # noqa: ASYNC110 - the unloading is tested
                await asyncio.sleep(0.02)
        found = await runner.score(replace(ASKED, photo=first.photo, path=green))
        assert found.phrases[0] > 0.9
        assert found.photo != first.photo
        assert runner.stats.starts == 2


async def test_a_photo_is_scored_by_path_and_by_payload_alike(painted):
    green = painted(colours.GREEN)
    data = Path(green).read_bytes()  # noqa: ASYNC240 - nothing runs beside it
    async with running() as runner:
        by_path = await runner.score(replace(ASKED, path=green))
        by_bytes = await runner.score(ASKED, data)
        assert by_path.captions == by_bytes.captions
        assert by_path.phrases[0] > 0.9
        with pytest.raises(PhotoNotFoundError):
            await runner.score(replace(ASKED, path="/nowhere/missing.jpg"))
        with pytest.raises(WorkerError, match="no longer knows the photo"):
            await runner.score(replace(ASKED, photo=1))
        assert runner.stats.starts == 1


async def test_nothing_asked_is_nothing_scored(painted):
    async with running() as runner:
        found = await runner.score(ScoreJob(path=painted(colours.GREEN)))
        assert (found.captions, found.phrases, found.unknown) == ((), (), ())
        assert len(found.labels) == 5


async def test_odd_texts_are_scored_too(painted):
    odd = ("", "???", "dog " * 100, "ÉTÉ 犬", "DOG")
    async with running() as runner:
        job = ScoreJob(odd, odd, path=painted(colours.GREEN))
        found = await runner.score(job)
    assert len(found.captions) == len(found.phrases) == 5
    assert found.phrases[4] > 0.9
    assert set(found.unknown) == {"", "???", "ÉTÉ 犬"}


async def test_without_a_scorer_nothing_is_kept_and_scoring_says_so(painted):
    async with running(replace(CAPTIONER, scorer=None)) as runner:
        answer = await runner.caption(CaptionJob(path=painted(colours.GREEN)))
        assert answer.photo is None
        with pytest.raises(WorkerError, match="no scorer is loaded"):
            await runner.score(replace(ASKED, path=painted(colours.GREEN)))


@pytest.mark.parametrize(
    ("role", "content", "words"),
    [
        ("image", b"no graph", "can't be loaded by onnxruntime"),
        ("labels", b'{"labels": []}', "must hold 'labels' and 'nouns'"),
        ("labels", b'{"labels": ["a"], "nouns": {"a": [1]}}', "class 1 stands under"),
        ("labels", b"[1]", "must hold 'labels' and 'nouns'"),
        ("vocabulary", b"a\nb\n", "must begin with <pad> and hold <unk>"),
        ("vocabulary", b"\xff", "can't be read"),
    ],
)
async def test_a_broken_scorer_costs_no_caption(
    painted, tmp_path, role, content, words
):
    broken = tmp_path / "broken"
    broken.write_bytes(content)
    async with running(changed(role, broken)) as runner:
        answer = await runner.caption(CaptionJob(path=painted(colours.GREEN)))
        assert answer.captions[0].text == "a dog on the grass"
        with pytest.raises(ModelBrokenError, match=words):
            await runner.score(replace(ASKED, photo=answer.photo))


async def test_graphs_that_do_not_belong_together_are_refused(painted):
    text = Path(SCORER.files["text"])
    async with running(changed("image", text)) as runner:
        with pytest.raises(ModelBrokenError, match="lack or exceed what is fed"):
            await runner.score(replace(ASKED, path=painted(colours.GREEN)))


async def test_labels_of_another_scorer_are_refused(painted, tmp_path):
    labels = tmp_path / "labels.json"
    labels.write_text('{"labels": ["cat"], "nouns": {"cat": [0]}}')
    async with running(changed("labels", labels)) as runner:
        with pytest.raises(ModelBrokenError, match=r"1 labels, but .* has 1000"):
            await runner.score(replace(ASKED, path=painted(colours.GREEN)))


async def test_a_family_that_is_no_scorer_is_refused_as_one(painted):
    odd = replace(CAPTIONER, scorer=replace(SCORER, family="encoder_decoder"))
    async with running(odd) as runner:
        with pytest.raises(ModelUnusableError, match="no family 'encoder_decoder'"):
            await runner.score(replace(ASKED, path=painted(colours.GREEN)))


async def test_memory_comes_back_and_stays_small_over_many_photos(tmp_path):
    photo = tmp_path / "photo.jpg"
    Image.effect_noise((1200, 900), 80).convert("RGB").save(photo)
    async with running() as runner:
        after: list[int] = []
        for _ in range(12):
            answer = await runner.caption(CaptionJob(path=str(photo)))
            await runner.score(replace(ASKED, photo=answer.photo))
            after.append(runner.rss_bytes())
        assert after[-1] < after[3] + 3_000_000
        pid = runner.pid
    assert runner.rss_bytes() == 0
    assert pid is not None
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_the_embedded_scorer_shares_a_worker_within_120_mb(tmp_path, monkeypatch):
    for name in os.environ.keys() - unmeasured().keys():
        monkeypatch.delenv(name)
    runtime = EdgeRuntime(Settings(tmp_path / "home", threads=1))
    model = runtime.runner(runtime.model(EMBEDDED_MODEL)).model
    assert model.scorer is not None
    dogs, coffee = (
        str(sample.path)
        for name in ("dogs-on-grass.jpg", "coffee.jpg")
        for sample in load_samples()
        if sample.path.name == name
    )
    job = ScoreJob(("a dog on the grass",), ("dog", "grass"), ("dog",))
    async with running(model) as runner:
        found = []
        for path in (dogs, coffee):
            answer = await runner.caption(CaptionJob(path=path))
            assert answer.photo is not None
            found.append(await runner.score(replace(job, photo=answer.photo)))
    here, elsewhere = found
    limits = runtime.model("tiny-scorer").thresholds
    dog, grass = here.phrases
    assert dog >= limits.living_present
    assert grass >= limits.noun_present
    no_dog, no_grass = elsewhere.phrases
    assert no_dog < limits.living_absent
    assert no_grass < limits.noun_absent
    assert here.captions[0] > elsewhere.captions[0] + 0.3
    assert here.nouns["dog"] > 0.5
    assert found[-1].peak_rss_bytes < 120_000_000


def test_messages_survive_the_way_to_the_worker_and_back():
    assert LoadRequest.from_header(CAPTIONER.to_header()) == CAPTIONER
    plain = replace(CAPTIONER, scorer=None)
    assert LoadRequest.from_header(plain.to_header()) == plain
    job = replace(ASKED, photo=7, path="a.jpg", memory_budget=9)
    assert ScoreJob.from_header({**job.to_header(), "id": 1}) == job
    answer = ScoreAnswer((0.5,), (0.25, 1.0), ("zebu",), (), {"dog": 0.5}, 7, 99)
    assert ScoreAnswer.from_header(answer.to_header()) == answer


def test_an_answer_of_an_older_worker_has_no_photo_number():
    header = CaptionAnswer((), {}, 1, 1, (), 5).to_header()
    del header["photo"]
    assert CaptionAnswer.from_header(header).photo is None


@pytest.mark.parametrize("lacking", ["captions", "phrases", "labels", "nouns", "photo"])
def test_an_incomplete_score_is_a_protocol_error(lacking):
    header = ScoreAnswer((), (), (), (), {}, 7, 99).to_header()
    del header[lacking]
    with pytest.raises(ProtocolError, match="incomplete"):
        ScoreAnswer.from_header(header)
