"""How far and how fast a mouth moves, against real ones: ratios of 1 are wanted."""

from __future__ import annotations

import numpy as np

from diffusiontalker.head import LIP_MEASURES
from training.eval.face.clip import OPENING, Clip, pairs

RANGE = (5, 95)  # percentiles whose distance is the size of a movement
LOW_HZ = 3.0  # syllables are slower than this, lip gestures quicker
KINDS = ("travel", "size", "speed", "fast")


def size_scores(clips: list[Clip], real: list[Clip]) -> dict[str, float]:
    """Of rendered faces over those of the same recordings as tracked; means over clips, then their ratio.
    opening_p95: 95th percentile of the opening within speech.   travel_NAME: 5th to 95th percentile range over the
    whole recording, from rest to the open mouth.   size_NAME: the same within speech, between sounds.
    speed_NAME: mean absolute speed within speech.   fast_NAME: root mean square there of what is quicker than 3 Hz.
    NAME: one of LIP_MEASURES.
    """
    both = pairs(clips, real)
    if not both:
        return {}
    ours, theirs = (np.mean([_sizes(clip) for clip in side], axis=0) for side in zip(*both, strict=True))
    # A measure that the real faces do not move has no ratio.
    ratio = np.divide(ours, theirs, out=np.full_like(ours, np.nan), where=theirs > 1e-9)
    return dict(
        zip(
            ["opening_p95", *(f"{kind}_{name}" for kind in KINDS for name in LIP_MEASURES)], ratio.tolist(), strict=True
        )
    )


def absolute_sizes(clips: list[Clip]) -> dict[str, float]:
    """abs_opening_p95 and abs_travel_NAME in outer-canthal distances, means over clips: what the ratios are of."""
    if not clips:
        return {}
    values = np.mean([_sizes(clip)[: 1 + len(LIP_MEASURES)] for clip in clips], axis=0).tolist()
    return dict(zip(["abs_opening_p95", *(f"abs_travel_{name}" for name in LIP_MEASURES)], values, strict=True))


def _sizes(clip: Clip) -> np.ndarray:
    """[1 + 4 x 6] of one clip, in outer-canthal distances and those per second; within speech but for the travel."""
    curves = clip.measures[clip.speech]
    if len(curves) < 3:
        return np.zeros(1 + len(KINDS) * len(LIP_MEASURES))
    travel, size = (np.subtract(*np.percentile(c, RANGE[::-1], axis=0)) for c in (clip.measures, curves))
    step_s = float(np.diff(clip.times).mean())
    speed = np.abs(np.diff(curves, axis=0)).mean(axis=0) / step_s
    return np.concatenate([[np.percentile(curves[:, OPENING], RANGE[1])], travel, size, speed, _fast(curves, step_s)])


def _fast(curves: np.ndarray, step_s: float) -> np.ndarray:
    """Root mean square of the parts of curves [n, k] above LOW_HZ, by the spectrum of the curves less their trend."""
    n = len(curves)
    line = np.linspace(0, 1, n)[:, None]
    level = curves - (curves[0] + line * (curves[-1] - curves[0]))
    spectrum = np.fft.rfft(level, axis=0)
    spectrum[np.fft.rfftfreq(n, step_s) < LOW_HZ] = 0
    return np.sqrt((np.fft.irfft(spectrum, n, axis=0) ** 2).mean(axis=0))
