"""What one stage of training changes, and the settings that it changes it with."""

import copy
from dataclasses import dataclass
import math
from pathlib import Path

import torch
from torch import Tensor, nn

WEIGHT_DECAY = 0.05
CLIP_NORM = 1.0


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
    self_critical: bool = False
    """Learn from the scores of its own captions instead of from people's words."""
    bleu_weight: float = 0.0
    """What BLEU-4 counts beside CIDEr-D in such a score."""
    dropout: bool = False
    """Whether dropout stays on where such captions are learned from."""
    looks: int = 1
    """Views of a photo that stand side by side."""
    keep_start: float = 0.0
    """What the weights a stage starts from count in those it ends with (WiSE-FT,
    Wortsman et al. 2022): two looks learn to lean on each other, four needn't."""


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
