"""What the data sets of ARKit weights share: channel names to columns, and checks of the values."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from diffusiontalker.spec.channels import ARKIT_CHANNELS
from diffusiontalker.spec.rates import FPS
from training.datasets.take import DataError
from training.datasets.vertices import check_finite
from training.prepared.motion_space import MotionSpace

# The order of BEAT's and 3D-ETF's arrays: ARKit names by alphabet, the tongue last where it is there at all.
ALPHABETICAL: tuple[str, ...] = (*sorted(c for c in ARKIT_CHANNELS if c != "tongueOut"), "tongueOut")
WITHOUT_TONGUE: tuple[str, ...] = tuple(c for c in ARKIT_CHANNELS if c != "tongueOut")
MAX_WEIGHT = 2.0  # captures leave 0..1 by a little; a file in percent leaves it by far


def weight_space(channels: Sequence[str]) -> MotionSpace:
    return MotionSpace("blendshapes", len(channels), tuple(channels), FPS, 1)


def columns(names: Sequence[str], wanted: Sequence[str], origin: str) -> list[int]:
    """Positions of `wanted` in `names`, whose case and underscores do not matter.
    Raises DataError naming the first missing one."""
    index = {str(name).replace("_", "").lower(): i for i, name in enumerate(names)}
    for name in wanted:
        if name.lower() not in index:
            raise DataError(f"{origin} has no channel {name}: it needs the {len(wanted)} ARKit names of the data set")
    return [index[name.lower()] for name in wanted]


def checked_weights(motion: np.ndarray, origin: str) -> np.ndarray:
    """float32 [n, C] of a sane size. Raises DataError naming the first frame that is not."""
    motion = np.ascontiguousarray(motion, np.float32)
    check_finite(motion, origin)
    if np.abs(motion).max(initial=0) > MAX_WEIGHT:
        frame, channel = (int(i) for i in np.argwhere(np.abs(motion) > MAX_WEIGHT)[0])
        raise DataError(
            f"{origin} has weight {motion[frame, channel]:.4g} in frame {frame}, number {channel}, expected 0..1: "
            "are they percentages?"
        )
    return motion
