"""The many-step teacher.
`python -m training.stages.teacher --clips DIR --personaliser FILE --out runs/teacher.safetensors`

Conditioned on cached features of a large encoder when the clips have them (--features), else on the compact encoder,
trained along. The library and the audio side of the personaliser stay as the contrastive stage left them.

With --bundle in place of --personaliser a bundle's denoiser learns to take many steps, with features of the bundle's
audio encoder; encoder, styles and enrolment stay as they are."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import torch

from training.data.mel_vary import MelVariation
from training.data.windows import WindowConfig, WindowSampler
from training.encoders.cache import FeatureSet
from training.export.model_arguments import bundle_folder
from training.fitting.teachers import N_TRAIN_STEPS, new_teacher, teacher_of_bundle
from training.loop.errors import reports_errors
from training.loop.runtime import Runtime
from training.loop.trainer import RunConfig, Trainer
from training.losses.motion_loss import LossWeights
from training.losses.teacher_loss import TeacherLoss
from training.prepared.clips import ClipSet
from training.stages.arguments import FIRST_STEP_HELP, add_run_arguments, add_weight_argument, drawn_weights


def parsed_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    add_run_arguments(parser, 8300, 8e-4, 0)
    begun = parser.add_mutually_exclusive_group(required=True)
    begun.add_argument("--personaliser", type=Path, help="checkpoint of the personaliser stage")
    begun.add_argument("--bundle", type=bundle_folder, help="begin with the networks of this bundle (name or folder)")
    parser.add_argument("--features", action="store_true", help="use the cached features of a large encoder")
    parser.add_argument("--train-steps", type=int, help="diffusion steps of a new teacher, 256 by default")
    parser.add_argument("--frames", type=int, default=960, help="animation frames per step, all processes together")
    add_weight_argument(parser)
    parser.add_argument("--closure", type=float, default=LossWeights().closure)
    parser.add_argument("--enhancer", type=float, default=LossWeights().enhancer)
    parser.add_argument("--tied-noise", type=float, default=0.0, help="noise that lips start from, 0 .. below 1")
    parser.add_argument("--keep-branch", action="store_true", help="do not train the branch of eyes, brows and head")
    parser.add_argument("--with-encoder", action="store_true", help="train the bundle's audio encoder along")
    parser.add_argument("--sides", action="store_true", help="learn the drift between the sides of the mouth")
    parser.add_argument("--first-step", type=float, default=0.0, help=FIRST_STEP_HELP)
    ablation = parser.add_argument_group("to measure what a part is worth")
    ablation.add_argument("--no-identity", action="store_true", help="one identity for all clips")
    ablation.add_argument("--no-emotion", action="store_true", help="one emotion for all clips")
    ablation.add_argument("--sampler-steps", type=int, help="train directly for a sampler of so many steps")
    args = parser.parse_args()
    if args.bundle and (args.features or args.train_steps):
        parser.error("--features and --train-steps are of a new teacher: --bundle has its own encoder and schedule")
    return args


@reports_errors
def main() -> None:
    args = parsed_arguments()
    runtime = Runtime.from_arguments(args)
    torch.manual_seed(args.seed)
    clips = ClipSet(*args.clips)
    features = FeatureSet(clips) if args.features else None
    model = (
        teacher_of_bundle(args.bundle, clips, args.tied_noise, args.with_encoder, not args.keep_branch, args.sides)
        if args.bundle
        else new_teacher(clips, args.personaliser, features.dim if features else 0, args.train_steps or N_TRAIN_STEPS)
    )
    n_train_steps = model.config.denoiser.n_train_steps
    run = RunConfig(args.steps, args.learning_rate, frames_per_batch=args.frames)
    about = {
        "stage": "teacher", "talker": model.config.as_dict(), "motion": clips.info.motion.as_dict(),
        "identities": clips.info.identities, "emotions": clips.info.emotions, "source": clips.info.source,
        "encoder": str(features.info) if features else "compact",
    }  # fmt: skip
    if args.sampler_steps:
        about["sampler_steps"] = args.sampler_steps
    hidden = tuple(name for name, hide in (("identity", args.no_identity), ("emotion", args.no_emotion)) if hide)
    if hidden:
        about["hidden"] = hidden
    # An encoder that stays gets speech of other throats and rooms, too: the denoiser learns how wrong its features are.
    vary = MelVariation() if args.bundle else None
    config = WindowConfig(source_weight=drawn_weights(args), hidden=hidden, vary=vary)
    windows = WindowSampler(clips, "train", config, args.seed, features)
    weights = replace(LossWeights(), closure=args.closure, enhancer=args.enhancer)
    going_on: dict = {"first_step": args.first_step, "sides": args.sides}
    if args.bundle:
        weights = replace(weights, closure_margin=0.0)
        going_on |= {"from_speech": 0.0, "only_spoken": True}
    loss = TeacherLoss(model, windows, weights, run, runtime, args.sampler_steps or n_train_steps, **going_on)
    Trainer(loss, run, args.out, about, runtime).run(args.until)


if __name__ == "__main__":
    main()
