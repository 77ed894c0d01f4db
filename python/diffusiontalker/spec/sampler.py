"""The diffusion schedule and the sampler table that bundles carry."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np

# Offset of the cosine schedule, so that the first steps are not too small (Nichol and Dhariwal, 2102.09672, eq. 17).
COSINE_OFFSET = 0.008


def cosine_alpha_bar(n_train_steps: int) -> np.ndarray:
    """alpha_bar at t = 0..n_train_steps, float64 [n_train_steps + 1]; 1 at t = 0 and 0 at the end (pure noise)."""
    u = np.arange(n_train_steps + 1) / n_train_steps
    f = np.cos((u + COSINE_OFFSET) / (1 + COSINE_OFFSET) * np.pi / 2) ** 2
    alpha_bar = f / f[0]
    alpha_bar[-1] = 0.0
    return alpha_bar


@dataclass(frozen=True)
class SamplerStep:
    """One step from x_t to x_t_prev; alpha_bar is the product of alphas up to that timestep."""

    t: int
    t_prev: int
    alpha_bar: float
    alpha_bar_prev: float

    @property
    def coefficients(self) -> tuple[float, float]:
        """(c_x, c_x0) of x_t_prev = c_x * x_t + c_x0 * x0: DDIM with eta = 0 (arXiv 2010.02502, eq. 12)."""
        c_x = ((1 - self.alpha_bar_prev) / (1 - self.alpha_bar)) ** 0.5
        return c_x, self.alpha_bar_prev**0.5 - self.alpha_bar**0.5 * c_x

    def as_dict(self) -> dict:
        return asdict(self)


def sampler_table(n_steps: int, n_train_steps: int = 256) -> list[SamplerStep]:
    """Evenly spaced timesteps n_train_steps .. 0 in sampling order; n_steps must divide n_train_steps."""
    if n_steps < 1 or n_train_steps % n_steps:
        raise ValueError(f"{n_steps} steps do not divide {n_train_steps} training steps")
    alpha_bar = cosine_alpha_bar(n_train_steps)
    stride = n_train_steps // n_steps
    return [
        SamplerStep(t, t - stride, float(alpha_bar[t]), float(alpha_bar[t - stride]))
        for t in range(n_train_steps, 0, -stride)
    ]
