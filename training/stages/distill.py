"""Progressive halving, 256 -> 128 -> ... -> 8 -> .. steps (Salimans & Ho, arXiv 2202.00512, algorithm 2).
`python -m training.stages.distill --clips DIR --teacher runs/teacher.safetensors --out runs/student`

A round's student starts as its teacher. A large audio encoder stays until the round --compact-at: its student starts
with the compact encoder of --encoder and trains it along, its teacher still hears the large one, and L_ae holds the
features together. The student of that round is a mean of its weights before and after it (--compact-share; "WiSE-FT",
Wortsman et al., arXiv 2109.01903): what the motion of synthetic voices teaches then costs real voices less. Later
rounds share its encoder, frozen."""

from __future__ import annotations

import argparse
import copy
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import torch
from torch import Tensor, nn

from training.data.mel_vary import MelVariation
from training.data.windows import WindowConfig, WindowSampler
from training.diffusion.halving import halving_target
from training.diffusion.losses import LossWeights, truncated_snr
from training.diffusion.schedule import Schedule
from training.encoders.cache import FeatureSet
from training.export.trained import load_talker
from training.loop.checkpoint import load_checkpoint, save_checkpoint, under_prefix, with_prefix
from training.loop.distributed import on_rank_zero
from training.loop.errors import reports_errors
from training.loop.runtime import Runtime, add_runtime_arguments
from training.loop.trainer import RunConfig, Trainer
from training.models.talker import Talker
from training.models.upper_face import UpperFaceEnhancer
from training.prepared.clips import ClipSet
from training.stages.arguments import FIRST_STEP_HELP, add_weight_argument, drawn_weights
from training.stages.common import motion_loss, noised
from training.stages.encoder import feature_loss, load_phone_head, posterior_loss, small_talker
from training.stages.teacher import enhancer_loss, load_enhancer
from training.stages.window_loss import WindowLoss

# Here the motion itself teaches the compact encoder what matters; features and phones of the large one only hold it.
IMITATION = 0.1


class HalvingLoss(WindowLoss):
    """One DDIM step of the student must land where two steps of the teacher land.
    n_steps: of the student; the teacher takes twice as many. large: the frozen large encoder of L_ae and the phone
    classifier that reads its features, or None. enhancer: the teacher's, frozen, which holds the student's upper face
    to the style too (L_pc), or None.   first_step: see noised()."""

    def __init__(
        self,
        student: Talker,
        teacher: Talker,
        windows: WindowSampler,
        run: RunConfig,
        n_steps: int,
        runtime: Runtime,
        large: tuple[nn.Module, nn.Linear] | None = None,
        enhancer: UpperFaceEnhancer | None = None,
        first_step: float = 0.0,
    ):
        super().__init__(student, windows, run, runtime)
        self.n_steps, self.first_step = n_steps, first_step
        self.teacher = copy.deepcopy(teacher).eval().requires_grad_(False)
        self.large, self.head = (None, None) if large is None else copy.deepcopy(large)
        if self.large is not None:
            self.large.eval().requires_grad_(False)
        self.enhancer = None if enhancer is None else copy.deepcopy(enhancer).eval().requires_grad_(False)
        self.schedule = Schedule(student.config.denoiser.n_train_steps)
        # The teacher's own bias towards closed lips is in its targets: adding it in every round would shut the mouth.
        # But a student that hears less than its teacher is less sure, and half-closes: there closed lips count more.
        hears_less = teacher.config.d_features > 0 and student.config.d_features == 0
        closure = LossWeights().closure if hears_less else 0.0
        self.weights = replace(LossWeights(), closure=closure, closure_margin=0.0, audio=IMITATION, posterior=IMITATION)
        self.motion_loss = motion_loss(student, windows.clips.info.motion, self.weights)

    def forward(self, step: int) -> tuple[Tensor, dict]:
        student = self.model
        batch, n, rows = self.batch(step)
        stride = self.schedule.n_train_steps // self.n_steps
        noise = noised(student, self.schedule, batch, n, rows, stride, self.noise_seed(step), self.first_step)
        t, figures = noise.t, {}
        with self.runtime.autocast():
            with torch.no_grad():
                teacher_in = batch.features if self.teacher.config.d_features else batch.mel
                teacher_audio = self.teacher.encoder(teacher_in)
                style = self.teacher.personaliser.style_at(batch.identity.clamp(min=0), batch.emotion, batch.strength)
                half = stride // 2
                target = halving_target(
                    self.teacher, self.schedule, noise.x_t, batch.known, teacher_audio, style, t, t - half, t - stride
                )
                wanted = None if self.large is None else self.large(batch.features)
            audio = student.encoder(batch.features if student.config.d_features else batch.mel)
            x0_pred = student.denoiser(noise.x_t, batch.known, audio, style, t.float()).float()
        weight = truncated_snr(self.schedule.alpha_bar.to(t.device)[t])
        loss = self.motion_loss(x0_pred, target, batch.known, weight)
        figures["motion"] = loss.detach()
        if self.enhancer is not None and self.weights.enhancer > 0:
            free = list(student.config.denoiser.free)
            contrast = enhancer_loss(self.enhancer, x0_pred[..., free], style.float(), batch)
            loss, figures["enhancer"] = loss + self.weights.enhancer * contrast, contrast.detach()
        if wanted is not None:
            imitation = feature_loss(audio, wanted)
            posterior = posterior_loss(audio, wanted, self.head)
            loss = loss + self.weights.audio * imitation + self.weights.posterior * posterior
            figures |= {"features": imitation.detach(), "posterior": posterior.detach()}
        return loss, figures


@dataclass
class Chain:
    """What all rounds share. large: encoder and phone classifier of the first teacher when it hears a large one, else
    None. enhancer: of the first teacher, if it has one."""

    clips: ClipSet
    features: FeatureSet | None
    large: tuple[nn.Module, nn.Linear] | None
    enhancer: UpperFaceEnhancer | None
    runtime: Runtime
    about: dict
    seed: int
    drawn: tuple[tuple[str, float], ...]  # WindowConfig.engine_weight
    first_step: float  # see noised()


def distill_round(
    student: Talker, teacher: Talker, chain: Chain, run: RunConfig, n_steps: int, path: Path, swaps: bool
) -> Talker:
    """Trains (or resumes) the n_steps student and returns it, averaged, in evaluation mode. swaps: the student has just
    got the compact encoder, and trains it."""
    student = copy.deepcopy(student).train().requires_grad_(True)
    student.personaliser.requires_grad_(False)
    student.encoder.requires_grad_(swaps)
    hears_mel = student.config.d_features == 0
    config = WindowConfig(engine_weight=chain.drawn, vary=MelVariation() if hears_mel else None)
    features = chain.features if teacher.config.d_features else None
    windows = WindowSampler(chain.clips, "train", config, chain.seed + n_steps, features)
    large = chain.large if swaps else None
    loss = HalvingLoss(student, teacher, windows, run, n_steps, chain.runtime, large, chain.enhancer, chain.first_step)
    about = chain.about | {"stage": "distill", "sampler_steps": n_steps, "talker": student.config.as_dict()}
    if chain.runtime.is_main:
        print(f"round: {2 * n_steps} -> {n_steps} steps", flush=True)
    Trainer(loss, run, path, about, chain.runtime).run()
    return load_talker(path)[0]


def save_mean(before: Talker, after: Path, share: float, path: Path) -> None:
    """The mean of two talkers' weights, `share` of the second, as a checkpoint without a run to go on with."""
    tensors, about = load_checkpoint(after)
    first, second = before.state_dict(), under_prefix("ema", tensors)
    mean = {k: v.lerp(second[k], share) if v.dtype.is_floating_point else v for k, v in first.items()}
    save_checkpoint(path, with_prefix("ema", mean), {k: v for k, v in about.items() if k != "run"})


def run_rounds(teacher: Talker, n_steps: int, chain: Chain, args: argparse.Namespace) -> None:
    """All rounds from the teacher's n_steps to args.to, each saved as student-N.safetensors."""
    n_steps //= 2
    while n_steps >= args.to:
        path = args.out / f"student-{n_steps}.safetensors"
        if teacher.config.d_features and n_steps <= args.compact_at:
            run = _run_config(args, args.compact_updates, args.compact_learning_rate)
            student = small_talker(teacher, args.encoder)
            trained = args.out / f"student-{n_steps}-trained.safetensors"
            distill_round(student, teacher, chain, run, n_steps, trained, swaps=True)
            on_rank_zero(partial(save_mean, student, trained, args.compact_share, path))
            teacher = load_talker(path)[0]
        else:
            run = _run_config(args, args.last_updates if n_steps <= 8 else args.updates, args.learning_rate)
            teacher = distill_round(teacher, teacher, chain, run, n_steps, path, swaps=False)
        n_steps //= 2


def _run_config(args: argparse.Namespace, updates: int, learning_rate: float) -> RunConfig:
    return RunConfig(updates, learning_rate, frames_per_batch=args.frames, warmup_steps=50, ema_decay=0.99)


@reports_errors
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=Path, nargs="+", required=True, help="prepared clips")
    parser.add_argument("--teacher", type=Path, required=True, help="checkpoint, or bundle folder")
    parser.add_argument("--encoder", type=Path, help="checkpoint of the encoder stage, for a teacher with a large one")
    parser.add_argument("--out", type=Path, required=True, help="folder of student-N.safetensors, one per round")
    parser.add_argument("--to", type=int, default=8, help="sampler steps of the last student, a power of two")
    parser.add_argument("--updates", type=int, default=120, help="optimiser steps of the rounds down to 16 steps")
    parser.add_argument("--last-updates", type=int, default=400, help="optimiser steps of the rounds from 8 steps down")
    parser.add_argument("--learning-rate", type=float, default=2e-4)
    compact = parser.add_argument_group("the round that changes the large encoder for the compact one")
    compact.add_argument("--compact-at", type=int, default=8, help="its student's steps")
    compact.add_argument("--compact-updates", type=int, default=1600)
    compact.add_argument("--compact-learning-rate", type=float, default=5e-4)
    compact.add_argument("--compact-share", type=float, default=0.4, help="of the trained weights in the mean, 0..1")
    add_weight_argument(parser)
    parser.add_argument("--first-step", type=float, default=0.0, help=FIRST_STEP_HELP)
    parser.add_argument("--frames", type=int, default=960)
    parser.add_argument("--seed", type=int, default=1)
    add_runtime_arguments(parser)
    args = parser.parse_args()
    runtime = Runtime.from_arguments(args)
    clips = ClipSet(*args.clips)
    teacher, about = load_talker(args.teacher)
    large = teacher.config.d_features > 0
    if large and args.to <= args.compact_at and args.encoder is None:
        parser.error(f"{args.teacher} hears a large encoder: give --encoder, the compact one of the encoder stage")
    keep = ("identities", "emotions", "motion", "source", "encoder")
    chain = Chain(
        clips, FeatureSet(clips) if large else None,
        (teacher.encoder, load_phone_head(args.teacher, teacher.config.encoder.d_model)) if large else None,
        None if args.teacher.is_dir() else load_enhancer(args.teacher), runtime,
        {k: about[k] for k in keep}, args.seed, drawn_weights(args), args.first_step,
    )  # fmt: skip
    run_rounds(teacher, about.get("sampler_steps", teacher.config.denoiser.n_train_steps), chain, args)


if __name__ == "__main__":
    main()
