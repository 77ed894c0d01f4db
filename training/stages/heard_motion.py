"""What a denoiser makes of a small encoder's features, against what it makes of the large one's: of all that the
features hold it weighs what moves the face, and needs no motion of the speech."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from diffusiontalker.spec.sampler import sampler_table
from training.data.motion_space import MotionSpace
from training.diffusion.losses import LossWeights
from training.diffusion.schedule import Schedule
from training.models.talker import Talker
from training.stages.common import motion_loss

# Shares of a window: frames at its start that only lead in, and frames after them that are known to the denoiser.
LEAD, PAST = 0.4, 0.2


class HeardMotion(nn.Module):
    """talker: frozen, of n_steps sampler steps.   styles: [n_identities, n_emotions, d_style], drawn at random."""

    def __init__(self, talker: Talker, styles: Tensor, motion: MotionSpace, n_steps: int, weights: LossWeights):
        super().__init__()
        self.talker = talker.eval().requires_grad_(False)
        self.register_buffer("styles", styles.flatten(0, 1))
        n_train_steps = talker.config.denoiser.n_train_steps
        self.schedule = Schedule(n_train_steps)
        self.register_buffer("timesteps", torch.tensor([s.t for s in sampler_table(n_steps, n_train_steps)]))
        self.motion_loss = motion_loss(talker, motion, weights)

    def forward(self, small: Tensor, large: Tensor, seed: int) -> Tensor:
        """small, large: [B, W, d_model] features of the same windows -> scalar. seed: of styles, noise, timesteps.

        The denoiser's first step from rest gives the windows a motion; some way into them, where the start no longer
        tells, a part of it is taken for the past and the rest is denoised once from the same x_t with both features."""
        draw = torch.Generator().manual_seed(seed)
        n, width, _ = large.shape
        lead, past = int(LEAD * width), int(PAST * width)
        denoiser, place = self.talker.denoiser, {"device": large.device}
        style = self.styles[torch.randint(len(self.styles), (n,), generator=draw).to(**place)]
        t = self.timesteps[torch.randint(len(self.timesteps), (n,), generator=draw).to(**place)]
        shape = (n, width, self.talker.config.denoiser.n_channels)
        noise = torch.randn(shape, generator=draw).to(**place) * self.talker.noise_scale
        known = torch.zeros(n, width, 1, **place)
        known[:, :past] = 1
        with torch.no_grad():
            x_t = torch.where(known > 0, self.talker.normalise(self.talker.rest), noise)
            first = torch.full((n,), float(self.schedule.n_train_steps), **place)
            x0 = self.talker.clamp(denoiser(x_t, known, large, style, first).float())[:, lead:]
            known = known[:, : width - lead]
            alpha_bar = self.schedule.alpha_bar.to(**place)[t][:, None, None]
            noised = alpha_bar.sqrt() * x0 + (1 - alpha_bar).sqrt() * noise[:, lead:]
            x_t = torch.where(known > 0, x0, noised)
            wanted = self.talker.clamp(denoiser(x_t, known, large[:, lead:], style, t.float()).float())
        got = denoiser(x_t, known, small[:, lead:], style, t.float()).float()
        return self.motion_loss(got, wanted, known)
