"""Decoding: batched sampling for training, beam search for one photo."""

import torch
from torch import Tensor

from edge_runtime.families.decoding import SearchSettings, StepFunction, search

from .data import BOS, EOS, PAD, UNK
from .model import CaptionDecoder

FORBIDDEN = (PAD, BOS, UNK)
BEAM = SearchSettings(
    bos=BOS,
    eos=EOS,
    never=FORBIDDEN,
    max_new_tokens=20,
    num_beams=4,
    length_penalty=0.7,
    no_repeat_ngram_size=3,
)
"""What ships: the same settings stand in models.yaml."""
GREEDY = SearchSettings(bos=BOS, eos=EOS, never=FORBIDDEN, length_penalty=0.0)


@torch.no_grad()
def sample(
    decoder: CaptionDecoder,
    features: Tensor,
    *,
    copies: int,
    greedy: bool,
    max_new_tokens: int = 20,
) -> Tensor:
    """Return token ids [photos * copies, length], padded after `<eos>`."""
    memory = decoder.photo_memory(features)
    rows = features.shape[0] * copies
    past = decoder.empty_past(rows)
    tokens = torch.full((rows, 1), BOS)
    finished = torch.zeros(rows, dtype=torch.bool)
    output: list[Tensor] = []
    for _ in range(max_new_tokens):
        logits, past = decoder(tokens, memory, past)
        scores = logits[:, -1].float()
        scores[:, list(FORBIDDEN)] = -torch.inf
        if greedy:
            chosen = scores.argmax(1)
        else:
            chosen = torch.multinomial(scores.softmax(1), 1).squeeze(1)
        chosen = chosen.masked_fill(finished, PAD)
        output.append(chosen)
        finished |= chosen == EOS
        if bool(finished.all()):
            break
        tokens = chosen.unsqueeze(1)
    return torch.stack(output, dim=1)


def best_caption(step: StepFunction, settings: SearchSettings) -> list[int]:
    """Return the best caption of one photo, found by the runtime's own search."""
    return list(search(step, settings)[0].tokens)
