"""The loss of the encoder stage: the compact encoder's features against the large one's (the follow-up's L_ae)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from training.data.windows import WindowSampler
from training.loop.runtime import Runtime
from training.loop.trainer import RunConfig
from training.losses.feature_motion import FeatureMotion
from training.losses.feature_terms import feature_loss, phone_loss, posterior_loss
from training.losses.motion_loss import LossWeights
from training.losses.window_loss import WindowLoss
from training.models.small_encoder import SmallEncoder
from training.models.talker import Talker
from training.prepared.clips import BILABIAL_PHONES


class EncoderLoss(WindowLoss):
    """head: the teacher's phone classifier (load_phone_head).   motion: None leaves its term out."""

    model: SmallEncoder

    def __init__(
        self,
        model: SmallEncoder,
        teacher: Talker,
        head: nn.Linear,
        windows: WindowSampler,
        run: RunConfig,
        runtime: Runtime,
        weights: LossWeights,
        motion: FeatureMotion | None = None,
    ):
        super().__init__(model, windows, run, runtime)
        self.large, self.head = teacher.encoder.requires_grad_(False), head
        self.weights, self.motion = weights, motion
        # Not a denoiser that is trained: PyTorch 2.13 makes code of its bfloat16 gradient that the compiler refuses.
        for network in (self.large, model.encoder, *([] if motion is None else [motion.talker.denoiser])):
            runtime.compile(network)

    def forward(self, step: int) -> tuple[Tensor, dict]:
        batch, _, _ = self.batch(step)
        with self.runtime.autocast():
            with torch.no_grad():
                wanted = self.large(batch.features)
            got = self.model.encoder(batch.mel)
            logits = self.model.phone_head(got)
        imitation = feature_loss(got, wanted)
        posterior = posterior_loss(got, wanted, self.head, self.weights.contact)
        phone, accuracy = phone_loss(logits, batch.phone)
        loss = self.weights.audio * imitation + self.weights.phone * phone + self.weights.posterior * posterior
        figures = {"features": imitation.detach(), "phone": phone.detach(), "phone_accuracy": accuracy}
        figures["posterior"] = posterior.detach()
        if self.motion is not None:
            with self.runtime.autocast():
                denoiser = self.model.denoiser or self.motion.talker.denoiser
                half = wanted[::2]  # for its time
                contact = self.head(half.float()).softmax(dim=-1)[..., BILABIAL_PHONES].sum(dim=-1)
                motion = self.motion(denoiser, got[::2], half, contact, self.noise_seed(step))
            loss, figures["motion"] = loss + self.weights.feature_motion * motion, motion.detach()
        return loss, figures
