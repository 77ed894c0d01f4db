"""The forms in which frames leave: JSON events and a compact binary message."""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from typing import Any

import numpy as np

# Little-endian: version u8, kind u8, frames u16, values per frame u16, 0 u16, response u32, index of the first frame
# u32, its time f64. float32 [n_frames, n_values] follow.
HEADER = struct.Struct("<BBHHHIId")
VERSION = 1
KIND_FRAMES = 1
DECIMALS = 4  # of weights in JSON: a hundredth of the step that a morph target shows


def binary_frames(response: int, first: int, time_s: float, frames: np.ndarray) -> bytes:
    """frames: float32 [n, n_values]; n and n_values at most 65535."""
    n, n_values = frames.shape
    head = HEADER.pack(VERSION, KIND_FRAMES, n, n_values, 0, response & 0xFFFFFFFF, first & 0xFFFFFFFF, time_s)
    return head + np.ascontiguousarray(frames, "<f4").tobytes()


def read_binary(message: bytes) -> tuple[int, int, float, np.ndarray]:
    """(response, index of the first frame, its time in seconds, float32 [n, n_values]) of a binary message.
    Raises ValueError for anything else."""
    if len(message) < HEADER.size:
        raise ValueError(f"the message has {len(message)} bytes, less than the {HEADER.size} of its header")
    version, kind, n, n_values, _, response, first, time_s = HEADER.unpack_from(message)
    if version != VERSION or kind != KIND_FRAMES:
        raise ValueError(f"the message is of version {version} and kind {kind}, expected {VERSION} and {KIND_FRAMES}")
    if len(message) != HEADER.size + 4 * n * n_values:
        raise ValueError(f"the message has {len(message)} bytes, its header says {n} frames of {n_values} values")
    return response, first, time_s, np.frombuffer(message, "<f4", offset=HEADER.size).reshape(n, n_values)


def json_text(event: dict[str, Any]) -> str:
    """ASCII only: a half character that a client sent comes back escaped, and does not break the message."""
    return json.dumps(event, separators=(",", ":"), allow_nan=False)


def rows(frames: np.ndarray) -> list[list[float]]:
    """float32 [n, n_values] as lists of rounded numbers."""
    return [[round(value, DECIMALS) for value in frame] for frame in frames.tolist()]


def names_of(channels: Sequence[str], has_pose: bool, layout: str) -> list[str]:
    """Names of the values of a frame. layout: `arkit` or `azure`."""
    if layout == "azure":
        return [*channels, "headRoll", "leftEyeRoll", "rightEyeRoll"]
    return [*channels, *(("headYaw", "headPitch", "headRoll") if has_pose else ())]


def values_of(weights: np.ndarray, pose: np.ndarray | None, layout: str) -> np.ndarray:
    """Values of a frame, float32, in the order of names_of(). Angles are in radians."""
    if layout == "azure":
        roll = 0.0 if pose is None else float(pose[2])
        return np.concatenate([weights, np.array([roll, 0, 0], np.float32)])
    return weights if pose is None else np.concatenate([weights, pose])
