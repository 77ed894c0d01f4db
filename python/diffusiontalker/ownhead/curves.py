"""Weights over time of a character's targets."""

from __future__ import annotations

import numpy as np

from diffusiontalker.ownhead.names import Match
from diffusiontalker.ownhead.visemes import VISEMES, viseme_weights
from diffusiontalker.spec.channels import ARKIT_CHANNELS, CHANNEL_INDEX


class Curves:
    """What an animation's channels make of targets. Meshes with the same visemes share their solution."""

    def __init__(self, animation):
        """animation: as for animate_head()."""
        self._weights, self._channels = animation.weights, tuple(animation.channels)
        self._arkit = np.zeros((len(animation.weights), len(ARKIT_CHANNELS)), np.float32)
        for i, channel in enumerate(self._channels):
            if channel in CHANNEL_INDEX:
                self._arkit[:, CHANNEL_INDEX[channel]] = animation.weights[:, i]
        self._visemes: dict[tuple[str, ...], dict[str, np.ndarray]] = {}

    def of(self, matches: dict[int, Match]) -> dict[int, np.ndarray]:
        """Weights float32 [n] of each target that moves. Sums of several terms stay between 0 and 1 where all terms are
        positive; a single term is the animation's own curve times its share."""
        wanted = tuple(v for v in VISEMES if any(v in m.terms for m in matches.values()))
        if wanted not in self._visemes:
            solved = viseme_weights(self._arkit, wanted).T if wanted else ()
            self._visemes[wanted] = dict(zip(wanted, solved, strict=True))
        visemes = self._visemes[wanted]
        out: dict[int, np.ndarray] = {}
        for target, m in matches.items():
            parts = [np.float32(share) * self._curve(source, visemes) for source, share in m.terms.items()]
            total = np.asarray(np.sum(parts, axis=0), np.float32)
            out[target] = np.clip(total, 0, 1) if len(parts) > 1 and min(m.terms.values()) >= 0 else total
        return out

    def channel(self, name: str) -> np.ndarray:
        """One of ARKit's channels, float32 [n]."""
        return self._arkit[:, CHANNEL_INDEX[name]]

    def _curve(self, source: str, visemes: dict[str, np.ndarray]) -> np.ndarray:
        if source in visemes:
            return visemes[source]
        if source in CHANNEL_INDEX:
            return self._arkit[:, CHANNEL_INDEX[source]]
        if source in self._channels:
            return np.asarray(self._weights[:, self._channels.index(source)], np.float32)
        return np.zeros(len(self._arkit), np.float32)
