"""The melody of a voice, which brows and head follow."""

from __future__ import annotations

import numpy as np
import pyworld

FLOOR_HZ, CEILING_HZ = 60.0, 500.0
FRAME_MS = 10.0
SMOOTH_S = 0.06
FALL_S = 0.25  # in which the melody of a voice that pauses falls back to its middle
MIN_SPREAD = 0.08  # of the logarithm, about 1.4 semitones: a monotone is not blown up to a melody


def melody(audio: np.ndarray, times: np.ndarray, sample_rate_hz: int) -> np.ndarray:
    """Pitch relative to the speaker's own, float64 [n]: 0 at the median of the voiced frames, +-1 a deviation of the
    logarithm; falls to 0 where nothing is voiced. audio: [n_samples], -1..1.   times: [n] seconds.
    Source: DIO of WORLD (Morise, Kawahara & Katayose 2009)."""
    out = np.zeros(len(times))
    if len(audio) < 0.1 * sample_rate_hz:
        return out
    hz, at = pyworld.dio(
        np.ascontiguousarray(audio, np.float64), sample_rate_hz, f0_floor=FLOOR_HZ, f0_ceil=CEILING_HZ,
        frame_period=FRAME_MS, speed=4,
    )  # fmt: skip
    voiced = hz > 0
    if voiced.sum() < 10:
        return out
    log = np.log(hz[voiced])
    middle = np.median(log)
    spread = max(np.subtract(*np.percentile(log, [84, 16])) / 2, MIN_SPREAD)
    value = np.clip(np.interp(at, at[voiced], (log - middle) / spread), -3, 3)
    # Within a pause the last value fades, and the next one rises.
    since = at - np.maximum.accumulate(np.where(voiced, at, -np.inf))
    until = np.minimum.accumulate(np.where(voiced, at, np.inf)[::-1])[::-1] - at
    value *= np.exp(-np.minimum(since, until) / FALL_S)
    half = round(2 * SMOOTH_S * 1000 / FRAME_MS)
    kernel = np.hanning(2 * half + 1)
    value = np.convolve(value, kernel / kernel.sum(), "same")
    return np.interp(times, at, value, left=0.0, right=0.0)


def accents(curve: np.ndarray, least: float = 0.4) -> tuple[np.ndarray, np.ndarray]:
    """(indices, heights) of the peaks of a melody that rise `least` or more above the valleys beside them."""
    inner = curve[1:-1]
    peaks = 1 + np.flatnonzero((inner > curve[:-2]) & (inner >= curve[2:]) & (inner > 0))
    if not len(peaks):
        return peaks, np.zeros(0)
    edges = [0, *peaks, len(curve) - 1]
    rise = [curve[p] - max(curve[edges[k] : p + 1].min(), curve[p : edges[k + 2] + 1].min())
            for k, p in enumerate(peaks)]  # fmt: skip
    kept = np.array(rise) >= least
    return peaks[kept], np.array(rise)[kept]
