"""Animations for the tests of head, exports and pictures."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

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
    """What the exports need of an Animation, with weights that use the whole float32 mantissa.
    pose: with a head pose."""
    rng = np.random.default_rng(seed)
    weights = rng.random((n_frames, len(channels)), np.float32)
    animation = SimpleNamespace(weights=weights, channels=tuple(channels), fps_num=fps_num, fps_den=fps_den)
    if pose:
        animation.head_pose = rng.uniform(-0.6, 0.6, (n_frames, 3)).astype(np.float32)
    return animation
