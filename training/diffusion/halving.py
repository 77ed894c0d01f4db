"""The target of progressive halving (Salimans & Ho, arXiv 2202.00512, algorithm 2, for x0 prediction)."""

from __future__ import annotations

import torch
from torch import Tensor

from diffusiontalker.spec.sampler import ddim_update
from training.diffusion.schedule import Schedule
from training.models.talker import Talker


def ddim_step(talker: Talker, schedule: Schedule, x_t, known, audio, style, t, t_prev) -> Tensor:
    """x_{t_prev} of the new frames; past frames stay. t, t_prev: int64 [B]."""
    x0 = talker.clamp(talker.denoiser(x_t, known, audio, style, t.float()).float())
    return torch.where(known > 0, x_t, ddim_update(x_t, x0, schedule.coefficients(t, t_prev)))


def halving_target(teacher: Talker, schedule: Schedule, x_t, known, audio, style, t, t_mid, t_end) -> Tensor:
    """The x0 with which one student step t -> t_end lands where the teacher's two, t -> t_mid -> t_end, land."""
    x_end = ddim_step(teacher, schedule, x_t, known, audio, style, t, t_mid)
    x_end = ddim_step(teacher, schedule, x_end, known, audio, style, t_mid, t_end)
    c_x, c_x0 = schedule.coefficients(t, t_end)
    return torch.where(known > 0, x_t, teacher.clamp((x_end - c_x * x_t) / c_x0))
