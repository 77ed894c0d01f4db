"""Eyes and brows of a few-step student, or of a bundle, learned through its own sampler.
`python -m training.stages.upper_face --clips DIR --student runs/student-8.safetensors --out runs/eyes-8.safetensors`

Audio hardly says when someone blinks, so the branch of eyes and brows has to draw from a distribution, and of all that
halving costs, blinks are lost first. Here the branch alone learns: it draws several motions of each window through all
sampler steps, and the energy score compares them with the wanted motion (as Gritsenko et al., arXiv 2008.01160, did for
speech; our choice). No teacher is needed, and the lips stay what they were, to the bit."""

from __future__ import annotations

import argparse
from pathlib import Path

from diffusiontalker.spec.sampler import sampler_table
from training.data.mel_vary import MelVariation
from training.data.windows import WindowConfig, WindowSampler
from training.export.model_arguments import MODEL_HELP, checkpoint_or_bundle
from training.export.trained import load_talker
from training.loop.errors import reports_errors
from training.loop.runtime import Runtime
from training.loop.trainer import RunConfig, Trainer
from training.losses.upper_face_loss import SHAPES, UpperFaceLoss
from training.models.talker import Talker
from training.prepared.clips import ClipSet, check_library
from training.stages.arguments import add_run_arguments, add_weight_argument, drawn_weights


def only_branch(talker: Talker, path: Path) -> Talker:
    """`talker` with only its branch of eyes and brows to train. Raises ValueError where there is none."""
    if talker.denoiser.free is None:
        raise ValueError(f"{path} has no branch of eyes and brows: its motion is no ARKit face")
    if talker.config.d_features:
        raise ValueError(f"{path} takes features of a large encoder: give a distilled student, or a bundle")
    talker.requires_grad_(False)
    talker.denoiser.free.requires_grad_(True)
    return talker


@reports_errors
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    add_run_arguments(parser, 4000, 5e-4, 5)
    parser.add_argument("--student", type=checkpoint_or_bundle, required=True, help=MODEL_HELP)
    parser.add_argument("--samples", type=int, default=2, help="motions drawn of every window, 2 or more")
    parser.add_argument("--frames", type=int, default=960, help="animation frames per step, all processes together")
    add_weight_argument(parser)
    args = parser.parse_args()
    if args.samples < 2:
        parser.error("--samples must be 2 or more: one motion does not show how motions differ")
    runtime = Runtime.from_arguments(args)
    clips = ClipSet(*args.clips)
    talker, about = load_talker(args.student)
    model = only_branch(talker, args.student)
    check_library(args.student, about["identities"], about["emotions"], clips)
    n_train_steps = model.config.denoiser.n_train_steps
    steps = sampler_table(about.get("sampler_steps", n_train_steps), n_train_steps)
    run = RunConfig(args.steps, args.learning_rate, frames_per_batch=args.frames, warmup_steps=50, ema_decay=0.995)
    config = WindowConfig(shapes=SHAPES, source_weight=drawn_weights(args), vary=MelVariation())
    windows = WindowSampler(clips, "train", config, args.seed)
    loss = UpperFaceLoss(model, windows, run, runtime, steps, args.samples)
    made = {k: v for k, v in about.items() if k not in ("run", "step")} | {"stage": "upper_face"}
    Trainer(loss, run, args.out, made, runtime).run(args.until)


if __name__ == "__main__":
    main()
