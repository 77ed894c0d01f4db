"""The loss of the personaliser stage: speech against the libraries, and against other speech of its speaker."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from training.data.references import ReferenceSampler
from training.loop.distributed import gather_rows, share
from training.loop.runtime import Runtime
from training.losses.contrastive import library_nce, other_views
from training.models.personaliser import Personaliser

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
