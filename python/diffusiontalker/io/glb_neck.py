"""The neck of the built-in head in glTF: a skin of two joints, so that the head turns and the bust stays."""

from __future__ import annotations

import numpy as np

from diffusiontalker.head.pose import NECK_PIVOT, follow
from diffusiontalker.io.glb_container import ARRAY_BUFFER, GlbBuilder

_BUST, NECK = 1, 2  # nodes; 0 is the mesh


def add_neck(document: dict, builder: GlbBuilder) -> None:
    """Adds both joints and the skin to a document whose only node is the mesh."""
    document["nodes"][0]["skin"] = 0
    document["nodes"] += [{"name": "Bust", "children": [NECK]}, {"name": "Neck", "translation": list(NECK_PIVOT)}]
    document["scenes"][0]["nodes"].append(_BUST)
    inverse = np.tile(np.eye(4, dtype=np.float32), (2, 1, 1))
    inverse[1, 3, :3] = np.negative(NECK_PIVOT)  # columns follow each other in glTF
    matrices = builder.accessor(inverse.reshape(2, 16), None)
    document["skins"] = [{"name": "Neck", "skeleton": _BUST, "joints": [_BUST, NECK], "inverseBindMatrices": matrices}]


def skin_attributes(used: np.ndarray, builder: GlbBuilder) -> dict[str, int]:
    """Accessors of the joints and weights of some vertices. used: int [n]."""
    share = follow()[used]
    joints, weights = np.zeros((len(used), 4), np.uint16), np.zeros((len(used), 4), np.float32)
    weights[:, 0], weights[:, 1] = 1 - share, share
    joints[share > 0, 1] = 1
    # A joint without weight has index 0, and the first place is never without: the neck takes it where it has all.
    joints[share == 1, :2], weights[share == 1, :2] = (1, 0), (1, 0)
    return {
        "JOINTS_0": builder.accessor(joints, ARRAY_BUFFER),
        "WEIGHTS_0": builder.accessor(weights, ARRAY_BUFFER),
    }
