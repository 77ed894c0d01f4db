"""What differs from one take of a sentence to the next, and between the two sides of a face."""

from __future__ import annotations

import numpy as np

from diffusiontalker.spec.channels import ARKIT_CHANNELS, CHANNEL_INDEX
from training.articulation.style import TalkingStyle

# What the phones do not explain of tracked lips (GRID s1, residual of lip_map.npz within speech): deviations of the
# six measures in outer-canthal distances, and their correlations.
RESIDUAL_SD = np.array([0.028, 0.013, 0.0076, 0.022, 0.017, 0.006])
RESIDUAL_CORRELATION = np.array([
    [1.00, 0.26, -0.37, 0.84, 0.75, -0.62], [0.26, 1.00, -0.43, 0.05, 0.03, -0.38],
    [-0.37, -0.43, 1.00, 0.02, 0.11, 0.23], [0.84, 0.05, 0.02, 1.00, 0.92, -0.50],
    [0.75, 0.03, 0.11, 0.92, 1.00, -0.46], [-0.62, -0.38, 0.23, -0.50, -0.46, 1.00],
])  # fmt: skip
# Share of the residual that a take gets: all of it would cost more correlation with a given recording than it gives
# life. It changes as quickly as the residual does (its correlation is 0.6 after 40 ms and 0 after 120 ms).
TAKE_SHARE, TAKE_S = 0.4, 0.038
# Slow drift of left against right: deviation of the share by which one side moves more, and its time.
DRIFT_SD, DRIFT_S = 0.12, 0.7
SIDEWAYS = 0.12  # weight of mouthLeft or mouthRight, and of the jaw's, at a drift of one deviation while talking
PAIRS = tuple(c.removesuffix("Left") for c in ARKIT_CHANNELS if c.startswith("mouth") and c.endswith("Left")
              and c != "mouthLeft")  # fmt: skip


def smooth_noise(n: int, step_s: float, time_s: float, rng: np.random.Generator, columns: int = 1) -> np.ndarray:
    """Noise of unit deviation whose correlation falls as a Gaussian of time_s; float64 [n, columns]."""
    half = max(1, int(np.ceil(3 * time_s / step_s)))
    kernel = np.exp(-0.5 * (np.arange(-half, half + 1) * step_s / time_s) ** 2)
    kernel /= np.sqrt((kernel**2).sum())
    white = rng.standard_normal((n + 2 * half, columns))
    return np.stack([np.convolve(white[:, i], kernel, "valid") for i in range(columns)], axis=1)


def take_of(times: np.ndarray, speaking: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Changes of the six measures that make this take differ from another, float64 [n, 6].
    speaking: [n], 0 at rest .. 1."""
    step = times[1] - times[0] if len(times) > 1 else 1.0
    mixing = np.linalg.cholesky(RESIDUAL_CORRELATION + 0.02 * np.eye(6))
    noise = smooth_noise(len(times), step, TAKE_S, rng, 6) @ mixing.T
    return TAKE_SHARE * noise * RESIDUAL_SD * speaking[:, None]


def unlike_sides(
    weights: np.ndarray, times: np.ndarray, style: TalkingStyle, speaking: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Weights [n, 52] of a mouth whose sides are moved together, with the habit of the style and a drift of this take:
    one side of each pair of channels moves more, and jaw and lips go a little sideways. speaking: [n], 0..1."""
    out = weights.copy()
    step = times[1] - times[0] if len(times) > 1 else 1.0
    drift = smooth_noise(len(times), step, DRIFT_S, rng, 2 + len(PAIRS))
    whole = style.asymmetry + DRIFT_SD * 0.7 * drift[:, 0]
    for k, name in enumerate(PAIRS):
        share = np.clip(whole + DRIFT_SD * 0.7 * drift[:, 2 + k], -0.6, 0.6)
        out[:, CHANNEL_INDEX[name + "Left"]] *= 1 + share
        out[:, CHANNEL_INDEX[name + "Right"]] *= 1 - share
    sideways = speaking * (style.asymmetry + DRIFT_SD * drift[:, 1]) / DRIFT_SD
    for name, factor in (("mouth", SIDEWAYS), ("jaw", 0.5 * SIDEWAYS)):
        out[:, CHANNEL_INDEX[name + "Left"]] += factor * np.maximum(sideways, 0)
        out[:, CHANNEL_INDEX[name + "Right"]] += factor * np.maximum(-sideways, 0)
    return out
