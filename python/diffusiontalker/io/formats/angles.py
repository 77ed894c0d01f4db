"""Yaw, pitch and roll from rotations of other programs."""

from __future__ import annotations

import numpy as np


def angles_of(matrices: np.ndarray) -> np.ndarray:
    """The head pose float32 [n, 3] of rotations [n, 3, 3]: the inverse of head.pose.rotations(), R_y(yaw) R_x(pitch)
    R_z(roll), with pitch within a quarter turn."""
    pitch = np.arcsin(np.clip(-matrices[:, 1, 2], -1, 1))
    yaw = np.arctan2(matrices[:, 0, 2], matrices[:, 2, 2])
    roll = np.arctan2(matrices[:, 1, 0], matrices[:, 1, 1])
    return np.stack([yaw, pitch, roll], axis=1).astype(np.float32)


def matrices_of_quaternions(quaternions: np.ndarray) -> np.ndarray:
    """Rotations float64 [n, 3, 3] of quaternions x, y, z, w [n, 4]; they are made unit first, zeros are no rotation."""
    q = np.asarray(quaternions, np.float64)
    length = np.linalg.norm(q, axis=1, keepdims=True)
    q = np.where(length > 0, q / np.where(length > 0, length, 1), [0, 0, 0, 1])
    x, y, z, w = q.T
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ]
    return np.moveaxis(np.array(rows), -1, 0)


def matrices_about(axis: str, degrees: np.ndarray) -> np.ndarray:
    """Rotations float64 [n, 3, 3] about "X", "Y" or "Z"."""
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    one, zero = np.ones_like(c), np.zeros_like(c)
    rows = {
        "X": [[one, zero, zero], [zero, c, -s], [zero, s, c]],
        "Y": [[c, zero, s], [zero, one, zero], [-s, zero, c]],
        "Z": [[c, -s, zero], [s, c, zero], [zero, zero, one]],
    }[axis]
    return np.moveaxis(np.array(rows), -1, 0)
