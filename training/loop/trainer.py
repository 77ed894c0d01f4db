"""One optimisation run: resumes, averages weights, logs a line per interval, stops on a non-finite loss."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from training.loop.checkpoint import (
    load_checkpoint,
    optimizer_tensors,
    restore_optimizer,
    save_checkpoint,
    under_prefix,
    with_prefix,
)


@dataclass(frozen=True)
class RunConfig:
    n_steps: int
    learning_rate: float
    frames_per_batch: int = 960
    warmup_steps: int = 200
    final_rate: float = 0.02  # share of the learning rate at the end of the cosine
    weight_decay: float = 0.01
    gradient_clip: float = 1.0
    ema_decay: float = 0.999
    log_every: int = 100
    save_every: int = 250
    bf16: bool = True


def learning_rate(step: int, config: RunConfig) -> float:
    """Linear warm-up, then cosine to final_rate."""
    if step < config.warmup_steps:
        return config.learning_rate * (step + 1) / config.warmup_steps
    u = min(1.0, (step - config.warmup_steps) / max(1, config.n_steps - config.warmup_steps))
    return config.learning_rate * (config.final_rate + (1 - config.final_rate) * 0.5 * (1 + math.cos(math.pi * u)))


class Trainer:
    """loss_of_step(step) -> (loss, figures for the log). Only parameters with requires_grad are trained and averaged.
    path: checkpoint file; when it exists the run goes on from it."""

    def __init__(self, model: nn.Module, loss_of_step: Callable, config: RunConfig, path: Path, about: dict):
        self.model, self.loss_of_step, self.config, self.path, self.about = model, loss_of_step, config, path, about
        self.parameters = [p for p in model.parameters() if p.requires_grad]
        self.optimizer = torch.optim.AdamW(self.parameters, lr=config.learning_rate, weight_decay=config.weight_decay)
        self.ema = {k: v.detach().clone() for k, v in model.state_dict().items()}
        self.step = 0
        if Path(path).exists():
            self._resume()

    def _resume(self) -> None:
        tensors, about = load_checkpoint(self.path)
        self.model.load_state_dict(under_prefix("model", tensors))
        self.ema = under_prefix("ema", tensors)
        restore_optimizer(self.optimizer, under_prefix("optimizer", tensors))
        self.step = about["step"]

    def save(self) -> None:
        tensors = with_prefix("model", self.model.state_dict()) | with_prefix("ema", self.ema)
        tensors |= with_prefix("optimizer", optimizer_tensors(self.optimizer))
        save_checkpoint(self.path, tensors, self.about | {"step": self.step, "run": asdict(self.config)})

    def _average(self) -> None:
        decay = min(self.config.ema_decay, (1 + self.step) / (10 + self.step))
        for name, value in self.model.state_dict().items():
            if value.dtype.is_floating_point:
                self.ema[name].lerp_(value.detach(), 1 - decay)

    def _train_step(self) -> dict[str, float]:
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate(self.step, self.config)
        loss, figures = self.loss_of_step(self.step)
        if not torch.isfinite(loss):
            raise FloatingPointError(f"loss is {loss.item()} at step {self.step} ({figures}): stopped, nothing saved")
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.parameters, self.config.gradient_clip)
        self.optimizer.step()
        self.step += 1
        self._average()
        return figures | {"loss": loss.item()}

    def run(self, until: int | None = None) -> None:
        end = min(self.config.n_steps, until or self.config.n_steps)
        Path(self.path).parent.mkdir(parents=True, exist_ok=True)
        log = open(Path(self.path).with_suffix(".jsonl"), "a", encoding="utf-8")
        sums: dict[str, float] = {}
        started, count = time.monotonic(), 0
        with log:
            while self.step < end:
                for key, value in self._train_step().items():
                    sums[key] = sums.get(key, 0.0) + value
                count += 1
                if self.step % self.config.log_every == 0 or self.step == end:
                    row = {k: round(v / count, 5) for k, v in sums.items()}
                    row |= {"step": self.step, "s_per_step": round((time.monotonic() - started) / count, 4)}
                    print(json.dumps(row), file=log, flush=True)
                    print(row, flush=True)
                    sums, started, count = {}, time.monotonic(), 0
                if self.step % self.config.save_every == 0 or self.step == end:
                    self.save()


def to_mean(values: dict[str, Tensor]) -> dict[str, float]:
    return {k: v.item() for k, v in values.items()}
