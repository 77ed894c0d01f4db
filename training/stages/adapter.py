"""A teacher for the encoder stage, made from a bundle alone:
`python -m training.stages.adapter --clips DIR --bundle DIR --out runs/adapter.safetensors`

An adapter of the clips' large encoder learns the features that the bundle's compact encoder gives. What the compact one
gets wrong differs from voice to voice and cannot be told from the large one's features, so the adapter learns what they
have in common; the encoder stage then goes on with recordings that are new to the bundle, without the checkpoints that
it was trained from. Clips should be of voices that the bundle knows well."""

from __future__ import annotations

import argparse

import torch

from training.data.windows import WindowConfig, WindowSampler
from training.encoders.cache import FeatureSet
from training.export.model_arguments import BUNDLE_HELP, bundle_folder
from training.fitting.teachers import with_adapter
from training.loop.errors import reports_errors
from training.loop.runtime import Runtime
from training.loop.trainer import RunConfig, Trainer
from training.losses.adapter_loss import AdapterLoss
from training.prepared.clips import ClipSet
from training.stages.arguments import add_run_arguments


@reports_errors
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    add_run_arguments(parser, 3000, 1e-3, 5)
    parser.add_argument("--bundle", type=bundle_folder, required=True, help=BUNDLE_HELP)
    parser.add_argument("--frames", type=int, default=1440)
    args = parser.parse_args()
    runtime = Runtime.from_arguments(args)
    torch.manual_seed(args.seed)
    clips = ClipSet(*args.clips)
    features = FeatureSet(clips)
    model, compact, bundle = with_adapter(args.bundle, features.dim)
    about = {
        "stage": "teacher", "talker": model.config.as_dict(), "motion": clips.info.motion.as_dict(),
        "identities": bundle["identities"]["names"], "emotions": bundle["identities"].get("emotions", ["neutral"]),
        "source": bundle["provenance"]["data"], "encoder": str(features.info),
    }  # fmt: skip
    run = RunConfig(args.steps, args.learning_rate, frames_per_batch=args.frames)
    windows = WindowSampler(clips, "train", WindowConfig(), args.seed, features)
    Trainer(AdapterLoss(model, compact, windows, run, runtime), run, args.out, about, runtime).run(args.until)


if __name__ == "__main__":
    main()
