"""im2txt with random weights, in the form that LibrePhotos has it."""

import pickle

from conversion.photo_models import family_config
import torch

from edge_runtime.convert.graphs import Names, export_graph

SIZE, WIDTH, LENGTH, COUNT = 64, 32, 20, 120
WORDS = ["<pad>", "<start>", "<end>", "<unk>", *(f"w{i}" for i in range(4, COUNT))]
SHAPE = {"size": (SIZE, SIZE), "mean": [0.485, 0.456, 0.406], "std": [0.2, 0.2, 0.2]}


class Vocabulary:
    def __init__(self, words):
        self.word2idx = {word: index for index, word in enumerate(words)}
        self.idx2word = dict(enumerate(words))
        self.idx = len(words)


class Encoder(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.look = torch.nn.Conv2d(3, 8, 8, stride=8)
        self.embed = torch.nn.Linear(8 * 64, WIDTH)

    def forward(self, image):
        """Return the embedding."""
        return self.embed(self.look(image).tanh().flatten(1)) * 3


class Decoder(torch.nn.Module):
    """Show and Tell's greedy loop: the picture first, then the likeliest words."""

    def __init__(self):
        super().__init__()
        self.words = torch.nn.Embedding(COUNT, WIDTH)
        self.cell = torch.nn.LSTMCell(WIDTH, 48)
        self.score = torch.nn.Linear(48, COUNT)

    def forward(self, embedding):
        """Return ids."""
        state = None
        said = []
        for _ in range(LENGTH):
            state = self.cell(embedding, state)
            said.append(self.score(state[0] * 4).argmax(1))
            embedding = self.words(said[-1])
        return torch.stack(said, 1)


def make_im2txt(folder):
    """Return the two modules, and the configuration of their files."""
    torch.manual_seed(3)
    encoder, decoder = Encoder().eval(), Decoder().eval()
    files = {name: folder / f"{name}.onnx" for name in ("encoder", "decoder")}
    image, embedding = torch.zeros(1, 3, SIZE, SIZE), torch.zeros(1, WIDTH)
    export_graph(
        encoder, (image,), files["encoder"], Names(["image"], ["embedding"], {})
    )
    export_graph(
        decoder, (embedding,), files["decoder"], Names(["embedding"], ["caption"], {})
    )
    files["vocabulary"] = folder / "vocab.pkl"
    files["vocabulary"].write_bytes(pickle.dumps(Vocabulary(WORDS)))
    return encoder, decoder, family_config(files, SHAPE, {})
