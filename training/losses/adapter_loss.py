"""The loss of the adapter stage: an adapter of a large encoder against a bundle's compact encoder."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from training.data.windows import WindowSampler
from training.loop.runtime import Runtime
from training.loop.trainer import RunConfig
from training.losses.feature_terms import feature_loss, phone_loss
from training.losses.motion_loss import LossWeights
from training.losses.window_loss import WindowLoss
from training.models.teacher_model import TeacherModel


class AdapterLoss(WindowLoss):
    """compact: the bundle's audio encoder, frozen. The phone head learns beside, on both encoders' features."""

    model: TeacherModel

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
