"""METEOR equals pycocoevalcap's, and a Java that fails or hangs costs only METEOR."""

import asyncio
from pathlib import Path
import time

from evaluations import dataset, photo, said
import pytest
from test_metrics import CANDIDATES, REFERENCES

from edge_runtime.evaluation import meteor as meteor_module, score_models
from edge_runtime.evaluation.meteor import MeteorError, meteor_of, why_no_meteor
from edge_runtime.evaluation.metrics import tokenize_caption

needs_java = pytest.mark.skipif(
    why_no_meteor() is not None, reason=f"METEOR can't run: {why_no_meteor()}"
)
TOKENS = [[tokenize_caption(text) for text in texts] for texts in REFERENCES]
# what pycocoevalcap 1.2 gives; the slow test below asks it again
CORPUS = 0.33730463905008584
FIRST_AND_LAST = (0.40037446044710095, 0.3486878878921707)
CORPUS_WITHOUT_THE_FIRST = 0.28081438405906606


@needs_java
@pytest.mark.timeout(120)
async def test_meteor_is_the_one_of_pycocoevalcap():
    without = ["", *CANDIDATES[1:]]
    full, partial = await meteor_of([CANDIDATES, without], TOKENS)
    assert full.corpus == pytest.approx(CORPUS, abs=1e-6)
    assert (full.photos[0], full.photos[-1]) == pytest.approx(FIRST_AND_LAST, abs=1e-6)
    assert partial.corpus == pytest.approx(CORPUS_WITHOUT_THE_FIRST, abs=1e-6)
    assert partial.photos == (0.0, *full.photos[1:])


@needs_java
@pytest.mark.slow
@pytest.mark.timeout(180)
async def test_pycocoevalcap_gives_the_values_that_stand_here():
    from pycocoevalcap.meteor.meteor import Meteor  # noqa: PLC0415

    theirs = Meteor()
    texts = {index: [text] for index, text in enumerate(CANDIDATES)}
    references = dict(enumerate(REFERENCES))
    corpus, each = theirs.compute_score(references, texts)
    texts[0] = [""]
    without, _ = theirs.compute_score(references, texts)
    for pipe in (theirs.meteor_p.stdout, theirs.meteor_p.stderr):
        pipe.close()
    assert corpus == pytest.approx(CORPUS)
    assert (each[0], each[-1]) == pytest.approx(FIRST_AND_LAST)
    assert without == pytest.approx(CORPUS_WITHOUT_THE_FIRST)


def fake_java(folder: Path, monkeypatch, script: str) -> Path:
    """Put a bad `java` first on the path; return where it notes its pid."""
    program, note = folder / "java", folder / "pid"
    program.write_text(f"#!/bin/sh\necho $$ > {note}\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")
    jar = folder / "meteor-1.5.jar"
    monkeypatch.setattr(meteor_module, "meteor_jar", lambda: jar)
    return note


def is_running(note: Path) -> bool:
    return Path(f"/proc/{note.read_text().strip()}").exists()


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("exit 1", "ended without an answer"),
        ("exec sleep 60", "gave no answer"),
        ("cat > /dev/null & echo half", "ended without|no answer|no number"),
        ("while read line; do echo nonsense; echo nonsense; done", "no number"),
    ],
)
async def test_a_java_that_fails_or_hangs_is_ended_and_named(
    tmp_path, monkeypatch, script, words
):
    note = fake_java(tmp_path, monkeypatch, script)
    monkeypatch.setattr(meteor_module, "_PATIENCE_S", 0.5)
    with pytest.raises(MeteorError, match=words):
        await meteor_of([["a dog"]], [[["a", "dog"]]])
    assert not is_running(note)


async def test_a_java_that_never_reads_fills_no_pipe_for_ever(tmp_path, monkeypatch):
    fake_java(tmp_path, monkeypatch, "exec sleep 60")
    monkeypatch.setattr(meteor_module, "_PATIENCE_S", 0.5)
    many = ["a dog " * 1000] * 200
    started = time.monotonic()
    with pytest.raises(MeteorError, match="no answer"):
        await meteor_of([many], [[["a"]]] * 200)
    assert time.monotonic() - started < 10


async def test_a_cancelled_evaluation_leaves_no_java_behind(tmp_path, monkeypatch):
    note = fake_java(tmp_path, monkeypatch, "exec sleep 60")
    task = asyncio.create_task(meteor_of([["a dog"]], [[["a", "dog"]]]))
    while not (note.exists() and note.read_text()):  # noqa: ASYNC110
        await asyncio.sleep(0.02)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not is_running(note)


async def test_the_other_scores_are_there_without_meteor(tmp_path, monkeypatch):
    fake_java(tmp_path, monkeypatch, "exit 1")
    found = await score_models(
        dataset(photo("a", "a dog")), {"m": [said("a", "a dog")]}, no_meteor=None
    )
    assert found.left_out["METEOR"] == "METEOR ended without an answer"
    assert found.models[0].checked.meteor is None
    assert found.models[0].checked.corpus.rouge_l == pytest.approx(1)


def test_what_meteor_lacks_is_said(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "Java is not installed" in why_no_meteor()
    (tmp_path / "java").write_text("#!/bin/sh\n")
    (tmp_path / "java").chmod(0o755)
    monkeypatch.setattr(meteor_module, "meteor_jar", lambda: None)
    assert "pip install 'edge-captions[evaluate]'" in why_no_meteor()
    monkeypatch.setattr(meteor_module, "meteor_jar", lambda: tmp_path)
    monkeypatch.setattr(meteor_module, "available_memory", lambda: 10**9)
    assert "1.20 GB of memory" in why_no_meteor()
    monkeypatch.setattr(meteor_module, "available_memory", lambda: None)
    assert why_no_meteor() is None
