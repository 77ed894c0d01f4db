"""One optimisation run: resumes, averages weights and gradients, logs, stops whole on a signal or non-finite loss."""

from __future__ import annotations

import functools
import math
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import cast

import torch
from torch import Tensor, nn

from training.loop.checkpoint import (
    check_model,
    check_moments,
    load_checkpoint,
    optimizer_tensors,
    restore_optimizer,
    save_checkpoint,
    under_prefix,
    with_prefix,
)
from training.loop.config import RunConfig, learning_rate, step_seed
from training.loop.distributed import gather_objects, max_over_ranks, on_rank_zero, rank
from training.loop.ema import start_average, update_average
from training.loop.errors import CheckpointError, NonFiniteLoss, Stopped
from training.loop.progress import Figures, RunLog
from training.loop.runtime import Runtime
from training.loop.signals import StopRequest, name_of

__all__ = ["RunConfig", "Trainer", "learning_rate"]


class Trainer:
    """Trains loss.model, the parameters of it that require a gradient.
    loss: module; value, figures = loss(step) with value a scalar on runtime's device and figures floats or scalar
        tensors for the log. Batch and noise must be functions of (seed, step). May have describe_batch(step) -> str.
    path: checkpoint file; when it exists the run goes on from it.   about: JSON-able, saved with it.
    Raises ValueError for a loss with trainable parameters outside loss.model, CheckpointError for a path that holds
    something else than a run of this model."""

    def __init__(self, loss: nn.Module, config: RunConfig, path: Path, about: dict, runtime: Runtime):
        self.loss, self.config, self.path, self.about, self.runtime = loss, config, Path(path), about, runtime
        self.model = cast(nn.Module, loss.model)
        self.parameters = [p for p in self.model.parameters() if p.requires_grad]
        self._check_parameters()
        self._wrapped = runtime.setup(loss)
        self.optimizer = torch.optim.AdamW(self.parameters, lr=config.learning_rate, weight_decay=config.weight_decay)
        self.ema = start_average(self.model)
        self.step = 0
        # Rank 0 reads for all: other nodes need not see the file, and all start from the same step.
        saved = on_rank_zero(lambda: load_checkpoint(self.path) if self.path.exists() else None)
        if saved is not None:
            self._resume(*saved)

    def _check_parameters(self) -> None:
        if not self.parameters:
            raise ValueError("loss.model has no parameter that requires a gradient: there is nothing to train")
        own = {id(p) for p in self.parameters}
        for name, parameter in self.loss.named_parameters():
            if parameter.requires_grad and id(parameter) not in own:
                raise ValueError(
                    f"parameter {name} of the loss requires a gradient but is not in loss.model, so it would neither "
                    "be trained nor saved: freeze it with requires_grad_(False) or move it into the model"
                )

    def _resume(self, tensors: dict[str, Tensor], about: dict) -> None:
        state, average = under_prefix("model", tensors), under_prefix("ema", tensors)
        if not state or "step" not in about:
            raise CheckpointError(f"{self.path} holds weights but no run to go on with: name another file")
        check_model(self.path, state, self.model.state_dict())
        check_model(self.path, average, self.ema)
        moments = under_prefix("optimizer", tensors)
        check_moments(self.path, moments, self.parameters)
        self.model.load_state_dict(state)
        for name, value in average.items():
            self.ema[name].copy_(value)
        restore_optimizer(self.optimizer, moments)
        self.step = about["step"]
        if self.runtime.is_main:
            old, new = about.get("run", {}), self._run_notes()
            changed = [f"{k} {old[k]} -> {v}" for k, v in new.items() if k in old and old[k] != v]
            print(f"{self.path}: going on from step {self.step}{', changed: ' if changed else ''}{', '.join(changed)}")

    def _run_notes(self) -> dict:
        return asdict(self.config) | self.runtime.about()

    def save(self) -> None:
        """Writes the checkpoint, on rank 0. Every rank must call it. Raises CheckpointError on every rank."""
        on_rank_zero(self._save_here)

    def _save_here(self) -> None:
        tensors = with_prefix("model", self.model.state_dict()) | with_prefix("ema", self.ema)
        tensors |= with_prefix("optimizer", optimizer_tensors(self.optimizer))
        save_checkpoint(self.path, tensors, self.about | {"step": self.step, "run": self._run_notes()})

    def _train_step(self, stop: StopRequest, figures: Figures) -> int:
        """One update. Returns the number of a signal that some rank has got, else 0."""
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate(self.step, self.config)
        torch.manual_seed(step_seed(self.config.seed, self.step, rank()))
        value, step_figures = self._wrapped(self.step)
        self.optimizer.zero_grad(set_to_none=True)
        self.runtime.fabric.backward(value)
        norm = nn.utils.clip_grad_norm_(self.parameters, self.config.gradient_clip)
        # One small exchange and one wait for the device per step: who is not finite, who was asked to stop.
        finite = torch.isfinite(value.detach()) & torch.isfinite(norm)
        flags = torch.stack([(~finite).float(), torch.tensor(float(stop.number), device=value.device)])
        broken, number = max_over_ranks(flags).tolist()
        if broken:
            raise self._non_finite(value.item(), norm.item(), step_figures)
        self.optimizer.step()
        self.step += 1
        update_average(self.ema, self.model, self.step, self.config.ema_decay)
        figures.add(step_figures | {"loss": value})
        return int(number)

    def _non_finite(self, value: float, norm: float, figures: dict) -> NonFiniteLoss:
        describe = getattr(self.loss, "describe_batch", None)
        batch = describe(self.step) if describe else "the loss does not describe its batches"
        shown = ", ".join(f"{k} {float(v):.4g}" for k, v in figures.items())
        parts = gather_objects((value, f"loss {value:.4g}{', ' if shown else ''}{shown}; batch: {batch}"))
        bad = [r for r, (v, _) in enumerate(parts) if not math.isfinite(v)]
        what = "loss is not finite" if bad else f"gradient is not finite (norm {norm:.4g})"
        details = "; ".join(f"process {r}: {parts[r][1]}" for r in bad or range(len(parts)))
        return NonFiniteLoss(f"{what} at step {self.step} ({details}): stopped, the last checkpoint is untouched")

    def run(self, until: int | None = None) -> None:
        """Trains to step `until` of the schedule (all of it by default) and saves there. On SIGTERM or SIGINT, to any
        rank, finishes the step, saves and raises Stopped."""
        end = self.config.n_steps if until is None else min(self.config.n_steps, until)
        log = RunLog(self.path)
        on_rank_zero(lambda: log.open(self.config.n_steps, self.step))
        try:
            with StopRequest() as stop:
                self._run_to(end, log, stop)
        finally:
            log.close()

    def _run_to(self, end: int, log: RunLog, stop: StopRequest) -> None:
        figures, started, first = Figures(), time.monotonic(), self.step
        number = 0
        while self.step < end and not number:
            number = self._train_step(stop, figures)
            log.advance()
            last = self.step == end or number
            if self.step % self.config.log_every == 0 or last:
                seconds = (time.monotonic() - started) / (self.step - first)
                row = {k: round(v, 5) for k, v in figures.means().items()}
                row |= {"learning_rate": learning_rate(self.step - 1, self.config)}
                row |= {"step": self.step, "s_per_step": round(seconds, 4)}
                on_rank_zero(functools.partial(log.write, row))
                started, first = time.monotonic(), self.step
            if self.step % self.config.save_every == 0 or last:
                self.save()
        # A signal that came after the last exchange must not be lost: the next stage would start.
        number = number or int(max_over_ranks(torch.tensor(float(stop.number), device=self.runtime.device)))
        if number:
            if self.runtime.is_main:
                text = f"stopped by {name_of(number)} after step {self.step}, saved in {self.path}"
                print(f"{text}: the same command goes on from there", file=sys.stderr, flush=True)
            raise Stopped(number, self.runtime.speaks_for_node)
