"""The fifteen visemes of Oculus as poses of the built-in head, for rivals that answer in visemes.

Scaled so that the lip opening is that of real lips in the same sounds (GRID s1, outer-canthal distances: open vowels
0.12 to 0.14, "ee" 0.09, rounded 0.04, s 0.10, f/v 0.02, p/b/m 0)."""

from __future__ import annotations

import numpy as np

from diffusiontalker.spec.channels import ARKIT_CHANNELS, CHANNEL_INDEX

VISEME_POSES: dict[str, dict[str, float]] = {
    "sil": {},
    "PP": {"mouthPress": 0.2, "mouthRollLower": 0.1, "mouthRollUpper": 0.08},
    "FF": {"jawOpen": 0.07, "mouthClose": 0.04, "mouthRollLower": 0.4, "mouthUpperUp": 0.1},
    "TH": {"jawOpen": 0.12, "mouthLowerDown": 0.08, "tongueOut": 0.2},
    "DD": {"jawOpen": 0.13, "mouthLowerDown": 0.2, "mouthUpperUp": 0.12, "mouthStretch": 0.12},
    "kk": {"jawOpen": 0.18, "mouthLowerDown": 0.15, "mouthUpperUp": 0.08},
    "CH": {"jawOpen": 0.1, "mouthFunnel": 0.35, "mouthLowerDown": 0.15, "mouthUpperUp": 0.1},
    "SS": {"jawOpen": 0.13, "mouthLowerDown": 0.2, "mouthUpperUp": 0.15, "mouthStretch": 0.12},
    "nn": {"jawOpen": 0.14, "mouthLowerDown": 0.15, "mouthUpperUp": 0.08},
    "RR": {"jawOpen": 0.14, "mouthFunnel": 0.1, "mouthPucker": 0.25},
    "aa": {"jawOpen": 0.4},
    "E": {"jawOpen": 0.28, "mouthLowerDown": 0.08, "mouthStretch": 0.08},
    "I": {"jawOpen": 0.17, "mouthLowerDown": 0.2, "mouthUpperUp": 0.12, "mouthStretch": 0.2},
    "O": {"jawOpen": 0.24, "mouthFunnel": 0.15, "mouthPucker": 0.35},
    "U": {"jawOpen": 0.12, "mouthFunnel": 0.1, "mouthPucker": 0.6},
}  # fmt: skip


def pose(channels: dict[str, float]) -> np.ndarray:
    """ARKit weights [52] of named channels; a name without its side stands for both."""
    out = np.zeros(len(ARKIT_CHANNELS))
    for name, value in channels.items():
        for channel in [name] if name in CHANNEL_INDEX else [f"{name}Left", f"{name}Right"]:
            out[CHANNEL_INDEX[channel]] = value
    return out
