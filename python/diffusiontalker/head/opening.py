"""How far mouth and eyes are open, measured on the head in outer-canthal distances.

One outer-canthal distance is the distance of the two outer corners of the eyes (`Head.outer_canthal`), as trackers see
them on every face. The distance of the eye centres (`Head.interocular`) is 1.43 times smaller and is no unit here.
"""

from __future__ import annotations

import numpy as np

from diffusiontalker.head.model import Head

# A lip opening below this, in outer-canthal distances, is a closed mouth. Tracked lips of real speech (GRID corpus,
# speaker s1, 125 clips): the smallest opening during every one of 165 p/b/m was below 0.03, its median 0.003.
CLOSED_LIP_OPENING = 0.03


def lip_opening(head: Head, weights: np.ndarray) -> np.ndarray:
    """Signed opening of the mouth as seen from the front, per frame, in outer-canthal distances.
    weights: float [n, 52] in the order of head.channels.
    In five columns about the midline (0, 5 and 11 mm off it) the lowest point of the inner upper lip minus the highest
    of the inner lower lip; the mean of the columns over head.outer_canthal. 0 or below: the lips touch.
    Returns float32 [n].   Raises InputError for another shape.
    """
    upper = head.vertices_at(weights, head.inner_upper_lip)[..., 1].min(axis=2)
    lower = head.vertices_at(weights, head.inner_lower_lip)[..., 1].max(axis=2)
    return ((upper - lower).mean(axis=1) / head.outer_canthal).astype(np.float32)


def eyelid_opening(head: Head, weights: np.ndarray) -> np.ndarray:
    """Signed opening of the eyes in outer-canthal distances, float32 [n, 2] (left, right): mean height of three places
    of the upper lid margin above the lower one. 0 or below: the eye is shut."""
    y = head.vertices_at(weights, head.eyelids)[..., 1]
    return ((y[..., 0] - y[..., 1]).mean(axis=2) / head.outer_canthal).astype(np.float32)
