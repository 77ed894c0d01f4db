"""Stage 2: progressive halving, 256 -> 128 -> ... -> 8 steps (Salimans & Ho, arXiv 2202.00512, algorithm 2).
`python -m training.stages.distill --clips DIR --teacher runs/teacher.safetensors --out runs/student`

Audio encoder and identity library are kept from the teacher; the denoiser of each round starts as its teacher's.
"""

from __future__ import annotations

import argparse
import copy
from pathlib import Path

import torch

from training.data.clips import ClipSet
from training.data.windows import WindowConfig, WindowSampler
from training.diffusion.losses import LossWeights, truncated_snr
from training.diffusion.schedule import Schedule
from training.loop.trainer import RunConfig, Trainer
from training.models.talker import Talker
from training.stages.common import load_talker, motion_loss
from training.stages.teacher import PAST_NOISE


class HalvingLoss:
    """One DDIM step of the student must land where two steps of the teacher land.
    n_steps: of the student; the teacher takes twice as many."""

    def __init__(self, student: Talker, teacher: Talker, windows: WindowSampler, run: RunConfig, n_steps: int):
        self.student, self.teacher, self.windows, self.run, self.n_steps = student, teacher, windows, run, n_steps
        self.schedule = Schedule(student.config.denoiser.n_train_steps)
        self.motion_loss = motion_loss(student, LossWeights())

    def _teacher_step(self, x_t, known, audio, style, t, t_prev):
        x0 = self.teacher.clamp(self.teacher.denoiser(x_t, known, audio, style, t.float()).float())
        c_x, c_x0 = self.schedule.coefficients(t, t_prev)
        return torch.where(known > 0, x_t, c_x * x_t + c_x0 * x0)

    def _target(self, x_t, known, audio, style, t, t_mid, t_end):
        """The x0 with which one student step t -> t_end equals the teacher's two steps."""
        x_end = self._teacher_step(x_t, known, audio, style, t, t_mid)
        x_end = self._teacher_step(x_end, known, audio, style, t_mid, t_end)
        c_x, c_x0 = self.schedule.coefficients(t, t_end)
        return torch.where(known > 0, x_t, self.student.clamp((x_end - c_x * x_t) / c_x0))

    def __call__(self, step: int) -> tuple[torch.Tensor, dict[str, float]]:
        student, schedule = self.student, self.schedule
        batch = self.windows.batch(step, self.run.frames_per_batch)
        generator = torch.Generator().manual_seed(self.windows.seed * 1_000_003 + step)
        x0 = student.normalise(batch.motion)
        noise = torch.randn(x0.shape, generator=generator)
        stride = schedule.n_train_steps // self.n_steps
        t = stride * torch.randint(1, self.n_steps + 1, (len(x0),), generator=generator)
        spread = PAST_NOISE * torch.rand(len(x0), 1, 1, generator=generator)
        past = x0 + spread * torch.randn(x0.shape, generator=generator)
        x_t = torch.where(batch.known > 0, past, schedule.add_noise(x0, noise, t))
        with torch.autocast("cpu", torch.bfloat16, enabled=self.run.bf16):
            with torch.no_grad():
                audio = student.encoder(batch.mel)
                style = student.identities(batch.identity)
                target = self._target(x_t, batch.known, audio, style, t, t - stride // 2, t - stride)
            x0_pred = student.denoiser(x_t, batch.known, audio, style, t.float())
        weight = truncated_snr(schedule.alpha_bar[t])
        loss = self.motion_loss(x0_pred.float(), target, batch.known, weight)
        return loss, {}


def distill_round(teacher: Talker, about: dict, clips: ClipSet, run: RunConfig, n_steps: int, path: Path, seed: int):
    """Trains (or resumes) the n_steps student and returns it, averaged, in evaluation mode."""
    student = copy.deepcopy(teacher).train()
    for module in (student.encoder, student.identities):
        module.requires_grad_(False)
    windows = WindowSampler(clips, "train", WindowConfig(), seed + n_steps)
    loss = HalvingLoss(student, teacher, windows, run, n_steps)
    about = about | {"stage": "distill", "sampler_steps": n_steps}
    print(f"round: {2 * n_steps} -> {n_steps} steps", flush=True)
    Trainer(student, loss, run, path, about).run()
    return load_talker(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=Path, nargs="+", required=True, help="folders made by training.data.prepare")
    parser.add_argument("--teacher", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True, help="folder of student-N.safetensors, one per round")
    parser.add_argument("--to", type=int, default=8, help="sampler steps of the last student, a power of two")
    parser.add_argument("--updates", type=int, default=120, help="optimiser steps per round")
    parser.add_argument("--last-updates", type=int, default=1250, help="optimiser steps of the last round")
    parser.add_argument("--learning-rate", type=float, default=2e-4)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    clips = ClipSet(*args.clips)
    teacher, about = load_talker(args.teacher)
    about = {k: about[k] for k in ("talker", "identities")}
    n_steps = teacher.config.denoiser.n_train_steps // 2
    while n_steps >= args.to:
        updates = args.last_updates if n_steps == args.to else args.updates
        run = RunConfig(updates, args.learning_rate, warmup_steps=50, ema_decay=0.99)
        path = args.out / f"student-{n_steps}.safetensors"
        teacher, _ = distill_round(teacher, about, clips, run, n_steps, path, args.seed)
        n_steps //= 2


if __name__ == "__main__":
    main()
