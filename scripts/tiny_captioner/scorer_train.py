"""Train the image-text scorer on cached image features; resumable after each epoch."""

from collections import Counter
from collections.abc import Sequence
import copy
from dataclasses import dataclass
import logging
import math
from pathlib import Path
import random

import torch
from torch import Tensor, nn
from torch.nn import functional

from .data import Vocabulary, batches
from .foils import Foil, FoilMaker
from .labels import WordNet, word_list
from .scorer_model import TEXT_PAD, TEXT_UNKNOWN, ImageTower, ScorerConfig, TextTower

_LOGGER = logging.getLogger(__name__)

MAX_WORDS = 30
PHOTOS = 50
EMPTY = 12
"""Scenes with nobody in them that join a batch."""
PRESENT, ABSENT = 4, 10
"""Nouns of a photo in a batch: some that are in it, some that are not."""
CAPTIONS = 2
"""Captions of a photo in a batch, each with a foil and another photo's caption."""
REPORT_EVERY = 30
COMMON = 5
"""Photos that must name a noun before it is drawn as absent from another."""
PEOPLE = frozenset(word_list("people"))
"""General words: never called absent where the captions speak of any person."""


class TextCoder:
    """Words to the scorer's ids."""

    def __init__(self, words: Sequence[str]) -> None:
        self.words = ("<pad>", "<unk>", *words)
        self._ids = {word: index for index, word in enumerate(self.words)}

    @classmethod
    def of(cls, vocabulary: Vocabulary) -> "TextCoder":
        """Return the coder of the captioner's own words."""
        return cls([word for word in vocabulary.words if not word.startswith("<")])

    def encode(self, texts: Sequence[Sequence[str]]) -> Tensor:
        """Return padded ids [texts, length]."""
        longest = max(1, min(MAX_WORDS, max(len(text) for text in texts)))
        ids = torch.full((len(texts), longest), TEXT_PAD)
        for row, text in enumerate(texts):
            cut = [self._ids.get(word, TEXT_UNKNOWN) for word in text[:MAX_WORDS]]
            ids[row, : len(cut)] = torch.tensor(cut, dtype=torch.long)
        return ids


class NounBook:
    """The nouns of each photo, and those that are surely not in it."""

    def __init__(self, tokens: Sequence[Sequence[Sequence[str]]]) -> None:
        net = WordNet()
        words = {word for group in tokens for text in group for word in text}
        self.nouns = {word for word in words if net.is_noun(word)}
        self._kinds = {word: self._ancestors(net, word) for word in self.nouns}
        person = net.senses["person"][0]
        self._people = {w for w in self.nouns if person in self._kinds[w]} | PEOPLE
        animal = net.senses["animal"][0]
        living = (w for w in self.nouns if animal in self._kinds[w])
        self._living = sorted(self._people & self.nouns) + sorted(living)
        self.of_photo = [
            sorted({word for text in group for word in text} & self.nouns)
            for group in tokens
        ]
        self._counts = Counter(word for seen in self.of_photo for word in seen)
        self._all = [w for w in sorted(self.nouns) if self._counts[w] >= COMMON]
        self._weights = [self._counts[word] ** 0.6 for word in self._all]

    @staticmethod
    def _ancestors(net: WordNet, word: str) -> set[int]:
        senses = net.senses[net.singular(word)][:1]
        return {up for sense in senses for up in net.ancestors(sense)}

    def clashes(self, word: str, photo: int) -> bool:
        """Tell whether a noun may well be in a photo under another name."""
        seen = self.of_photo[photo]
        if word in PEOPLE and any(other in self._people for other in seen):
            return True
        stem = word.rstrip("s")
        kinds, last = self._kinds[word], min(2, len(word))
        return any(
            other.rstrip("s") == stem
            or (len(stem) > last and stem in other)
            or self._kinds[other] < kinds
            or kinds < self._kinds[other]
            or kinds == self._kinds[other]
            for other in seen
        )

    def draw_living(self, chance: random.Random) -> list[str]:
        """Return people and animals: none of them is in an empty scene."""
        weights = [self._counts[word] ** 0.6 for word in self._living]
        return chance.choices(self._living, weights, k=PRESENT + ABSENT)

    def draw(self, photo: int, chance: random.Random) -> tuple[list[str], list[str]]:
        """Return nouns that are in the photo, with repeats, and nouns that are not."""
        seen = self.of_photo[photo] or ["<unk>"]
        present = chance.choices(seen, k=PRESENT)
        absent: list[str] = []
        while len(absent) < ABSENT:
            drawn = chance.choices(self._all, self._weights, k=ABSENT)
            absent += [word for word in drawn if not self.clashes(word, photo)]
        return present, absent[:ABSENT]


@dataclass(frozen=True, slots=True)
class ScorerStage:
    """How the scorer is trained."""

    epochs: int = 8
    learning_rate: float = 1e-3
    warm_up: int = 200
    average: float = 0.998
    seed: int = 1
    backbone: str = "lite2"


@dataclass(frozen=True, slots=True)
class ScorerCorpus:
    """What the training of the scorer reads."""

    features: Sequence[Tensor]
    """Views of the training photos, each [photos, 49, 1280]."""
    empty: Sequence[Tensor]
    """Views of scenes with no person and no animal, each [scenes, 49, 1280]."""
    tokens: list[list[list[str]]]
    dev_features: Tensor
    dev_tokens: list[list[list[str]]]
    dev_names: Sequence[str]
    dev_foils: Sequence[Foil]


class Scorer(nn.Module):
    """Both towers."""

    def __init__(self, config: ScorerConfig, backbone: str) -> None:
        super().__init__()
        self.config = config
        self.image = ImageTower(config, backbone)
        self.text = TextTower(config)

    def forward(self, features: Tensor, input_ids: Tensor) -> Tensor:
        """Return logits [rows, 2]; rows are grouped by photo."""
        return self.text(input_ids, self.image.embed(features))


@dataclass(slots=True)
class _Drawer:
    tokens: list[list[list[str]]]
    nouns: NounBook
    foils: FoilMaker
    coder: TextCoder
    chance: random.Random

    def captions(self, rows: Sequence[int]) -> Tensor:
        """Return ids of true captions, foils and others' captions: 3 per caption."""
        texts: list[list[str]] = []
        for row in rows:
            group = self.tokens[row]
            other = self.tokens[self.chance.choice([r for r in rows if r != row])]
            picked = self.chance.sample(range(len(group)), CAPTIONS)
            texts += [group[index] for index in picked]
            texts += [self._foil(group, index, other) for index in picked]
            texts += self.chance.sample(other, CAPTIONS)
        return self.coder.encode(texts)

    def _foil(
        self, group: list[list[str]], index: int, other: list[list[str]]
    ) -> list[str]:
        drawn = self.foils.draw(group, index, self.chance)
        if drawn is None:
            return self.chance.choice(other)
        wrong = list(group[index])
        wrong[drawn[0]] = drawn[1]
        return wrong

    def strangers(self, count: int) -> Tensor:
        """Return ids of captions of any photos: untrue of an empty scene."""
        groups = self.chance.choices(self.tokens, k=count * 3 * CAPTIONS)
        return self.coder.encode([self.chance.choice(group) for group in groups])

    def nobody(self, count: int) -> Tensor:
        """Return ids of people and animals."""
        drawn = (self.nouns.draw_living(self.chance) for _ in range(count))
        return self.coder.encode([[word] for words in drawn for word in words])

    def things(self, rows: Sequence[int]) -> Tensor:
        """Return ids of nouns: those in the photo first."""
        texts = [
            [word]
            for row in rows
            for words in self.nouns.draw(row, self.chance)
            for word in words
        ]
        return self.coder.encode(texts)


def _photo_loss(
    scorer: Scorer, features: Tensor, texts: tuple[Tensor, Tensor]
) -> Tensor:
    captions, things = texts
    photos = features.shape[0]
    embeds = scorer.image.embed(features)
    whole = scorer.text(captions, embeds)[:, 0].reshape(photos, 3, -1)
    wanted = torch.zeros_like(whole)
    wanted[:, 0] = 1.0
    weight = torch.full_like(whole, 0.5)
    weight[:, 0] = 1.0
    truth = functional.binary_cross_entropy_with_logits(whole, wanted, weight)
    better = functional.softplus(whole[:, 1] - whole[:, 0]).mean()
    present = scorer.text(things, embeds)[:, 1].reshape(photos, -1)
    there = torch.zeros_like(present)
    there[:, :PRESENT] = 1.0
    nouns = functional.binary_cross_entropy_with_logits(present, there)
    return truth + better + 2 * nouns


def _empty_loss(
    scorer: Scorer, features: Tensor, texts: tuple[Tensor, Tensor]
) -> Tensor:
    embeds = scorer.image.embed(features)
    whole = scorer.text(texts[0], embeds)[:, 0]
    living = scorer.text(texts[1], embeds)[:, 1]
    return 0.3 * functional.softplus(whole).mean() + functional.softplus(living).mean()


@torch.inference_mode()
def foil_accuracy(
    scorer: Scorer, corpus: ScorerCorpus, coder: TextCoder, nouns: set[str]
) -> tuple[float, float]:
    """Return how often the true caption wins: whole text alone, and with its nouns."""
    scorer.eval()
    rows = {name: row for row, name in enumerate(corpus.dev_names)}
    whole, checked = 0.0, 0.0
    for foil in corpus.dev_foils:
        row = rows[foil.photo]
        true = corpus.dev_tokens[row][foil.caption]
        wrong = [*true[: foil.word], foil.foil, *true[foil.word + 1 :]]
        words = sorted((set(true) | set(wrong)) & nouns)
        ids = coder.encode([true, wrong, *([word] for word in words)])
        photo = corpus.dev_features[row : row + 1].float()
        logits = scorer(photo, ids)
        texts = logits[:2, 0]
        there = dict(zip(words, logits[2:, 1].sigmoid().log().tolist(), strict=True))
        plain = [float(texts[0]), float(texts[1])]
        full = [
            score + sum(there[w] for w in set(text) & nouns)
            for score, text in zip(plain, (true, wrong), strict=True)
        ]
        whole += plain[0] > plain[1]
        checked += full[0] > full[1]
    return whole / len(corpus.dev_foils), checked / len(corpus.dev_foils)


class ScorerTrainee:
    """The scorer in training, its moving average, and the optimiser."""

    def __init__(self, scorer: Scorer, stage: ScorerStage) -> None:
        self.scorer = scorer
        self.stage = stage
        self.kept = copy.deepcopy(scorer).requires_grad_(requires_grad=False)
        self.epoch = self.step = 0
        self._weights = [p for p in scorer.parameters() if p.requires_grad]
        self._optimizer = torch.optim.AdamW(
            self._weights,
            lr=stage.learning_rate,
            betas=(0.9, 0.98),
            weight_decay=0.05,
            fused=True,
        )

    def update(self, loss: Tensor, steps: int) -> None:
        """Take one step of `steps` in all."""
        warm = min(1.0, (self.step + 1) / self.stage.warm_up)
        fall = 0.02 + 0.98 * (1 + math.cos(math.pi * self.step / steps)) / 2
        self._optimizer.param_groups[0]["lr"] = self.stage.learning_rate * warm * fall
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self._weights, 1.0)
        self._optimizer.step()
        self.step += 1
        decay = min(self.stage.average, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            for old, new in zip(
                self.kept.parameters(), self.scorer.parameters(), strict=True
            ):
                old.lerp_(new, 1 - decay)

    def save(self, path: Path) -> None:
        """Write everything that is needed to go on."""
        state = {
            "scorer": self.scorer.state_dict(),
            "kept": self.kept.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "epoch": self.epoch,
            "step": self.step,
        }
        torch.save(state, path.with_suffix(".tmp"))
        path.with_suffix(".tmp").replace(path)

    def load(self, path: Path) -> None:
        """Go on from a checkpoint."""
        state = torch.load(path, weights_only=True)
        self.scorer.load_state_dict(state["scorer"])
        self.kept.load_state_dict(state["kept"])
        self._optimizer.load_state_dict(state["optimizer"])
        self.epoch, self.step = state["epoch"], state["step"]


def _run_epoch(
    trainee: ScorerTrainee,
    corpus: ScorerCorpus,
    drawer: _Drawer,
    order: torch.Generator,
) -> None:
    scorer, chance = trainee.scorer.train(), drawer.chance
    steps = trainee.stage.epochs * (len(corpus.tokens) // PHOTOS)
    losses: list[float] = []
    for batch in batches(len(corpus.tokens), PHOTOS, order):
        rows = batch.sort().values
        features = chance.choice(corpus.features)[rows].float()
        texts = (drawer.captions(rows.tolist()), drawer.things(rows.tolist()))
        loss = _photo_loss(scorer, features, texts)
        scenes = chance.choice(corpus.empty)
        some = sorted(chance.sample(range(len(scenes)), EMPTY))
        texts = (drawer.strangers(EMPTY), drawer.nobody(EMPTY))
        loss = loss + _empty_loss(scorer, scenes[some].float(), texts)
        trainee.update(loss, steps)
        losses.append(float(loss.detach()))
        if len(losses) % REPORT_EVERY == 0:
            mean = sum(losses[-REPORT_EVERY:]) / REPORT_EVERY
            _LOGGER.info("scorer: step %d/%d, loss %.3f", trainee.step, steps, mean)


def train_scorer(
    corpus: ScorerCorpus, coder: TextCoder, stage: ScorerStage, checkpoint: Path
) -> Scorer:
    """Return the averaged weights after all epochs; a killed run goes on."""
    torch.manual_seed(stage.seed)
    config = ScorerConfig(len(coder.words))
    trainee = ScorerTrainee(Scorer(config, stage.backbone), stage)
    if checkpoint.exists():
        trainee.load(checkpoint)
    nouns, foils = NounBook(corpus.tokens), FoilMaker(corpus.tokens)
    while trainee.epoch < stage.epochs:
        seed = stage.seed * 1000 + trainee.epoch
        torch.manual_seed(seed)
        drawer = _Drawer(
            corpus.tokens,
            nouns,
            foils,
            coder,
            random.Random(seed),  # noqa: S311
        )
        _run_epoch(trainee, corpus, drawer, torch.Generator().manual_seed(seed))
        trainee.epoch += 1
        scores = foil_accuracy(trainee.kept, corpus, coder, nouns.nouns)
        trainee.save(checkpoint)
        _LOGGER.info(
            "scorer: epoch %d, the true caption wins %.4f, with its nouns %.4f",
            trainee.epoch,
            *scores,
        )
    return trainee.kept
