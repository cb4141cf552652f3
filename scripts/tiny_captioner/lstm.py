"""The older architecture: the photo starts an LSTM, which then writes word after word.

After "Show and Tell" (Vinyals et al. 2015), known as im2txt. It has the methods of
`CaptionDecoder`, so training, search and export treat both alike.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from .data import FEATURE_SIZE, PAD

State = tuple[Tensor, Tensor]


@dataclass(frozen=True, slots=True)
class LstmConfig:
    """The sizes that a checkpoint was made with."""

    vocabulary_size: int
    width: int = 512
    dropout: float = 0.4
    backbone: str = "lite2"


class LstmDecoder(nn.Module):
    """Predicts the next word from the last word and the LSTM's state."""

    def __init__(self, config: LstmConfig) -> None:
        super().__init__()
        self.config = config
        self.project = nn.Linear(FEATURE_SIZE, config.width)
        self.project_norm = nn.LayerNorm(config.width)
        self.embed = nn.Embedding(config.vocabulary_size, config.width, PAD)
        self.lstm = nn.LSTM(config.width, config.width, batch_first=True)
        self.norm = nn.LayerNorm(config.width)
        self.bias = nn.Parameter(torch.zeros(config.vocabulary_size))
        self.dropout = nn.Dropout(config.dropout)
        nn.init.normal_(self.embed.weight, std=0.05)

    def step(self, values: Tensor, state: State) -> State:
        """Return the state after one input; all [rows, width]."""
        hidden, cell = state
        lstm = self.lstm
        gates = functional.linear(values, lstm.weight_ih_l0, lstm.bias_ih_l0)
        gates = gates + functional.linear(hidden, lstm.weight_hh_l0, lstm.bias_hh_l0)
        enter, forget, new, leave = gates.chunk(4, dim=1)
        cell = forget.sigmoid() * cell + enter.sigmoid() * new.tanh()
        return leave.sigmoid() * cell.tanh(), cell

    def photo_memory(self, features: Tensor) -> list[State]:
        """Return the state after the photo was shown; features [photos, 49, 1280]."""
        shown = self.project_norm(self.project(features.mean(1)))
        empty = torch.zeros_like(shown)
        return [self.step(self.dropout(shown), (empty, empty))]

    def states(
        self,
        tokens: Tensor,
        memory: Sequence[State],
        past: Sequence[State] | None = None,
    ) -> tuple[Tensor, list[State]]:
        """Return states [rows, length, width] and the LSTM's state at the end."""
        start = past[0] if past else memory[0]
        copies = tokens.shape[0] // start[0].shape[0]
        hidden, cell = (part.repeat_interleave(copies, 0) for part in start)
        words = self.dropout(self.embed(tokens))
        if tokens.shape[1] == 1:
            hidden, cell = self.step(words[:, 0], (hidden, cell))
            return self.norm(hidden).unsqueeze(1), [(hidden, cell)]
        states, last = self.lstm(words, (hidden.unsqueeze(0), cell.unsqueeze(0)))
        return self.dropout(self.norm(states)), [(last[0][0], last[1][0])]

    def logits(self, states: Tensor) -> Tensor:
        """Return a score for each word; the embedding is shared with the input."""
        return functional.linear(states, self.embed.weight, self.bias)

    def forward(
        self,
        tokens: Tensor,
        memory: Sequence[State],
        past: Sequence[State] | None = None,
    ) -> tuple[Tensor, list[State]]:
        """Return logits [rows, length, words] and the LSTM's state at the end."""
        states, present = self.states(tokens, memory, past)
        return self.logits(states), present

    def empty_past(self, rows: int) -> list[State]:
        """Return no state: the photo's own is the first."""
        del rows
        return []
