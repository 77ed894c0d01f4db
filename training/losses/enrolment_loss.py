"""The loss of the enrolment stage: embeddings of varied recordings against those of the clean ones."""

from __future__ import annotations

import copy

import numpy as np
import torch
from torch import Tensor, nn

from training.data.mel_vary import OF_REFERENCES, vary_mel
from training.data.references import ReferenceSampler
from training.loop.distributed import share
from training.loop.runtime import Runtime
from training.models.talker import Talker

ROWS = 48  # clips per step
WEIGHT_EMOTION = 0.5


class EnrolmentLoss(nn.Module):
    """model: whose style encoder is trained, the rest frozen.   references: without variation of their own."""

    def __init__(self, model: Talker, references: ReferenceSampler, runtime: Runtime):
        super().__init__()
        self.model, self.references, self.runtime = model, references, runtime
        self.wanted = copy.deepcopy(model.personaliser.encoder).eval().requires_grad_(False)

    def forward(self, step: int) -> tuple[Tensor, dict]:
        rows = share(ROWS)
        batch = self.references.batch(step, ROWS, rows)
        numbers = range(ROWS)[rows]
        seeds = [np.random.default_rng([self.references.seed, step, 6, n]) for n in numbers]
        varied = np.stack([vary_mel(m, rng, OF_REFERENCES) for m, rng in zip(batch.mel.numpy(), seeds, strict=True)])
        clean = self.runtime.place(batch).mel
        with self.runtime.autocast():
            with torch.no_grad():
                identity, emotion = (x.float() for x in self.wanted(clean))
            got = self.model.personaliser.encoder(torch.from_numpy(varied).to(clean.device))
        to_identity = 1 - (got[0].float() * identity).sum(dim=-1).mean()
        to_emotion = 1 - (got[1].float() * emotion).sum(dim=-1).mean()
        loss = to_identity + WEIGHT_EMOTION * to_emotion
        return loss, {"identity": to_identity.detach(), "emotion": to_emotion.detach()}
