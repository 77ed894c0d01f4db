"""Smooth functions of the place, of which the corrections of the mouth are made."""

from __future__ import annotations

import numpy as np


def smooth_step(u: np.ndarray) -> np.ndarray:
    """0 below 0, 1 above 1, a cubic between."""
    u = np.clip(u, 0.0, 1.0)
    return u * u * (3 - 2 * u)


def bell(u: np.ndarray) -> np.ndarray:
    """exp(-u^2)."""
    return np.exp(-(u**2))
