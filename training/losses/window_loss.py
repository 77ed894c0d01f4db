"""What the losses over windows share: this process's part of a step's batch, and what to say of a batch that fails."""

from __future__ import annotations

from typing import Any

from torch import nn

from training.data.windows import Batch, WindowSampler
from training.loop.distributed import share
from training.loop.runtime import Runtime
from training.loop.trainer import RunConfig


class WindowLoss(nn.Module):
    """model: what is trained; see training/loop/README.md for the form of a loss."""

    model: Any  # subclasses say which

    def __init__(self, model: nn.Module, windows: WindowSampler, run: RunConfig, runtime: Runtime):
        super().__init__()
        self.model, self.windows, self.run, self.runtime = model, windows, run, runtime

    def describe_batch(self, step: int) -> str:
        return self.windows.describe(step, self.run.frames_per_batch)

    def batch(self, step: int, reference: bool = False) -> tuple[Batch, int, slice]:
        """(this process's windows on its device, rows of the global batch, which of them are here)."""
        draw = self.windows.draw(step, self.run.frames_per_batch)
        rows = share(len(draw))
        return self.runtime.place(self.windows.load(draw, rows, reference)), len(draw), rows

    def noise_seed(self, step: int) -> int:
        return self.windows.seed * 1_000_003 + step
