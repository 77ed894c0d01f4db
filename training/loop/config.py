"""Numbers of one optimisation run and the learning rate they imply."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class RunConfig:
    n_steps: int
    learning_rate: float
    frames_per_batch: int = 960  # of the global batch, before it is shared among the processes
    warmup_steps: int = 200
    final_rate: float = 0.02  # share of the learning rate at the end of the cosine
    weight_decay: float = 0.01
    gradient_clip: float = 1.0  # largest norm of the whole gradient
    ema_decay: float = 0.999
    log_every: int = 100
    save_every: int = 250
    seed: int = 0  # of torch's own random numbers (dropout); batches and noise have theirs


def learning_rate(step: int, config: RunConfig) -> float:
    """Linear warm-up, then cosine to final_rate."""
    if step < config.warmup_steps:
        return config.learning_rate * (step + 1) / config.warmup_steps
    u = min(1.0, (step - config.warmup_steps) / max(1, config.n_steps - config.warmup_steps))
    return config.learning_rate * (config.final_rate + (1 - config.final_rate) * 0.5 * (1 + math.cos(math.pi * u)))


def step_seed(seed: int, step: int, rank: int) -> int:
    """Seed of torch's random numbers in one step on one rank: a function of these three only, so that no generator's
    state has to be saved, and dropout differs between the ranks."""
    return ((seed * 1_000_003 + step) * 8191 + rank) % 2**63
