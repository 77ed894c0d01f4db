"""The head pose in the coordinates of Unity, which VMC and iFacialMocap speak."""

from __future__ import annotations

import math

import numpy as np


def unity_euler_degrees(head_pose: np.ndarray) -> tuple[float, float, float]:
    """(x, y, z) of Unity's Quaternion.Euler. head_pose: yaw, pitch, roll in radians (Animation.head_pose), rotations
    R_y R_x R_z of a right-handed system with x to the subject's left. Unity's is left-handed with x to the right of who
    looks along z: mirroring x turns rotations about y and z round, and keeps those about x and their order."""
    yaw, pitch, roll = (float(angle) for angle in head_pose)
    return math.degrees(pitch), -math.degrees(yaw), -math.degrees(roll)


def unity_quaternion(head_pose: np.ndarray) -> tuple[float, float, float, float]:
    """(x, y, z, w) of the same."""
    x, y, z = (math.radians(angle) / 2 for angle in unity_euler_degrees(head_pose))
    cx, sx, cy, sy, cz, sz = math.cos(x), math.sin(x), math.cos(y), math.sin(y), math.cos(z), math.sin(z)
    # q_y q_x q_z, as Unity: z first, then x, then y.
    return (
        cy * sx * cz + sy * cx * sz,
        sy * cx * cz - cy * sx * sz,
        cy * cx * sz - sy * sx * cz,
        cy * cx * cz + sy * sx * sz,
    )
