"""The head pose on the built-in head: everything above the neck turns, the bust stays."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from diffusiontalker.errors import InputError
from diffusiontalker.head.model import Head, load_head

# Metres. The neck turns and nods over its whole length; one pivot stands for all of it, in the middle of the neck where
# the skull sits on it. Our choice, on pictures of this head.
NECK_PIVOT = (0.0, -0.105, -0.085)
# Skin above the upper height follows the head, skin below the lower one the bust, and in between it is shared. The
# upper height falls from the nape to the throat, so that chin and skull are rigid.
_NAPE, _THROAT = (-0.14, -0.088), (-0.05, -0.119)  # (z, height)
_NECK_BOTTOM = -0.172


@lru_cache(maxsize=1)
def follow() -> np.ndarray:
    """Share of the head's rotation that each vertex takes, float32 [V], 0..1: the same for every shape of the head."""
    p = load_head().positions.astype(np.float64)
    top = np.interp(p[:, 2], (_NAPE[0], _THROAT[0]), (_NAPE[1], _THROAT[1]))
    u = np.clip((p[:, 1] - _NECK_BOTTOM) / (top - _NECK_BOTTOM), 0, 1)
    return (u * u * (3 - 2 * u)).astype(np.float32)


def check_pose(pose, n_frames: int) -> np.ndarray:
    """A head pose as float32 [n_frames, 3]. Raises InputError for another shape and for values that are not finite."""
    pose = np.asarray(pose, np.float32)
    if pose.shape != (n_frames, 3):
        raise InputError(f"the head pose has shape {list(pose.shape)}, expected [{n_frames}, 3] for as many frames")
    if not np.isfinite(pose).all():
        raise InputError("the head pose holds values that are not finite numbers")
    return pose


def rotations(pose: np.ndarray) -> np.ndarray:
    """R_y(yaw) R_x(pitch) R_z(roll), float64 [n, 3, 3], right-handed in the head's axes.   pose: [n, 3] radians."""
    (cy, cx, cz), (sy, sx, sz) = np.cos(pose.T, dtype=np.float64), np.sin(pose.T, dtype=np.float64)
    rows = [
        [cy * cz + sy * sx * sz, -cy * sz + sy * sx * cz, sy * cx],
        [cx * sz, cx * cz, -sx],
        [-sy * cz + cy * sx * sz, sy * sz + cy * sx * cz, cy * cx],
    ]
    return np.moveaxis(np.array(rows), -1, 0)


def quaternions(pose: np.ndarray) -> np.ndarray:
    """The same rotations as unit quaternions x, y, z, w with w > 0 for less than half a turn, float32 [n, 4]."""
    (cy, cx, cz), (sy, sx, sz) = (f(pose.T.astype(np.float64) / 2) for f in (np.cos, np.sin))
    parts = [
        cy * sx * cz + sy * cx * sz,
        sy * cx * cz - cy * sx * sz,
        cy * cx * sz - sy * sx * cz,
        cy * cx * cz + sy * sx * sz,
    ]
    return np.stack(parts, axis=1).astype(np.float32)


def turned(head: Head, vertices: np.ndarray, pose: np.ndarray) -> np.ndarray:
    """Vertices [n, V, 3] of the head with its pose [n, 3] in radians, float32 [n, V, 3]: linear blend skinning of two
    joints, the bust and the neck.   Raises InputError for another shape."""
    pose = check_pose(pose, len(vertices))
    if vertices.shape[1] != len(follow()):
        raise InputError(f"{vertices.shape[1]} vertices are not those of the head, which has {len(head.positions)}")
    change = (rotations(pose) - np.eye(3)).astype(np.float32)
    moved = (vertices - np.array(NECK_PIVOT, np.float32)) @ change.transpose(0, 2, 1)
    return vertices + follow()[:, None] * moved
