from pathlib import Path

import pytest

from edge_runtime.config import Settings
from edge_runtime.errors import ModelBrokenError, WorkerCrashedError
from edge_runtime.inference.messages import CaptionAnswer
from edge_runtime.runtime import EdgeRuntime
from edge_runtime.schemas import VisualCaption
from edge_runtime.selftest import (
    SelfTestStore,
    judge,
    load_samples,
    self_test_samples,
)

PHOTOS = self_test_samples()


class FakeRunner:
    """Answers with prepared texts; this test is about the judgement, not the model."""

    def __init__(self, *texts):
        self.texts = list(texts)

    async def caption(self, job, payload=b""):
        text = self.texts.pop(0)
        if isinstance(text, Exception):
            raise text
        caption = VisualCaption(text, (-1.0,), -1.0)
        return CaptionAnswer((caption,), {}, 8, 8, (), 5)


@pytest.fixture
def spec(settings):
    return EdgeRuntime(settings).model("tiny-captioner")


def test_every_sample_has_its_photo_and_licence():
    samples = load_samples()
    assert len(samples) >= 6
    readme = (samples[0].path.parent / "README.md").read_text()
    for sample in samples:
        assert sample.path.stat().st_size < 120_000
        assert sample.license
        assert sample.expected
        assert sample.path.name in readme
    shipped = {path.name for path in samples[0].path.parent.glob("*.jpg")}
    assert shipped == {sample.path.name for sample in samples}


def right_captions():
    return [f"a {sample.self_test[0]}, {i}." for i, sample in enumerate(PHOTOS)]


async def test_a_result_is_kept_for_exactly_these_files(tmp_path, spec):
    store = SelfTestStore(tmp_path)
    assert store.get(spec) is None
    result = await store.run(spec, FakeRunner(*right_captions()))
    assert result.passed, result.reason
    assert store.get(spec) == result
    file = spec.files[0]
    path = tmp_path / "tiny-captioner.json"
    path.write_text(path.read_text().replace(str(file.sha256), "0" * 64))
    assert store.get(spec) is None
    path.write_text("{")
    assert store.get(spec) is None


async def test_a_broken_model_is_a_failed_test_with_its_reason(tmp_path, spec):
    store = SelfTestStore(tmp_path)
    result = await store.run(spec, FakeRunner(ModelBrokenError("no graph")))
    assert not result.passed
    assert result.reason == "no graph"
    assert store.get(spec) == result


async def test_what_says_nothing_about_the_model_is_not_held_against_it(tmp_path, spec):
    store = SelfTestStore(tmp_path)
    with pytest.raises(WorkerCrashedError):
        await store.run(spec, FakeRunner(WorkerCrashedError("ended by SIGKILL")))
    assert store.get(spec) is None


def test_captions_that_prove_nothing_are_told_apart():
    first, second = right_captions()
    assert judge((first, second), PHOTOS) == ""
    assert "no caption" in judge((first, ""), PHOTOS)
    assert "same caption" in judge((first, first), PHOTOS)
    assert "'a tax form' names nothing" in judge((first, "a tax form"), PHOTOS)


async def test_the_embedded_model_proves_itself_here(tmp_path):
    async with EdgeRuntime(Settings(home=Path(tmp_path), threads=1)) as runtime:
        result = await runtime.self_test(runtime.model("tiny-captioner"))
    assert result.passed, result.reason
    assert result.peak_rss_bytes > 10_000_000
