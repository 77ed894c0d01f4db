"""The built-in head as a mesh to score on: its vertices for ARKit weights, and its regions by rule.

The head is in metres (interocular distance 0.0616 m), so scores in mm are of a head of human size. Regions are sets of
skin and lip vertices (no teeth, tongue, eyeballs, lashes or inside of the mouth) that a group of shapes moves most: the
measure of a vertex is its movement by each shape relative to the shape's greatest, averaged over the group, and the
region holds the vertices above a share of the largest measure.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from diffusiontalker.head import Head, load_head
from diffusiontalker.spec.channels import ARKIT_CHANNELS
from training.eval.scores_mesh import MeshRegions

MM_PER_UNIT = 1000.0
# Shares of the largest measure: lips and their surround (all of the red of the lips is inside), brows with eyelids,
# and from the forehead to the cheekbones.
LIP_SHARE, EYE_SHARE, UPPER_SHARE = 0.5, 0.5, 0.2
LIP_SHAPES = tuple(c for c in ARKIT_CHANNELS if c.startswith("mouth"))
UPPER_SHAPES = tuple(c for c in ARKIT_CHANNELS if c.startswith(("brow", "eyeBlink", "eyeSquint", "eyeWide")))


def moved_most(head: Head, shapes: tuple[str, ...], share: float) -> np.ndarray:
    """int [r]: the vertices that `shapes` move most, by the rule above."""
    measure = np.zeros(len(head.positions))
    for shape in shapes:
        where, deltas = head.target(head.channels.index(shape))
        length = np.linalg.norm(deltas, axis=1)
        measure[where] += length / length.max()
    face = np.isin(head.face_part, [head.parts.index("skin"), head.parts.index("lips")])
    outside = np.zeros(len(head.positions), bool)
    outside[head.quads[face]] = True
    outside &= head.mouth_mask < 0.5
    measure[~outside] = 0
    return np.flatnonzero(measure >= share * measure.max())


def facing_lips(head: Head) -> np.ndarray:
    """int [5, 2]: in each of the head's five columns of inner lip vertices the upper and the lower one that are nearest
    to each other in the neutral face."""
    pairs = []
    for upper, lower in zip(head.inner_upper_lip, head.inner_lower_lip, strict=True):
        distance = np.linalg.norm(head.positions[upper][:, None] - head.positions[lower][None], axis=2)
        row, column = np.unravel_index(np.argmin(distance), distance.shape)
        pairs.append((upper[row], lower[column]))
    return np.array(pairs)


@lru_cache(maxsize=1)
def head_regions() -> MeshRegions:
    head = load_head()
    return MeshRegions(
        template=head.positions,
        lips=moved_most(head, LIP_SHAPES, LIP_SHARE),
        upper=moved_most(head, UPPER_SHAPES, UPPER_SHARE),
        eyes=moved_most(head, UPPER_SHAPES, EYE_SHARE),
        lip_pairs=facing_lips(head),
        scale=MM_PER_UNIT,
    )
