"""Noised windows: what a denoiser is trained on."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from training.data.windows import Batch
from training.diffusion.schedule import Schedule
from training.diffusion.sides import Sides
from training.models.talker import Talker

# At run time the past frames are the model's own, slightly wrong; noise on the true ones prepares for that.
PAST_NOISE = 0.15


def known_frames(n: int, width: int, past: int, device: torch.device) -> Tensor:
    """[n, width, 1]: 1 on the first `past` frames."""
    return (torch.arange(width, device=device) < past).float()[None, :, None].expand(n, width, 1)


@dataclass
class Noised:
    """x_t: noised new frames, nearly clean past. x0: clean. t: int64 [B]. first: bool [B], at the sampler's first
    step, in the noise that it starts from. again: x_t of those rows in other noise, [first.sum(), W, C]; None unless
    sides were given."""

    x_t: Tensor
    x0: Tensor
    t: Tensor
    first: Tensor
    again: Tensor | None = None


def noised(
    talker: Talker,
    schedule: Schedule,
    batch: Batch,
    n_global: int,
    rows: slice,
    stride: int,
    seed: int,
    first_step: float = 0.0,
    sides: Sides | None = None,
) -> Noised:
    """Noise and timesteps of a step's batch: drawn for the whole global batch, so that they do not depend on how many
    processes share it. stride: timesteps are its multiples up to n_train_steps. first_step: share of windows that are
    at the sampler's first step, in the noise that it starts from; that step decides from the audio how the lips move,
    as they start from no noise (Talker.noise_scale), and later ones see in x_t what it decided.   sides: what differs
    between them is noised no more at later steps than at the first one."""
    generator = torch.Generator().manual_seed(seed)
    x0 = talker.normalise(batch.motion)
    shape = (n_global, *x0.shape[1:])
    noise = torch.randn(shape, generator=generator)[rows].to(x0.device)
    past_noise = torch.randn(shape, generator=generator)[rows].to(x0.device)
    n_choices = schedule.n_train_steps // stride
    t = stride * torch.randint(1, n_choices + 1, (n_global,), generator=generator)[rows].to(x0.device)
    spread = PAST_NOISE * torch.rand(n_global, 1, 1, generator=generator)[rows].to(x0.device)
    first = (torch.rand(n_global, generator=generator) < first_step)[rows].to(x0.device)
    t = torch.where(first, schedule.n_train_steps, t)
    scaled = noise * talker.noise_scale
    if sides is not None:
        noise = sides.with_difference(noise, sides.difference(scaled))
    noise = torch.where(first[:, None, None], scaled, noise)
    past = x0 + spread * past_noise
    x_t = torch.where(batch.known > 0, past, schedule.add_noise(x0, noise, t))
    if sides is None:
        return Noised(x_t, x0, t, first)
    other = torch.randn(shape, generator=generator)[rows].to(x0.device) * talker.noise_scale
    again = torch.where(batch.known > 0, past, schedule.add_noise(x0, other, t))[first]
    return Noised(x_t, x0, t, first, again)
