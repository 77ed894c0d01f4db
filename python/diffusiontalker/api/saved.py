"""Reading animations that were saved as .npz or .json."""

from __future__ import annotations

import json
import zipfile
from fractions import Fraction
from pathlib import Path

import numpy as np

from diffusiontalker.api.animation import Animation
from diffusiontalker.errors import InputError
from diffusiontalker.head.pose import check_pose


def load_animation(path: Path) -> Animation:
    """An animation that Animation.save() wrote as .npz or .json.
    Raises InputError: missing, damaged, of another shape, values that are not finite.
    """
    if not path.is_file():
        raise InputError(f"{path} does not exist: check the path")
    try:
        animation = _from_npz(path) if path.suffix.lower() == ".npz" else _from_json(path)
    except (KeyError, TypeError, ValueError, OSError, EOFError, zipfile.BadZipFile, ZeroDivisionError) as e:
        raise InputError(f"{path} is not a saved animation ({e}): save one with .npz or .json") from e
    weights = animation.weights
    named = animation.space == "vertices" or weights.shape[-1] == len(animation.channels)
    if weights.ndim != 2 or not named or not len(weights):
        raise InputError(f"{path} has weights {weights.shape} for {len(animation.channels)} channels")
    if not np.isfinite(weights).all():
        raise InputError(f"{path} holds weights that are not finite numbers: save it again")
    if animation.head_pose is not None:
        try:
            check_pose(animation.head_pose, len(weights))
        except InputError as e:
            raise InputError(f"{path}: {e}") from e
    return animation


def _from_npz(path: Path) -> Animation:
    with np.load(path, allow_pickle=False) as saved:
        # The file has the rate as one number; rates in use (24000/1001 ...) have denominators up to 1001.
        rate = Fraction(float(saved["fps"])).limit_denominator(1001)
        channels = tuple(str(name) for name in saved["channels"])
        weights = saved["weights"].astype(np.float32)
        space = str(saved["space"]) if "space" in saved else "blendshapes"
        pose = saved["head_pose"].astype(np.float32) if "head_pose" in saved else None
        return Animation(weights, channels, rate.numerator, rate.denominator, space=space, head_pose=pose)


def _from_json(path: Path) -> Animation:
    saved = json.loads(path.read_text(encoding="utf-8"))
    rate = Fraction(saved["fps_num"], saved["fps_den"])
    weights = np.asarray(saved["weights"], np.float32)
    pose = np.asarray(saved["head_pose"], np.float32) if "head_pose" in saved else None
    return Animation(weights, tuple(saved["channels"]), rate.numerator, rate.denominator, head_pose=pose)
