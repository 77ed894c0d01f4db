"""Running average of a model's parameters."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def start_average(model: nn.Module) -> dict[str, Tensor]:
    return {k: v.detach().clone() for k, v in model.state_dict().items()}


@torch.no_grad()
def update_average(average: dict[str, Tensor], model: nn.Module, step: int, decay: float) -> None:
    """Moves average towards model after step updates. Young averages decay faster, else they keep the random start.
    Buffers (motion statistics, counters) are copied: an average of them means nothing."""
    decay = min(decay, (1 + step) / (10 + step))
    state, trained = model.state_dict(), {name for name, _ in model.named_parameters()}
    names = [k for k in state if k in trained and state[k].dtype.is_floating_point]
    torch._foreach_lerp_([average[k] for k in names], [state[k] for k in names], 1 - decay)
    for name in state.keys() - set(names):
        average[name].copy_(state[name])
