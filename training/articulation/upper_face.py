"""Blinks, brows and gaze: motion that audio only hints at, so the diffusion model must sample it."""

from __future__ import annotations

import numpy as np

from diffusiontalker.spec.channels import ARKIT_CHANNELS, CHANNEL_INDEX
from training.articulation.pitch import accents
from training.articulation.style import TalkingStyle
from training.articulation.variation import smooth_noise

# Shortest time between two blinks, and the share of a blink in which the lid falls (it falls faster than it rises).
REFRACTORY_S = 0.9
CLOSING_SHARE = 0.35
# Not every blink shuts the eye: depth and length, the latter as a factor on the style's, are drawn for each.
DEPTH, LENGTH = (0.6, 1.0), (0.75, 1.5)
HALF_BLINKS = 0.12  # share of blinks of half the depth or less
BROWS_FOLLOW = 0.06  # weight of the brows per deviation of the melody, besides the accents


def blink_times(duration_s: float, style: TalkingStyle, rng: np.random.Generator) -> np.ndarray:
    """Start times of blinks: a renewal process, gamma intervals of mean 1 / blink_rate_hz."""
    mean = max(1 / style.blink_rate_hz - REFRACTORY_S, 0.3)
    out, now = [], -rng.uniform(0, 1 / style.blink_rate_hz)
    while now < duration_s:
        now += REFRACTORY_S + rng.gamma(1.5, mean / 1.5)
        out.append(now)
    return np.array(out)


def _blink_curve(times: np.ndarray, starts: np.ndarray, duration_s: float, rng: np.random.Generator) -> np.ndarray:
    curve = np.zeros(len(times))
    for start in starts:
        length = duration_s * rng.uniform(*LENGTH)
        depth = rng.uniform(*DEPTH) ** 0.5 if rng.random() > HALF_BLINKS else rng.uniform(0.3, 0.5)
        u = (times - start) / length
        fall, rise = np.clip(u / CLOSING_SHARE, 0, 1), np.clip((1 - u) / (1 - CLOSING_SHARE), 0, 1)
        ramp = np.minimum(fall, rise)
        curve = np.maximum(curve, depth * ramp * ramp * (3 - 2 * ramp))
    return curve


def _raised_at_accents(melody: np.ndarray, times: np.ndarray, rng: np.random.Generator, chance: float) -> np.ndarray:
    """[n], about 0..1: smooth bumps at some accents of the melody, the higher ones oftener."""
    curve = np.zeros(len(times))
    for peak, rise in zip(*accents(melody), strict=True):
        if rng.random() < chance * min(rise, 2.0):
            width = rng.uniform(0.12, 0.3)
            bump = min(rise, 2.0) / 2 * rng.uniform(0.6, 1.2) * np.exp(-0.5 * ((times - times[peak]) / width) ** 2)
            curve = np.maximum(curve, bump)
    return curve


def upper_face_weights(
    times: np.ndarray, melody: np.ndarray, style: TalkingStyle, rng: np.random.Generator
) -> np.ndarray:
    """ARKit weights with only eye, brow, cheek and nose channels set.
    times: [n] seconds, evenly spaced.   melody: [n] of pitch.melody.   Returns float64 [n, 52], 0..1.
    """
    out = np.zeros((len(times), len(ARKIT_CHANNELS)))
    step = times[1] - times[0] if len(times) > 1 else 1.0
    unlike = 0.12 * smooth_noise(len(times), step, 1.0, rng)[:, 0]

    def put_pair(name: str, value: np.ndarray, own: float = 0.5) -> None:
        """own: how far the sides differ."""
        share = own * style.asymmetry + 2 * own * unlike
        out[:, CHANNEL_INDEX[name + "Left"]] += value * (1 + share)
        out[:, CHANNEL_INDEX[name + "Right"]] += value * (1 - share)

    duration = float(times[-1]) + 0.5 if len(times) else 0.0
    blink = _blink_curve(times, blink_times(duration, style, rng), style.blink_duration_s, rng)
    put_pair("eyeBlink", blink, own=0.05)
    put_pair("eyeSquint", 0.15 * blink)

    activity = style.brow_activity
    followed = BROWS_FOLLOW * np.maximum(melody, 0) * activity
    raised = _raised_at_accents(melody, times, rng, 0.45 * activity) * 0.5 * activity + followed
    lowered = _raised_at_accents(melody, times, rng, 0.10 * activity) * 0.35 * activity
    out[:, CHANNEL_INDEX["browInnerUp"]] += 0.8 * raised
    put_pair("browOuterUp", 0.7 * raised)
    put_pair("eyeWide", 0.25 * raised)
    put_pair("browDown", lowered)
    put_pair("cheekSquint", 0.35 * style.smile + 0.3 * lowered)
    put_pair("noseSneer", 0.15 * lowered)
    _add_gaze(out, times, style, rng)
    return np.clip(out, 0, 1)


def _add_gaze(out: np.ndarray, times: np.ndarray, style: TalkingStyle, rng: np.random.Generator) -> None:
    """Small saccades: the eyes rest at a point, then jump; both eyes together."""
    n = len(times)
    x, y, i = np.zeros(n), np.zeros(n), 0
    step = times[1] - times[0] if n > 1 else 1.0
    while i < n:
        hold = max(1, int(rng.gamma(2.0, 0.6) / step))
        centred = rng.random() < 0.45
        x[i : i + hold] = 0.0 if centred else rng.normal(0, 0.10) * style.gaze_activity
        y[i : i + hold] = 0.0 if centred else rng.normal(0, 0.06) * style.gaze_activity
        i += hold
    for name, value in (
        ("eyeLookOutLeft", x), ("eyeLookInRight", x), ("eyeLookInLeft", -x), ("eyeLookOutRight", -x),
        ("eyeLookUpLeft", y), ("eyeLookUpRight", y), ("eyeLookDownLeft", -y), ("eyeLookDownRight", -y),
    ):  # fmt: skip
        out[:, CHANNEL_INDEX[name]] += np.maximum(value, 0)
