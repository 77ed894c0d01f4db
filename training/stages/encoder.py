"""The compact audio encoder learns the features of the teacher's large one (the follow-up's L_ae).
`python -m training.stages.encoder --clips DIR --teacher runs/teacher.safetensors --out runs/encoder.safetensors`"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import torch

from training.data.mel_vary import MelVariation
from training.data.windows import WindowConfig, WindowSampler
from training.encoders.cache import FeatureSet
from training.export.model_arguments import bundle_folder
from training.export.torch_student import load_student
from training.export.trained import load_phone_head, load_talker
from training.fitting.small_encoders import beginning, small_talker
from training.loop.errors import reports_errors
from training.loop.runtime import Runtime
from training.loop.trainer import RunConfig, Trainer
from training.losses.encoder_loss import EncoderLoss
from training.losses.feature_motion import feature_motion_of
from training.losses.motion_loss import LossWeights
from training.prepared.clips import ClipSet
from training.stages.arguments import add_run_arguments, add_weight_argument, drawn_weights

# LossWeights.closure where a denoiser learns from one with better features. With 4 the 8-step one closes 95 % of p, b
# and m of LibriSpeech test-other and touches in 10 % of the phones that want the lips apart; before it was trained, 91
# and 6 %.
FEATURE_CLOSURE = 4.0


def parsed_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    add_run_arguments(parser, 4000, 1e-3, 2)
    parser.add_argument("--teacher", type=Path, required=True, help="checkpoint of a teacher or an adapter")
    parser.add_argument("--frames", type=int, default=1440)
    parser.add_argument("--bundle", type=bundle_folder, help="begin with the networks of this bundle (name or folder)")
    parser.add_argument("--layers", type=int, help="blocks of the encoder; default: as many as it begins with")
    parser.add_argument(
        "--train", choices=("encoder", "denoiser", "both"), default="encoder",
        help="the bundle's denoiser, too, can learn what it makes of the encoder's features",
    )  # fmt: skip
    weights = LossWeights()
    parser.add_argument("--contact", type=float, default=weights.contact, help="weight of p, b and m")
    parser.add_argument(
        "--motion", type=float, default=weights.feature_motion, help="weight of what the denoiser makes of it"
    )
    parser.add_argument("--closure", type=float, default=FEATURE_CLOSURE, help="weight of lip contact in that motion")
    add_weight_argument(parser)
    args = parser.parse_args()
    if (args.motion or args.train != "encoder") and not (args.motion and args.bundle):
        parser.error("a denoiser comes from --bundle and is trained by --motion: give both")
    return args


@reports_errors
def main() -> None:
    args = parsed_arguments()
    runtime = Runtime.from_arguments(args)
    torch.manual_seed(args.seed)
    clips = ClipSet(*args.clips)
    teacher, about = load_talker(args.teacher)
    if not teacher.config.d_features:
        raise ValueError(f"{args.teacher} has the compact encoder already: this stage is not needed")
    head = load_phone_head(args.teacher, teacher.config.encoder.d_model)
    model = beginning(load_student(args.bundle)[0] if args.bundle else small_talker(teacher), args.train)
    if args.bundle:  # its features are read by the teacher's head already: a fresh one would spoil them at first
        model.phone_head.load_state_dict(head.state_dict())
    if args.layers:
        model.encoder.deepen(args.layers)
    run = RunConfig(args.steps, args.learning_rate, frames_per_batch=args.frames)
    config = WindowConfig(source_weight=drawn_weights(args), vary=MelVariation())
    windows = WindowSampler(clips, "train", config, args.seed, FeatureSet(clips))
    weights = replace(
        LossWeights(), contact=args.contact, feature_motion=args.motion, closure=args.closure, closure_margin=0.0
    )
    motion = feature_motion_of(args.bundle, clips.info.motion, weights) if args.motion else None
    loss = EncoderLoss(model, teacher, head, windows, run, runtime, weights, motion)
    made = {"stage": "encoder", "encoder": about["encoder"], "layers": model.encoder.config.n_layers}
    Trainer(loss, run, args.out, made, runtime).run(args.until)


if __name__ == "__main__":
    main()
