"""Checks that every reader shares: files come from anybody, and every field is judged before it is used."""

from __future__ import annotations

import json
import math
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from diffusiontalker.errors import InputError
from diffusiontalker.head.pose import check_pose
from diffusiontalker.io.formats.record import Motion, Unusable

MAX_BYTES = 256 << 20  # of the arrays of a motion: 11 hours of 52 channels
MAX_TEXT_BYTES = 128 << 20  # an hour and a half
MAX_LISTS = 2_000_000  # of a JSON text; a frame is a list, of 64 bytes and its values
MAX_CHANNELS = 1 << 20
MIN_FPS, MAX_FPS = Fraction(1, 10), 1000
MAX_WEIGHT = 1e6  # vertices may be in millimetres
MAX_ANGLE = 100.0  # radians
SPACES = ("blendshapes", "vertices", "coefficients")


def text_of(path: Path) -> str:
    """The whole text of a file, UTF-8 with or without a byte-order mark."""
    if path.stat().st_size > MAX_TEXT_BYTES:
        raise Unusable(f"has more than {MAX_TEXT_BYTES >> 20} MB")
    return path.read_bytes().decode("utf-8-sig")


def json_object(path: Path, what: str) -> dict:
    """The one object of a JSON file. what: the keys that it should have, for the message."""
    text = text_of(path)
    if text.count("[") + text.count("{") > MAX_LISTS:
        raise Unusable(f"has more than {MAX_LISTS} lists")
    saved = json.loads(text)
    if not isinstance(saved, dict):
        raise Unusable(f"is JSON, but no object with {what}")
    return saved


def rate_of(fps: Any) -> Fraction:
    """A frame rate from one number; rates in use (24000/1001 ...) have denominators up to 1001."""
    if isinstance(fps, bool) or np.shape(fps) != () or not np.issubdtype(np.asarray(fps).dtype, np.number):
        raise Unusable("has a frame rate that is no number")
    fps = float(fps)
    if not math.isfinite(fps) or not MIN_FPS <= fps <= MAX_FPS:
        raise Unusable(f"has a frame rate of {fps:g}, expected {float(MIN_FPS):g}..{MAX_FPS} frames a second")
    return Fraction(fps).limit_denominator(1001)


def floats(value: Any, what: str) -> np.ndarray:
    """float32 of any array or nested list of numbers."""
    try:
        array = np.asarray(value)
    except ValueError:  # rows of different lengths
        array = np.asarray(None)
    if array.dtype.kind not in "fiu":
        raise Unusable(f"has {what} that are no table of numbers")
    with np.errstate(over="ignore"):
        return np.ascontiguousarray(array, np.float32)


def names_of(value: Any, what: str = "channels") -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise Unusable(f"has {what} that are no list of names")
    return tuple(value)


def check_motion(motion: Motion) -> None:
    """Raises Unusable for shapes that disagree, and values that are not finite or beyond all measure."""
    weights, channels = motion.weights, motion.channels
    rate_of(motion.fps_num / motion.fps_den)
    if motion.space not in SPACES:
        raise Unusable(f"is of the motion space {motion.space!r}, expected {', '.join(SPACES)}")
    named = motion.space == "vertices" or (weights.ndim == 2 and weights.shape[1] == len(channels))
    if weights.ndim != 2 or not weights.size or weights.shape[1] > MAX_CHANNELS or not named:
        raise Unusable(f"has weights {list(weights.shape)} for {len(channels)} channels")
    if len(set(channels)) != len(channels):
        raise Unusable("names a channel twice")
    if not np.isfinite(weights).all():
        raise Unusable("holds weights that are not finite numbers")
    if np.abs(weights).max() > MAX_WEIGHT:
        raise Unusable(f"holds weights beyond {MAX_WEIGHT:g}")
    if motion.head_pose is not None:
        try:
            check_pose(motion.head_pose, len(weights))
        except InputError as e:
            raise Unusable(f"cannot be used, since {e}") from e
        if np.abs(motion.head_pose).max() > MAX_ANGLE:
            raise Unusable(f"holds angles of the head beyond {MAX_ANGLE:g} radians")
