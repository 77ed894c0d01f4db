"""The diffusion schedule, the sampler table that bundles carry, and the sampling loop around a denoiser."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

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


def ddim_coefficients(alpha_bar: Any, alpha_bar_prev: Any) -> tuple[Any, Any]:
    """(c_x, c_x0) of x_t_prev = c_x * x_t + c_x0 * x0: DDIM with eta = 0 (arXiv 2010.02502, eq. 12).
    alpha_bar, alpha_bar_prev: of t and t_prev; numbers, or arrays or tensors of one shape."""
    c_x = ((1 - alpha_bar_prev) / (1 - alpha_bar)) ** 0.5
    return c_x, alpha_bar_prev**0.5 - alpha_bar**0.5 * c_x


def ddim_update(x_t: Any, x0: Any, coefficients: tuple[Any, Any]) -> Any:
    """x_t_prev of x_t and the predicted x0, arrays or tensors of one shape."""
    c_x, c_x0 = coefficients
    return c_x * x_t + c_x0 * x0


def sample(x_t: Any, past: int, table: Sequence[tuple[Any, Any]], predict: Callable[[Any, int], Any]) -> Any:
    """Runs the steps of a window, and gives x_t, whose new frames it has changed in place.
    x_t: [B, W, C], array or tensor; its first `past` frames are known motion and stay, the others are noise.
    table: coefficients of every step, in sampling order.
    predict: (x_t, number of the step) -> x0 [B, W, C], inside of the allowed range."""
    for number, coefficients in enumerate(table):
        x0 = predict(x_t, number)
        x_t[:, past:] = ddim_update(x_t[:, past:], x0[:, past:], coefficients)
    return x_t


@dataclass(frozen=True)
class SamplerStep:
    """One step from x_t to x_t_prev; alpha_bar is the product of alphas up to that timestep."""

    t: int
    t_prev: int
    alpha_bar: float
    alpha_bar_prev: float

    @property
    def coefficients(self) -> tuple[float, float]:
        """(c_x, c_x0) of ddim_update()."""
        return ddim_coefficients(self.alpha_bar, self.alpha_bar_prev)

    def as_dict(self) -> dict:
        return asdict(self)

    @staticmethod
    def from_dict(step: Mapping[str, Any]) -> SamplerStep:
        """One of `sampler.steps` in bundle.json."""
        return SamplerStep(**{key: step[key] for key in SamplerStep.__dataclass_fields__})


def even_timesteps(n_steps: int, n_train_steps: int = 256) -> list[int]:
    """Evenly spaced timesteps from n_train_steps down, without 0; n_steps must divide n_train_steps."""
    if n_steps < 1 or n_train_steps % n_steps:
        raise ValueError(f"{n_steps} steps do not divide {n_train_steps} training steps")
    return list(range(n_train_steps, 0, -(n_train_steps // n_steps)))


def short_steps(timesteps: list[int], n_train_steps: int = 256) -> int | list[int]:
    """The argument of sampler_table() that gives these timesteps: their number where they are evenly spaced."""
    n = len(timesteps)
    even = n > 0 and n_train_steps % n == 0 and timesteps == even_timesteps(n, n_train_steps)
    return n if even else timesteps


def sampler_table(steps: int | Sequence[int], n_train_steps: int = 256) -> list[SamplerStep]:
    """Steps in sampling order, the last of which ends at 0. steps: the number of evenly spaced ones, or the timesteps
    themselves, falling from n_train_steps. Raises ValueError for others."""
    timesteps = even_timesteps(steps, n_train_steps) if isinstance(steps, int) else list(steps)
    pairs = list(zip(timesteps, [*timesteps[1:], 0], strict=True))
    if timesteps[:1] != [n_train_steps] or any(t <= t_prev for t, t_prev in pairs):
        raise ValueError(f"timesteps must fall from {n_train_steps} and stay above 0, got {timesteps}")
    alpha_bar = cosine_alpha_bar(n_train_steps)
    return [SamplerStep(t, t_prev, float(alpha_bar[t]), float(alpha_bar[t_prev])) for t, t_prev in pairs]
