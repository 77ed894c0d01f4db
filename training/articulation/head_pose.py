"""Head pose of someone who talks: nods on the accents of the voice, turns between phrases, a slow drift.

The sizes are our choice, inside what recorded takes of talking people have (deviations of 1 to 6 degrees, pitch above
yaw above roll); that nods go with the melody: Yehia, Kuratate & Vatikiotis-Bateson, "Linking facial animation, head
motion and speech acoustics", 2002."""

from __future__ import annotations

import numpy as np

from training.articulation.pitch import accents
from training.articulation.style import TalkingStyle
from training.articulation.variation import smooth_noise

DRIFT_DEG, DRIFT_S = np.array([1.5, 1.0, 0.8]), 1.6  # deviations of the drift of yaw, pitch and roll, and its time
TURN_DEG, TURN_S = np.array([1.2, 0.4, 0.7]), 0.5  # while talking, of a turn from phrase to phrase
NOD_DEG = 1.8  # of a nod per deviation of the melody's rise
NOD_S = (0.12, 0.2)  # width of a nod
FOLLOW_DEG = 0.7  # how far the head nods with the melody itself
LATE_S = 0.03  # the nod's lowest point comes so much after the peak of the melody


def head_pose(
    times: np.ndarray, melody: np.ndarray, speaking: np.ndarray, style: TalkingStyle, rng: np.random.Generator
) -> np.ndarray:
    """Yaw, pitch and roll in radians, float64 [n, 3]; signs as in docs/bundle-format.md.
    times: [n] seconds, evenly spaced.   melody: [n] of pitch.melody.   speaking: [n], 0..1."""
    step = times[1] - times[0] if len(times) > 1 else 1.0
    drift = DRIFT_DEG * smooth_noise(len(times), step, DRIFT_S, rng, 3)
    turn = TURN_DEG * smooth_noise(len(times), step, TURN_S, rng, 3) * speaking[:, None]
    nod, side = np.zeros(len(times)), np.zeros(len(times))
    for peak, rise in zip(*accents(melody), strict=True):
        size = min(rise, 2.5) * rng.uniform(0.5, 1.3)
        width = rng.uniform(*NOD_S)
        bump = np.exp(-0.5 * ((times - times[peak] - LATE_S) / width) ** 2)
        nod += size * bump
        side += 0.4 * size * bump * rng.normal()
    pose = drift + turn
    pose[:, 0] += side
    pose[:, 1] += NOD_DEG * nod + FOLLOW_DEG * melody
    pose[:, 2] += 0.5 * side
    return np.radians(style.head_activity * pose)
