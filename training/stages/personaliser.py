"""Identities and emotions from audio, by contrast.
`python -m training.stages.personaliser --clips DIR --out runs/personaliser.safetensors`

Three InfoNCE losses with one learnable temperature: speech against the identity library, speech against the emotion
library, and speech against other speech of the same speaker, which also knows the speakers of no library entry."""

from __future__ import annotations

import argparse

import torch

from training.data.references import ReferenceSampler
from training.loop.errors import reports_errors
from training.loop.runtime import Runtime
from training.loop.trainer import RunConfig, Trainer
from training.losses.personaliser_loss import PersonaliserLoss
from training.models.denoiser import DenoiserConfig
from training.models.personaliser import Personaliser
from training.models.style_encoder import StyleEncoderConfig
from training.prepared.clips import ClipSet
from training.stages.arguments import add_run_arguments


@reports_errors
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    add_run_arguments(parser, 2500, 1e-3, 0)
    args = parser.parse_args()
    runtime = Runtime.from_arguments(args)
    torch.manual_seed(args.seed)
    clips = ClipSet(*args.clips)
    info, sizes, d_style = clips.info, StyleEncoderConfig(), DenoiserConfig().d_identity
    model = Personaliser(sizes, len(info.identities), len(info.emotions), d_style)
    model.fusion.requires_grad_(False)  # it belongs to the teacher, which trains it with the motion
    loss = PersonaliserLoss(model, ReferenceSampler(clips, "train", args.seed), runtime)
    about = {"stage": "personaliser", "identities": info.identities, "emotions": info.emotions}
    run = RunConfig(args.steps, args.learning_rate, ema_decay=0.995)
    Trainer(loss, run, args.out, about, runtime).run(args.until)


if __name__ == "__main__":
    main()
