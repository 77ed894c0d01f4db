"""A teacher for the encoder stage, made from a bundle alone:
`python -m training.stages.adapter --clips DIR --bundle DIR --out runs/heard.safetensors`

An adapter of the clips' large encoder learns the features that the bundle's compact encoder gives. What the compact one
gets wrong differs from voice to voice and cannot be told from the large one's features, so the adapter learns what they
have in common; the encoder stage then goes on with recordings that the bundle has never heard, without the checkpoints
it was trained from. Clips should be of voices that the bundle knows well."""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from torch import Tensor, nn

from training.data.windows import WindowConfig, WindowSampler
from training.diffusion.losses import LossWeights
from training.encoders.cache import FeatureSet
from training.export.torch_student import load_student
from training.loop.errors import reports_errors
from training.loop.runtime import Runtime
from training.loop.trainer import RunConfig, Trainer
from training.prepared.clips import ClipSet
from training.stages.arguments import add_run_arguments
from training.stages.encoder import feature_loss
from training.stages.teacher import TeacherModel, continued, phone_loss
from training.stages.window_loss import WindowLoss


class AdapterLoss(WindowLoss):
    """compact: the bundle's audio encoder, frozen. The phone head learns beside, on both encoders' features."""

    def __init__(
        self, model: TeacherModel, compact: nn.Module, windows: WindowSampler, run: RunConfig, runtime: Runtime
    ):
        super().__init__(model, windows, run, runtime)
        self.compact = compact.requires_grad_(False)
        self.weights = LossWeights()

    def forward(self, step: int) -> tuple[Tensor, dict]:
        batch, _, _ = self.batch(step)
        with self.runtime.autocast():
            with torch.no_grad():
                wanted = self.compact(batch.mel)
            got = self.model.encoder(batch.features)
            # Both: what is read in the compact features keeps the head where the denoiser reads them.
            logits = self.model.phone_head(torch.cat([got, wanted]))
        imitation = feature_loss(got, wanted)
        phone, accuracy = phone_loss(logits, torch.cat([batch.phone, batch.phone]))
        figures = {"features": imitation.detach(), "phone": phone.detach(), "phone_accuracy": accuracy}
        return self.weights.audio * imitation + self.weights.phone * phone, figures


def hearing(bundle: Path, d_features: int) -> tuple[TeacherModel, nn.Module, dict]:
    """(the bundle's talker with a fresh adapter in place of its encoder, that encoder, bundle.json). Only adapter and
    phone head can be trained."""
    student, about = load_student(bundle)
    model = continued(student, d_features).requires_grad_(False)
    for part in (model.encoder, model.phone_head):
        part.requires_grad_(True)
    return model, student.encoder, about


@reports_errors
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    add_run_arguments(parser, 3000, 1e-3, 5)
    parser.add_argument("--bundle", type=Path, required=True)
    parser.add_argument("--frames", type=int, default=1440)
    args = parser.parse_args()
    runtime = Runtime.from_arguments(args)
    torch.manual_seed(args.seed)
    clips = ClipSet(*args.clips)
    features = FeatureSet(clips)
    model, compact, bundle = hearing(args.bundle, features.dim)
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
