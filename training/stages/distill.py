"""Progressive halving, 256 -> 128 -> ... -> 8 -> .. steps (Salimans & Ho, arXiv 2202.00512, algorithm 2).
`python -m training.stages.distill --clips DIR --teacher runs/teacher.safetensors --out runs/student`

A round's student starts as its teacher. A large audio encoder stays until the round --compact-at: its student starts
with the compact encoder of --encoder and trains it along, its teacher keeps the large one, and L_ae holds the
features together. The student of that round is a mean of its weights before and after it (--compact-share; "WiSE-FT",
Wortsman et al., arXiv 2109.01903): what the motion of synthetic voices teaches then costs real voices less. Later
rounds share its encoder, frozen."""

from __future__ import annotations

import argparse
import copy
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from torch import nn

from training.data.mel_vary import MelVariation
from training.data.windows import WindowConfig, WindowSampler
from training.encoders.cache import FeatureSet
from training.export.model_arguments import MODEL_HELP, checkpoint_or_bundle
from training.export.trained import load_enhancer, load_phone_head, load_talker, mean_state
from training.fitting.small_encoders import small_talker
from training.loop.checkpoint import save_checkpoint, with_prefix
from training.loop.distributed import on_rank_zero
from training.loop.errors import reports_errors
from training.loop.runtime import Runtime, add_runtime_arguments
from training.loop.trainer import RunConfig, Trainer
from training.losses.halving_loss import HalvingLoss
from training.models.talker import Talker
from training.models.upper_face import UpperFaceEnhancer
from training.prepared.clips import ClipSet
from training.stages.arguments import FIRST_STEP_HELP, add_weight_argument, drawn_weights


@dataclass
class Chain:
    """What all rounds share. large: encoder and phone classifier of the first teacher when it has a large one, else
    None. enhancer: of the first teacher, if it has one."""

    clips: ClipSet
    features: FeatureSet | None
    large: tuple[nn.Module, nn.Linear] | None
    enhancer: UpperFaceEnhancer | None
    runtime: Runtime
    about: dict
    seed: int
    drawn: tuple[tuple[str, float], ...]  # WindowConfig.source_weight
    first_step: float  # see noised()


def distill_round(
    student: Talker, teacher: Talker, chain: Chain, run: RunConfig, n_steps: int, path: Path, swaps: bool
) -> Talker:
    """Trains (or resumes) the n_steps student and returns it, averaged, in evaluation mode. swaps: the student has just
    got the compact encoder, and trains it."""
    student = copy.deepcopy(student).train().requires_grad_(True)
    student.personaliser.requires_grad_(False)
    student.encoder.requires_grad_(swaps)
    takes_mel = student.config.d_features == 0
    config = WindowConfig(source_weight=chain.drawn, vary=MelVariation() if takes_mel else None)
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
    trained, about = load_talker(after)
    mean = mean_state(before, trained, share)
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
    parser.add_argument("--teacher", type=checkpoint_or_bundle, required=True, help=MODEL_HELP)
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
        parser.error(
            f"{args.teacher} takes features of a large encoder: give --encoder, the compact one of the encoder stage"
        )
    keep = ("identities", "emotions", "motion", "source", "encoder")
    chain = Chain(
        clips, FeatureSet(clips) if large else None,
        (teacher.encoder, load_phone_head(args.teacher, teacher.config.encoder.d_model)) if large else None,
        None if args.teacher.is_dir() else load_enhancer(args.teacher), runtime,
        {k: about[k] for k in keep}, args.seed, drawn_weights(args), args.first_step,
    )  # fmt: skip
    n_steps = about.get("sampler_steps", teacher.config.denoiser.n_train_steps)
    if not isinstance(n_steps, int):
        raise ValueError(f"{args.teacher} has the timesteps {n_steps}, and halving needs evenly spaced ones")
    run_rounds(teacher, n_steps, chain, args)


if __name__ == "__main__":
    main()
