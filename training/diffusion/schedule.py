"""Noising and the DDIM step as tensors; the numbers come from diffusiontalker.spec.sampler only."""

from __future__ import annotations

import torch
from torch import Tensor

from diffusiontalker.spec.sampler import cosine_alpha_bar, ddim_coefficients


class Schedule:
    """alpha_bar of t = 0..n_train_steps in float32."""

    def __init__(self, n_train_steps: int = 256):
        self.n_train_steps = n_train_steps
        self.alpha_bar = torch.tensor(cosine_alpha_bar(n_train_steps), dtype=torch.float32)

    def _at(self, t: Tensor) -> Tensor:
        return self.alpha_bar.to(t.device)[t][:, None, None]

    def add_noise(self, x0: Tensor, noise: Tensor, t: Tensor) -> Tensor:
        """x_t of x0 and noise [B, W, C] at t: int64 [B] (Ho et al., arXiv 2006.11239, eq. 4)."""
        alpha_bar = self._at(t)
        return alpha_bar.sqrt() * x0 + (1 - alpha_bar).sqrt() * noise

    def coefficients(self, t: Tensor, t_prev: Tensor) -> tuple[Tensor, Tensor]:
        """(c_x, c_x0), each [B, 1, 1], of x_t_prev = c_x x_t + c_x0 x0 (docs/bundle-format.md, window step 3)."""
        return ddim_coefficients(self._at(t), self._at(t_prev))
