"""ARKit weights as visemes: which mixture of a head's mouth shapes looks most like a frame.

Each viseme has a recipe of ARKit channels (our choice, looked at on the built-in head). A frame's mouth is fitted by
visemes on the built-in head: least squares over its lips, with weights that add up to 1 at most, because each viseme is
a whole pose of the mouth. Channels of moods stay out of it: a smile is no vowel."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from diffusiontalker.head import load_head
from diffusiontalker.ownhead.least_squares import shared_least_squares
from diffusiontalker.spec.channels import ARKIT_CHANNELS, CHANNEL_INDEX, TIED_CHANNELS, indices


def _both(name: str, value: float) -> dict[str, float]:
    return {f"{name}Left": value, f"{name}Right": value}


# The 15 of the Oculus lip sync library without silence, which is the mouth at rest.
VISEMES: dict[str, dict[str, float]] = {
    "viseme_PP": {**_both("mouthPress", 0.4), "mouthRollLower": 0.35, "mouthRollUpper": 0.3},
    "viseme_FF": {"jawOpen": 0.06, "mouthRollLower": 0.5, **_both("mouthUpperUp", 0.25)},
    "viseme_TH": {"jawOpen": 0.14, **_both("mouthLowerDown", 0.15), "tongueOut": 0.3},
    "viseme_DD": {"jawOpen": 0.12, **_both("mouthLowerDown", 0.2), **_both("mouthUpperUp", 0.12)},
    "viseme_kk": {"jawOpen": 0.2, **_both("mouthLowerDown", 0.15), **_both("mouthUpperUp", 0.1)},
    "viseme_CH": {"jawOpen": 0.1, "mouthFunnel": 0.45, "mouthPucker": 0.15},
    "viseme_SS": {"jawOpen": 0.06, **_both("mouthStretch", 0.25), **_both("mouthLowerDown", 0.25)},
    "viseme_nn": {"jawOpen": 0.1, **_both("mouthLowerDown", 0.15)},
    "viseme_RR": {"jawOpen": 0.12, "mouthPucker": 0.3, "mouthFunnel": 0.2},
    "viseme_aa": {"jawOpen": 0.6, **_both("mouthLowerDown", 0.15), **_both("mouthUpperUp", 0.1)},
    "viseme_E": {"jawOpen": 0.32, **_both("mouthStretch", 0.35), **_both("mouthLowerDown", 0.2)},
    "viseme_I": {"jawOpen": 0.16, **_both("mouthStretch", 0.45), **_both("mouthLowerDown", 0.15)},
    "viseme_O": {"jawOpen": 0.42, "mouthFunnel": 0.4, "mouthPucker": 0.3},
    "viseme_U": {"jawOpen": 0.15, "mouthPucker": 0.7, "mouthFunnel": 0.3},
}
_MOODS = ("mouthSmile", "mouthFrown", "mouthDimple")
# Share of the mean square of a viseme that its weight costs: keeps visemes that look alike from taking turns.
_RIDGE = 0.005
_GAP_WEIGHT = 2.0  # of the distance of the lips beside their places, our choice


def viseme_weights(weights: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """Weights 0..1 of some visemes, float32 [n, len(names)].   weights: float [n, 52] in ARKit's order."""
    recipes = np.zeros((len(names), len(ARKIT_CHANNELS)))
    for row, name in zip(recipes, names, strict=True):
        for channel, value in VISEMES[name].items():
            row[CHANNEL_INDEX[channel]] = value
    gram = recipes @ _mouth_metric() @ recipes.T
    gram[np.diag_indices(len(names))] *= 1 + _RIDGE
    return shared_least_squares(gram, weights @ (_mouth_metric() @ recipes.T))


@lru_cache(maxsize=1)
def _mouth_metric() -> np.ndarray:
    """Inner products of what the channels of speech do to the mouth of the built-in head, float64 [52, 52]; 0 for the
    other channels. What counts is where the lips are and, above all, how far they are apart: a closed mouth under an
    open jaw is a closed mouth."""
    head = load_head()
    lips = np.flatnonzero(head.lip_mask > 0.5)
    upper, lower = (np.array([row[0] for row in lip]) for lip in (head.inner_upper_lip, head.inner_lower_lip))
    deltas = np.zeros((len(ARKIT_CHANNELS), len(head.positions), 3), np.float32)
    for k in indices(c for c in TIED_CHANNELS if not c.startswith(_MOODS)):
        moving, movement = head.target(k)
        deltas[k, moving] = movement
    places = deltas[:, lips].reshape(len(deltas), -1) / np.sqrt(len(lips))
    gaps = (deltas[:, upper] - deltas[:, lower]).reshape(len(deltas), -1) / np.sqrt(len(upper))
    features = np.hstack([places, _GAP_WEIGHT * gaps]).astype(np.float64)
    return features @ features.T
