"""Identities and emotions from audio, by contrast.
`python -m training.stages.personaliser --clips DIR --out runs/personaliser.safetensors`

Three InfoNCE losses with one learnable temperature: speech against the identity library, speech against the emotion
library, and speech against other speech of the same speaker, which also knows the speakers of no library entry."""

from __future__ import annotations

import argparse

import torch
from torch import Tensor, nn

from training.data.references import ReferenceSampler
from training.diffusion.contrastive import library_nce, other_views
from training.loop.distributed import gather_rows, share
from training.loop.errors import reports_errors
from training.loop.runtime import Runtime
from training.loop.trainer import RunConfig, Trainer
from training.models.denoiser import DenoiserConfig
from training.models.personaliser import Personaliser
from training.models.style_encoder import StyleEncoderConfig
from training.prepared.clips import ClipSet
from training.stages.arguments import add_run_arguments

ROWS = 64  # clips per step
WEIGHT_SPEAKER, WEIGHT_EMOTION = 1.0, 0.5


class PersonaliserLoss(nn.Module):
    def __init__(self, model: Personaliser, references: ReferenceSampler, runtime: Runtime):
        super().__init__()
        self.model, self.references, self.runtime = model, references, runtime

    def forward(self, step: int) -> tuple[Tensor, dict]:
        model = self.model
        batch = self.runtime.place(self.references.batch(step, ROWS, share(ROWS)))
        with self.runtime.autocast():
            identity, emotion = model.encoder(batch.mel)
        identity, emotion = gather_rows(identity.float()), gather_rows(emotion.float())
        who, voice, mood = gather_rows(batch.speaker), gather_rows(batch.identity), gather_rows(batch.emotion)
        scale = model.scale()
        to_library = library_nce(identity, model.identities.embeddings(), voice, scale)
        to_emotion = library_nce(emotion, model.emotions.embeddings(), mood, scale)
        to_speaker = other_views(identity, who, scale)
        loss = to_library + WEIGHT_EMOTION * to_emotion + WEIGHT_SPEAKER * to_speaker
        with torch.no_grad():
            known = voice >= 0
            right = model.identities.nearest(identity)[0][known] == voice[known]
            mood_right = model.emotions.nearest(emotion)[0] == mood
        return loss, {
            "library": to_library.detach(), "speaker": to_speaker.detach(), "emotion": to_emotion.detach(),
            "identity_accuracy": right.float().mean(), "emotion_accuracy": mood_right.float().mean(),
            "scale": scale.detach(),
        }  # fmt: skip


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
