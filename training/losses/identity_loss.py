"""The loss of the identity stage: one person's motion through a bundle's frozen networks."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from training.data.windows import WindowSampler
from training.diffusion.noising import noised
from training.diffusion.schedule import Schedule
from training.loop.runtime import Runtime
from training.loop.trainer import RunConfig
from training.losses.motion_loss import LossWeights, motion_loss
from training.losses.window_loss import WindowLoss
from training.models.library import NewIdentity
from training.models.talker import Talker

# Share of windows at the sampler's first step: what it makes of the audio is not given away by x_t.
FIRST_STEP = 0.8


class IdentityLoss(WindowLoss):
    """talker: frozen.   n_steps: of its sampler.   moods: int64 [emotions of the clips] -> emotion of the talker.
    unseen: channels that the clips do not show, which do not count."""

    model: NewIdentity
    moods: Tensor

    def __init__(
        self,
        model: NewIdentity,
        talker: Talker,
        windows: WindowSampler,
        run: RunConfig,
        runtime: Runtime,
        n_steps: int,
        moods: Tensor,
        unseen: tuple[int, ...] = (),
    ):
        super().__init__(model, windows, run, runtime)
        self.talker = talker.requires_grad_(False)
        self.register_buffer("moods", moods)
        self.schedule = Schedule(talker.config.denoiser.n_train_steps)
        self.stride = self.schedule.n_train_steps // n_steps
        # What is wanted is the person's motion as it is: no bias towards closed lips.
        weights = replace(LossWeights(), closure=0.0, closure_margin=0.0)
        self.motion_loss = motion_loss(talker, windows.clips.info.motion, weights)
        self.motion_loss.channel_weight[list(unseen)] = 0

    def forward(self, step: int) -> tuple[Tensor, dict]:
        batch, n, rows = self.batch(step)
        seed = self.noise_seed(step)
        noise = noised(self.talker, self.schedule, batch, n, rows, self.stride, seed, first_step=FIRST_STEP)
        personaliser = self.talker.personaliser
        identity = self.model().expand(len(batch.mel), -1)
        style = personaliser.fusion(identity, personaliser.emotions(self.moods[batch.emotion]))
        with self.runtime.autocast():
            with torch.no_grad():
                audio = self.talker.encoder(batch.mel)
            x0_pred = self.talker.denoiser(noise.x_t, batch.known, audio, style, noise.t.float()).float()
        loss = self.motion_loss(x0_pred, noise.x0, batch.known)
        return loss, {"motion": loss.detach()}
