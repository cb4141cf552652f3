"""Training in three stages: cross-entropy, fine-tuning, self-critical.

Each stage keeps a checkpoint after every epoch and goes on from it when the same
command runs again.
"""

from collections.abc import Callable, Sequence
import copy
from dataclasses import asdict, dataclass
import logging
import math
from pathlib import Path
import time

import torch
from torch import Tensor, nn
from torch.nn import functional

from edge_runtime.evaluation.metrics import CiderD, corpus_bleu, corpus_cider_d

from .data import (
    BOS,
    EOS,
    PAD,
    Vocabulary,
    augment,
    batches,
    half_precision,
    normalize,
)
from .model import CaptionDecoder, ImageEncoder, ModelConfig
from .search import FORBIDDEN, sample

_LOGGER = logging.getLogger(__name__)

LABEL_SMOOTHING = 0.1
WEIGHT_DECAY = 0.05
CLIP_NORM = 1.0
SAMPLES = 5
REPORT_EVERY = 30


@dataclass(frozen=True, slots=True)
class StageConfig:
    """One stage of the recipe."""

    name: str
    epochs: int
    learning_rate: float
    encoder_learning_rate: float = 0.0
    photos: int = 50
    """Photos in a batch, each with all its captions."""
    warm_up: int = 100
    average: float = 0.99
    """Decay of the moving average of the weights."""
    seed: int = 1
    minutes: float = math.inf
    """No further epoch starts after so many minutes."""


class Trainee:
    """Modules in training, their moving average, and the optimiser."""

    def __init__(self, modules: nn.ModuleDict, stage: StageConfig) -> None:
        self.modules = modules
        self.averaged = copy.deepcopy(modules).requires_grad_(requires_grad=False)
        self.averaged.eval()
        self.epoch = 0
        self.step = 0
        self.best = -math.inf
        self.best_state = self.averaged.state_dict()
        rates = {
            "decoder": stage.learning_rate,
            "encoder": stage.encoder_learning_rate,
        }
        self.optimizer = torch.optim.AdamW(
            [
                {
                    "params": [p for p in module.parameters() if p.requires_grad],
                    "lr": rates[name],
                    "base": rates[name],
                }
                for name, module in modules.items()
            ],
            betas=(0.9, 0.98),
            weight_decay=WEIGHT_DECAY,
        )

    def update(self, loss: Tensor, progress: float, stage: StageConfig) -> None:
        """Take one optimiser step; `progress` is the part of the stage done."""
        warm = min(1.0, (self.step + 1) / stage.warm_up)
        scale = warm * (0.02 + 0.98 * (1 + math.cos(math.pi * progress)) / 2)
        for group in self.optimizer.param_groups:
            group["lr"] = group["base"] * scale
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.modules.parameters(), CLIP_NORM)
        self.optimizer.step()
        self.step += 1
        # A short memory at first: the average must forget the start quickly
        decay = min(stage.average, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            for kept, new in zip(
                self.averaged.parameters(), self.modules.parameters(), strict=True
            ):
                kept.lerp_(new, 1 - decay)

    def save(self, path: Path) -> None:
        """Write everything that is needed to go on."""
        state = {
            "modules": self.modules.state_dict(),
            "averaged": self.averaged.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "epoch": self.epoch,
            "step": self.step,
            "best": self.best,
            "best_state": self.best_state,
            "torch_rng": torch.get_rng_state(),
        }
        temporary = path.with_suffix(".tmp")
        torch.save(state, temporary)
        temporary.replace(path)

    def load(self, path: Path) -> None:
        """Go on from a checkpoint of the same stage."""
        state = torch.load(path, weights_only=True)
        self.modules.load_state_dict(state["modules"])
        self.averaged.load_state_dict(state["averaged"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.epoch, self.step = state["epoch"], state["step"]
        self.best, self.best_state = state["best"], state["best_state"]
        torch.set_rng_state(state["torch_rng"])

    def keep_best(self, score: float) -> None:
        """Remember the averaged weights if they score best so far."""
        if score > self.best:
            self.best = score
            self.best_state = copy.deepcopy(self.averaged.state_dict())


def cross_entropy(decoder: CaptionDecoder, features: Tensor, ids: Tensor) -> Tensor:
    """Return the smoothed loss of captions [photos, captions, length]."""
    flat = ids.flatten(0, 1)
    longest = int((flat != PAD).sum(1).max())
    flat = flat[:, :longest]
    states, _ = decoder.states(flat[:, :-1], decoder.photo_memory(features))
    targets = flat[:, 1:]
    wanted = targets != PAD
    # Padding is dropped before the widest product of all, the vocabulary's
    logits = decoder.logits(states[wanted])
    return functional.cross_entropy(
        logits.float(), targets[wanted], label_smoothing=LABEL_SMOOTHING
    )


def self_critical(
    decoder: CaptionDecoder, features: Tensor, reward: Callable[[Tensor], Tensor]
) -> Tensor:
    """Return the policy-gradient loss; each sample's baseline is the others' mean."""
    tokens = sample(decoder, features, copies=SAMPLES, greedy=False)
    rewards = reward(tokens).view(-1, SAMPLES)
    others = (rewards.sum(1, keepdim=True) - rewards) / (SAMPLES - 1)
    advantage = (rewards - others).view(-1, 1)
    start = torch.full((tokens.shape[0], 1), BOS)
    inputs = torch.cat((start, tokens[:, :-1]), dim=1)
    states, _ = decoder.states(inputs, decoder.photo_memory(features))
    wanted = tokens != PAD
    logits = decoder.logits(states[wanted]).float()
    # Words that are never sampled must not take probability from bad samples
    logits[:, list(FORBIDDEN)] = -torch.inf
    chosen = tokens[wanted].unsqueeze(1)
    log_probability = logits.log_softmax(1).gather(1, chosen).squeeze(1)
    weights = advantage.expand_as(tokens)[wanted]
    return -(weights * log_probability).mean()


class CiderReward:
    """CIDEr-D against the training captions, the end of the caption included."""

    def __init__(self, tokens: Sequence[list[list[str]]], words: Vocabulary) -> None:
        self._words = words
        ended = [[[*caption, "<eos>"] for caption in group] for group in tokens]
        self._scorer = CiderD(ended)

    def __call__(self, rows: Tensor, tokens: Tensor) -> Tensor:
        """Return the reward of samples [photos * samples, length]."""
        names = self._words.words
        scores = [
            self._scorer.score(row, [names[index] for index in ids if index != PAD])
            for row, ids in zip(
                rows.repeat_interleave(SAMPLES).tolist(), tokens.tolist(), strict=True
            )
        ]
        return torch.tensor(scores)


@dataclass(frozen=True, slots=True)
class Corpus:
    """What training reads."""

    vocabulary: Vocabulary
    ids: Tensor
    tokens: list[list[list[str]]]
    dev_tokens: list[list[list[str]]]
    pixels: Tensor
    dev_pixels: Tensor
    features: Sequence[Tensor] | None = None
    """Cached views, each [photos, 49, 1280]; None where the encoder is trained."""
    dev_features: Tensor | None = None


@torch.inference_mode()
def greedy_captions(decoder: CaptionDecoder, features: Tensor) -> list[list[int]]:
    """Return the greedy captions of features [photos, 49, 1280]."""
    decoder.eval()
    return [
        [index for index in ids if index not in (EOS, PAD)]
        for part in features.split(250)
        for ids in sample(decoder, part.float(), copies=1, greedy=True).tolist()
    ]


@torch.inference_mode()
def encode(encoder: ImageEncoder, pixels: Tensor) -> Tensor:
    """Return features of photos, in bfloat16 where the CPU has it."""
    encoder.eval()
    parts: list[Tensor] = []
    for part in pixels.split(50):
        with half_precision():
            parts.append(encoder(normalize(part)).float())
    return torch.cat(parts)


def dev_scores(modules: nn.ModuleDict, corpus: Corpus) -> tuple[float, float]:
    """Return CIDEr-D and BLEU-4 of greedy captions on dev."""
    features = corpus.dev_features
    if features is None:
        features = encode(modules["encoder"], corpus.dev_pixels)
    words = corpus.vocabulary.words
    captions = [
        [words[index] for index in ids]
        for ids in greedy_captions(modules["decoder"], features)
    ]
    return (
        corpus_cider_d(captions, corpus.dev_tokens),
        corpus_bleu(captions, corpus.dev_tokens)[3],
    )


@dataclass(frozen=True, slots=True)
class _Epoch:
    """What the batches of one epoch share."""

    generator: torch.Generator
    reward: CiderReward | None


def _batch_loss(
    trainee: Trainee, corpus: Corpus, rows: Tensor, epoch: _Epoch
) -> Tensor:
    decoder = trainee.modules["decoder"]
    reward = epoch.reward
    with half_precision():
        if corpus.features is None:
            images = augment(normalize(corpus.pixels[rows]), epoch.generator)
            # Batch statistics of 50 photos are worse than ImageNet's: kept frozen
            features = trainee.modules["encoder"].eval()(images)
        else:
            # One view a batch: rows of one file in their order are read fastest
            views = len(corpus.features)
            view = int(torch.randint(views, (1,), generator=epoch.generator))
            features = corpus.features[view][rows].float()
        if reward is None:
            return cross_entropy(decoder, features, corpus.ids[rows])
        return self_critical(decoder, features, lambda tokens: reward(rows, tokens))


def _run_epoch(
    trainee: Trainee, corpus: Corpus, stage: StageConfig, reward: CiderReward | None
) -> float:
    """Return the mean loss of one pass over the training photos."""
    seed = stage.seed * 1000 + trainee.epoch
    torch.manual_seed(seed)
    epoch = _Epoch(torch.Generator().manual_seed(seed), reward)
    total = stage.epochs * (len(corpus.ids) // stage.photos)
    trainee.modules.train(reward is None)
    losses: list[float] = []
    clock = time.monotonic()
    for rows in batches(len(corpus.ids), stage.photos, epoch.generator):
        loss = _batch_loss(trainee, corpus, rows, epoch)
        trainee.update(loss, trainee.step / total, stage)
        losses.append(float(loss.detach()))
        if len(losses) % REPORT_EVERY == 0:
            _LOGGER.info(
                "%s: epoch %d, batch %d, loss %.3f, %.0f s",
                stage.name,
                trainee.epoch,
                len(losses),
                sum(losses[-REPORT_EVERY:]) / REPORT_EVERY,
                time.monotonic() - clock,
            )
    return sum(losses) / len(losses)


def run_stage(
    modules: nn.ModuleDict, corpus: Corpus, stage: StageConfig, checkpoint: Path
) -> Trainee:
    """Train a stage to its end, or until its minutes are over."""
    trainee = Trainee(modules, stage)
    if checkpoint.exists():
        trainee.load(checkpoint)
        _LOGGER.info("%s: goes on after epoch %d", stage.name, trainee.epoch)
    reinforced = stage.name == "reinforce"
    reward = CiderReward(corpus.tokens, corpus.vocabulary) if reinforced else None
    started = time.monotonic()
    while trainee.epoch < stage.epochs:
        if time.monotonic() - started > stage.minutes * 60:
            _LOGGER.info("%s: time is over", stage.name)
            break
        loss = _run_epoch(trainee, corpus, stage, reward)
        trainee.epoch += 1
        cider, bleu = dev_scores(trainee.averaged, corpus)
        trainee.keep_best(cider)
        trainee.save(checkpoint)
        _LOGGER.info(
            "%s: epoch %d/%d, loss %.3f, dev CIDEr-D %.4f BLEU-4 %.4f, %.0f s in all",
            stage.name,
            trainee.epoch,
            stage.epochs,
            loss,
            cider,
            bleu,
            time.monotonic() - started,
        )
    modules.load_state_dict(trainee.best_state)
    return trainee


def save_model(
    path: Path, config: ModelConfig, modules: nn.ModuleDict, scores: dict[str, float]
) -> None:
    """Write the model that the next stage and the export start from."""
    state = {
        "config": asdict(config),
        "scores": scores,
        **{name: module.state_dict() for name, module in modules.items()},
    }
    temporary = path.with_suffix(".tmp")
    torch.save(state, temporary)
    temporary.replace(path)
