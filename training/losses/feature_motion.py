"""What a denoiser makes of a small encoder's features, against what a bundle's makes of the large one's: of all that
the features hold it weighs what moves the face, and needs no motion of the speech."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from training.diffusion.noising import known_frames
from training.diffusion.schedule import Schedule
from training.export.torch_student import load_student
from training.losses.motion_loss import LossWeights, motion_loss
from training.models.talker import Talker
from training.prepared.motion_space import MotionSpace

# Shares of a window: frames at its start that only lead in, and frames after them that are known to the denoiser.
LEAD, PAST = 0.4, 0.2
# Share of windows at the first sampler step. It alone decides from the audio how the lips move, as they start from no
# noise; later steps see in x_t what it decided.
FIRST_STEP = 0.5


class FeatureMotion(nn.Module):
    """talker: its denoiser gives the wanted motion, frozen; the styles of its library are drawn at random.   timesteps:
    of the sampler, the first one first."""

    styles: Tensor
    timesteps: Tensor

    def __init__(self, talker: Talker, motion: MotionSpace, timesteps: list[int], weights: LossWeights):
        super().__init__()
        self.talker = talker.eval().requires_grad_(False)
        with torch.no_grad():
            self.register_buffer("styles", talker.personaliser.style_table().flatten(0, 1))
        self.register_buffer("timesteps", torch.tensor(timesteps))
        self.schedule = Schedule(talker.config.denoiser.n_train_steps)
        self.motion_loss = motion_loss(talker, motion, weights)

    def forward(self, denoiser: nn.Module, small: Tensor, large: Tensor, contact: Tensor, seed: int) -> Tensor:
        """denoiser: the one to judge, of the small features.   small, large: [B, W, d_model] features of the same
        windows -> scalar.   contact: [B, W], how sure it is that p, b or m is said: there closed lips count more.
        In silence, too, they made vowels open less.   seed: of styles, noise, timesteps.

        The first step from rest gives the windows a motion, with each denoiser's own features; some way into them,
        where the start no longer tells, a part of it is taken for the past and the rest is denoised once more. So the
        judged denoiser goes on from its own mistakes, as it does in the sampler, but shall get where the other is."""
        draw = torch.Generator().manual_seed(seed)
        n, width, _ = large.shape
        lead, past = int(LEAD * width), int(PAST * width)
        style = self.styles[torch.randint(len(self.styles), (n,), generator=draw).to(large.device)]
        step = torch.randint(len(self.timesteps), (n,), generator=draw)
        step[torch.rand(n, generator=draw) < FIRST_STEP] = 0
        t = self.timesteps[step.to(large.device)]
        noise = torch.randn((n, width, self.talker.config.denoiser.n_channels), generator=draw).to(large.device)
        noise = noise * self.talker.noise_scale
        with torch.no_grad():
            x_t = self._partly_denoised(self.talker.denoiser, large, style, t, noise, lead, past)
            known = known_frames(n, width - lead, past, large.device)
            wanted = self.talker.clamp(self.talker.denoiser(x_t, known, large[:, lead:], style, t.float()).float())
            x_t = self._partly_denoised(denoiser, small.detach(), style, t, noise, lead, past)
        got = denoiser(x_t, known, small[:, lead:], style, t.float()).float()
        return self.motion_loss(got, wanted, known, contact=contact[:, lead:])

    def _partly_denoised(
        self, denoiser: nn.Module, audio: Tensor, style: Tensor, t: Tensor, noise: Tensor, lead: int, past: int
    ) -> Tensor:
        """x_t of the frames from `lead` on, the first `past` of them clean: of the motion that the first step gives."""
        n, width, _ = audio.shape
        known = known_frames(n, width, past, audio.device)
        start = torch.where(known > 0, self.talker.normalise(self.talker.rest), noise)
        x0 = self.talker.clamp(denoiser(start, known, audio, style, self.timesteps[:1].float().expand(n)).float())
        noised = self.schedule.add_noise(x0, noise, t)
        return torch.where(known_frames(n, width - lead, past, audio.device) > 0, x0[:, lead:], noised[:, lead:])


def feature_motion_of(bundle: Path, motion: MotionSpace, weights: LossWeights) -> FeatureMotion:
    """Wants the motion that a bundle's denoiser makes, at its own sampler's steps, in its own styles."""
    talker, about = load_student(bundle)
    return FeatureMotion(talker, motion, [s["t"] for s in about["sampler"]["steps"]], weights)
