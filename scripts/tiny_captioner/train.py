"""Training in stages: by cross-entropy, or self-critically.

Each stage keeps a checkpoint after every epoch and goes on from it when the same
command runs again.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
import logging
from pathlib import Path
import time

import torch
from torch import Tensor, nn
from torch.nn import functional

from edge_runtime.evaluation.metrics import corpus_bleu, corpus_cider_d

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
from .model import CaptionDecoder, ModelConfig
from .reward import Reward
from .search import FORBIDDEN, sample
from .trainee import StageConfig, Trainee

_LOGGER = logging.getLogger(__name__)

LABEL_SMOOTHING = 0.1
SAMPLES = 5
DEV_PART = 250
"""Dev photos whose features are in memory at once."""
REPORT_EVERY = 30


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
    decoder: CaptionDecoder,
    features: Tensor,
    reward: Callable[[Tensor], Tensor],
    *,
    dropout: bool,
) -> Tensor:
    """Return the policy-gradient loss; each sample's baseline is the others' mean."""
    decoder.eval()
    tokens = sample(decoder, features.detach(), copies=SAMPLES, greedy=False)
    decoder.train(dropout)
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
    """Cached views, each [photos, regions, 1280]; None where the encoder is trained."""
    dev_features: Tensor | None = None
    lower: Sequence[tuple[Tensor, ...]] | None = None
    """Cached views of what the encoder's upper half reads, where that is trained."""
    dev_lower: Sequence[tuple[Tensor, ...]] = ()
    """The same of as many views of the dev photos as a stage has looks."""


@torch.inference_mode()
def greedy_captions(decoder: CaptionDecoder, features: Tensor) -> list[list[int]]:
    """Return the greedy captions of features [photos, regions, 1280]."""
    decoder.eval()
    found = sample(decoder, features.float(), copies=1, greedy=True).tolist()
    return [[index for index in ids if index not in (EOS, PAD)] for ids in found]


@torch.inference_mode()
def encode(see: Callable[..., Tensor], *inputs: Tensor) -> Tensor:
    """Return features of photos, in bfloat16 where the CPU has it."""
    parts: list[Tensor] = []
    for some in zip(*(values.split(50) for values in inputs), strict=True):
        with half_precision():
            parts.append(see(*some).float())
    return torch.cat(parts)


def _dev_features(modules: nn.ModuleDict, corpus: Corpus, rows: slice) -> Tensor:
    if corpus.dev_features is not None:
        return corpus.dev_features[rows]
    encoder = modules["encoder"].eval()
    if not corpus.dev_lower:
        return encode(lambda some: encoder(normalize(some)), corpus.dev_pixels[rows])

    def see(*seen: Tensor) -> Tensor:
        found: Tensor = encoder.upper(*(some.float() for some in seen))
        return found

    looks = (
        encode(see, *(values[rows] for values in view)) for view in corpus.dev_lower
    )
    return torch.cat(list(looks), dim=1)


def dev_scores(modules: nn.ModuleDict, corpus: Corpus) -> tuple[float, float]:
    """Return CIDEr-D and BLEU-4 of greedy captions on dev."""
    words = corpus.vocabulary.words
    captions = [
        [words[index] for index in ids]
        for start in range(0, len(corpus.dev_tokens), DEV_PART)
        for ids in greedy_captions(
            modules["decoder"],
            _dev_features(modules, corpus, slice(start, start + DEV_PART)),
        )
    ]
    return (
        corpus_cider_d(captions, corpus.dev_tokens),
        corpus_bleu(captions, corpus.dev_tokens)[3],
    )


@dataclass(frozen=True, slots=True)
class _Epoch:
    """What the batches of one epoch share."""

    generator: torch.Generator
    reward: Reward | None
    dropout: bool
    looks: int


def _features(
    encoder: nn.Module | None, corpus: Corpus, rows: Tensor, epoch: _Epoch
) -> Tensor:
    """Return what the decoder reads of some photos, in views drawn for all."""
    generator = epoch.generator
    views = corpus.lower or corpus.features
    if views is None:
        images = augment(normalize(corpus.pixels[rows]), generator)
        # Batch statistics of 50 photos are worse than ImageNet's: kept frozen
        return encoder.eval()(images)
    # The same views for a batch: rows of one file in their order are read fastest
    drawn = torch.randperm(len(views), generator=generator)[: epoch.looks]
    chosen = [views[int(index)] for index in drawn]
    if corpus.lower is None:
        return torch.cat([view[rows].float() for view in chosen], dim=1)
    see = encoder.eval().upper
    looks = [see(*(values[rows].float() for values in view)) for view in chosen]
    return torch.cat(looks, dim=1)


def _batch_loss(
    trainee: Trainee, corpus: Corpus, rows: Tensor, epoch: _Epoch
) -> Tensor:
    decoder = trainee.modules["decoder"]
    reward = epoch.reward
    encoder = dict(trainee.modules).get("encoder")
    with half_precision():
        features = _features(encoder, corpus, rows, epoch)
        if reward is None:
            return cross_entropy(decoder, features, corpus.ids[rows])
        return self_critical(
            decoder,
            features,
            lambda tokens: reward(rows, tokens, SAMPLES),
            dropout=epoch.dropout,
        )


def _run_epoch(
    trainee: Trainee, corpus: Corpus, stage: StageConfig, reward: Reward | None
) -> float:
    """Return the mean loss of one pass over the training photos."""
    seed = stage.seed * 1000 + trainee.epoch
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    epoch = _Epoch(generator, reward, stage.dropout, stage.looks)
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
    reward = None
    if stage.self_critical:
        reward = Reward(corpus.tokens, corpus.vocabulary, stage.bleu_weight)
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
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    torch.save(state, temporary)
    temporary.replace(path)
