"""Whether a face is alive: left and right differ, no channel is dead, another seed gives another take."""

from __future__ import annotations

import numpy as np

from diffusiontalker.head import lip_opening, load_head
from diffusiontalker.spec.channels import ARKIT_CHANNELS, CHANNEL_INDEX
from diffusiontalker.spec.rates import FPS
from training.eval.face.clip import Clip
from training.eval.scores_speech import Share, count_closures, pearson

SIDED = {"stretch": "mouthStretch", "smile": "mouthSmile", "upper": "mouthUpperUp"}
# A channel is dead when its 1st and 99th percentile over all clips are nearer than this.
DEAD_RANGE = 0.01


def life_scores(clips: list[Clip]) -> dict[str, float]:
    """sides_NAME: correlation of the left and the right channel over all frames of speech, of stretch, smile and upper
    lip; NaN where one does not move.   dead_channels: how many of the 52 do not move, over all clips."""
    within = [clip.weights[clip.speech] for clip in clips if clip.weights is not None]
    if not within:
        return {}
    weights = np.concatenate(within).astype(np.float64)
    out: dict[str, float] = {}
    for name, channel in SIDED.items():
        left, right = (weights[:, CHANNEL_INDEX[channel + side]] for side in ("Left", "Right"))
        out[f"sides_{name}"] = pearson(left, right) if np.ptp(left) > DEAD_RANGE < np.ptp(right) else float("nan")
    return out | {"dead_channels": float(len(dead_channels(clips)))}


def dead_channels(clips: list[Clip]) -> list[str]:
    """Names of the channels that no clip moves, silence included."""
    weights = np.concatenate([clip.weights for clip in clips if clip.weights is not None])
    low, high = np.percentile(weights, [1, 99], axis=0)
    # A blink lasts some frames of a clip: the range of a rare movement is that of its extremes.
    rare = weights.max(axis=0) - weights.min(axis=0)
    return [
        c for c, span, most in zip(ARKIT_CHANNELS, high - low, rare, strict=True) if span < DEAD_RANGE and most < 0.05
    ]


def take_scores(clips: list[Clip], others: list[np.ndarray]) -> dict[str, float]:
    """Another seed of the same speech. others: weights [n, 52] per clip.
    take_lips_mm: mean distance of the vertices of the red of the lips of the two takes, over the frames of speech.
    take_closure: p/b/m closed in the other take."""
    head, distances, closures = load_head(), [], Share()
    lips = np.flatnonzero(head.lip_mask > 0.5)
    for clip, other in zip(clips, others, strict=True):
        if clip.weights is None:
            continue
        moved = head.vertices_at(clip.weights[clip.speech], lips) - head.vertices_at(other[clip.speech], lips)
        distances.append(1000 * float(np.linalg.norm(moved, axis=-1).mean()))
        count_closures(lip_opening(head, other), np.arange(len(other)) / FPS, clip.phones, closures)
    return {"take_lips_mm": float(np.mean(distances)), "take_closure": closures.rate} if distances else {}
