"""ARKit weights as visemes: which mixture of a head's mouth shapes looks most like a frame.

Each viseme has a recipe of ARKit channels (our choice, looked at on the built-in head). A frame's mouth is fitted by
visemes on the built-in head: least squares over its lips, with weights that add up to 1 at most, because each viseme is
a whole pose of the mouth. Channels of moods stay out of it: a smile is no vowel."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from diffusiontalker.head import load_head
from diffusiontalker.io.visemes import pose_table
from diffusiontalker.ownhead.least_squares import shared_least_squares
from diffusiontalker.spec.channels import ARKIT_CHANNELS, CHANNEL_INDEX, TIED_CHANNELS, indices

# The 15 of the Oculus lip sync library without silence, which is the mouth at rest.
VISEMES: dict[str, dict[str, float]] = {f"viseme_{shape}": pose for shape, pose in pose_table("targets").items()}
_MOODS = ("mouthSmile", "mouthFrown", "mouthDimple")
# Share of the mean square of a viseme that its weight costs: keeps visemes that look alike from taking turns.
_RIDGE = 0.005
_GAP_WEIGHT = 2.0  # of the distance of the lips beside their places, our choice


def viseme_weights(weights: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """Weights 0..1 of some visemes, float32 [n, len(names)].   weights: float [n, 52] in ARKit's order."""
    gram, products = viseme_system(names)
    return shared_least_squares(gram, weights @ products)


def viseme_system(names: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """(gram [K, K], products [52, K]): the weights w of K visemes that look most like the ARKit weights a make
    w gram w / 2 - (a products) w smallest, with w >= 0 and a sum of 1 at most."""
    recipes = np.zeros((len(names), len(ARKIT_CHANNELS)))
    for row, name in zip(recipes, names, strict=True):
        for channel, value in VISEMES[name].items():
            row[CHANNEL_INDEX[channel]] = value
    gram = recipes @ _mouth_metric() @ recipes.T
    gram[np.diag_indices(len(names))] *= 1 + _RIDGE
    return gram, _mouth_metric() @ recipes.T


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
