"""How far mouth and eyes are open, measured on the head."""

from __future__ import annotations

import numpy as np

from .model import Head

# A lip gap below this is a closed mouth. Tracked lips of real speech (GRID corpus, speaker s1, 125 clips): the smallest
# gap during every one of 165 p/b/m was below 0.03 interocular distances, its median 0.003.
CLOSED_LIP_GAP = 0.03


def lip_gap(head: Head, weights: np.ndarray) -> np.ndarray:
    """Signed opening of the mouth as seen from the front, per frame.
    weights: float [n, 52] in the order of head.channels.
    In five columns about the midline (0, 5 and 11 mm off it) the lowest point of the inner upper lip minus the highest
    of the inner lower lip; the mean of the columns over the interocular distance. 0 or below: the lips touch.
    Returns float32 [n].   Raises InputError for another shape.
    """
    upper = head.vertices_at(weights, head.inner_upper_lip)[..., 1].min(axis=2)
    lower = head.vertices_at(weights, head.inner_lower_lip)[..., 1].max(axis=2)
    return ((upper - lower).mean(axis=1) / head.interocular).astype(np.float32)


def eyelid_gap(head: Head, weights: np.ndarray) -> np.ndarray:
    """Signed opening of the eyes, float32 [n, 2] (left, right): mean height of three places of the upper lid margin
    above the lower one, over the interocular distance. 0 or below: the eye is shut."""
    y = head.vertices_at(weights, head.eyelids)[..., 1]
    return ((y[..., 0] - y[..., 1]).mean(axis=2) / head.interocular).astype(np.float32)
