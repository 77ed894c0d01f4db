"""Animations for the tests of head, exports and pictures."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest

from diffusiontalker.api.animation import Animation
from diffusiontalker.spec.channels import ARKIT_CHANNELS, CHANNEL_INDEX


def weights_of(**channels: float) -> np.ndarray:
    """One frame, float32 [1, 52], with the named channels set."""
    row = np.zeros((1, len(ARKIT_CHANNELS)), np.float32)
    for name, value in channels.items():
        row[0, CHANNEL_INDEX[name]] = value
    return row


def random_animation(
    n_frames: int = 20, fps_num: int = 30, fps_den: int = 1, channels=ARKIT_CHANNELS, seed: int = 0, pose: bool = False
):
    """An Animation with weights that use the whole float32 mantissa.
    pose: with a head pose."""
    rng = np.random.default_rng(seed)
    weights = rng.random((n_frames, len(channels)), np.float32)
    head_pose = rng.uniform(-0.6, 0.6, (n_frames, 3)).astype(np.float32) if pose else None
    return Animation(weights, tuple(channels), fps_num, fps_den, head_pose=head_pose)


def skip_without_usd(name: str) -> None:
    """Skips a test of a format that needs usd-core where that is not installed, and says so."""
    if name.endswith((".usd", ".usdc", ".usda")) and importlib.util.find_spec("pxr") is None:
        pytest.skip("USD was not read: install usd-core (the extra usd)")
