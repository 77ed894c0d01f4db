"""Curves of takes in a few lanes, for pages and comparisons."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

# Lane -> curves; a name without a side is the mean of both. Our choice of what is worth seeing.
LANES = {
    "lips": ("jawOpen", "mouthClose", "mouthPucker", "mouthFunnel"),
    "mouth": ("mouthSmile", "mouthStretch", "mouthPress", "mouthFrown"),
    "eyes": ("eyeBlink", "eyeSquint", "eyeLookDown", "eyeLookUp"),
    "brows": ("browInnerUp", "browDown", "browOuterUp"),
}
_POSE = ("yaw", "pitch", "roll")
_MOST = 4  # curves of a lane
_FLAT = 0.02  # a lane that moves less than this is left out


def lanes_of(anims: Sequence, store: Callable[[np.ndarray], Any]) -> list[dict]:
    """Lanes with their curves, each with values per animation, None where it has no such channel.
    store: keeps float32 [n] and gives what stands for it.   range: of a lane, so that all its curves fit."""
    lanes = []
    for name, wanted in LANES.items():
        lanes.append(_lane(name, {curve: [_channel(anim, curve) for anim in anims] for curve in wanted}, store))
    poses = [getattr(anim, "head_pose", None) for anim in anims]
    turns = {
        f"head {_POSE[k]} (degrees)": [None if p is None else np.degrees(np.asarray(p)[:, k]) for p in poses]
        for k in range(3)
    }
    lanes.append(_lane("head", turns, store))
    found = [lane for lane in lanes if lane is not None]
    return found or [lane for lane in [_lane("targets", _largest(anims), store)] if lane is not None]


def _lane(name: str, curves: dict[str, list], store: Callable[[np.ndarray], Any]) -> dict | None:
    known = {curve: values for curve, values in curves.items() if any(v is not None for v in values)}
    every = [v for values in known.values() for v in values if v is not None]
    if not every or max(float(np.ptp(v)) for v in every) < _FLAT:
        return None
    low, high = min(0.0, *(float(v.min()) for v in every)), max(0.1, *(float(v.max()) for v in every))
    return {
        "name": name,
        "range": [low, high],
        "curves": [
            {"name": curve, "values": [None if v is None else store(np.float32(v)) for v in values]}
            for curve, values in known.items()
        ],
    }


def _channel(anim, name: str) -> np.ndarray | None:
    columns = [i for i, c in enumerate(anim.channels) if c in (name, f"{name}Left", f"{name}Right")]
    if not columns:
        return None
    return np.mean([np.asarray(anim.weights[:, i], np.float32) for i in columns], axis=0)


def _largest(anims: Sequence) -> dict[str, list]:
    """The channels that move most, for motions of other names."""
    reach = {c: float(np.ptp(anim.weights[:, i])) for anim in anims for i, c in enumerate(anim.channels)}
    chosen = sorted(reach, key=lambda c: -reach[c])[:_MOST]
    return {c: [_channel(anim, c) for anim in anims] for c in chosen}
