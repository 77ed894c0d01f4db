"""When the mouth moves: its onset before the first sound, and the constant lag and gain at which a face is best."""

from __future__ import annotations

import numpy as np

from training.eval.face.clip import OPENING, Clip, around_speech
from training.eval.scores_speech import pearson

# The mouth has begun to open when it has done this share of the way from its rest to its 95th percentile in speech.
ONSET_SHARE = 0.3
ONSET_WINDOW_S = 0.5  # looked at before and after the start of the first phone
STEP_S = 0.005
LAGS_S = np.round(np.arange(-0.3, 0.301, 0.01), 2)
GAINS = np.round(np.arange(0.3, 3.01, 0.1), 2)


def onset_ms(clip: Clip) -> float | None:
    """Time in milliseconds from the first phone to the first moment, 0.5 s before it or later, at which the opening is
    above rest by ONSET_SHARE of the way to its 95th percentile within speech; below 0: before the sound. One that does
    not open within 0.5 s after it counts as 500. None for a clip without a rest."""
    if clip.rest is None or not clip.speech.any():
        return None
    opening = clip.measures[:, OPENING]
    rest, high = clip.rest[OPENING], np.percentile(opening[clip.speech], 95)
    at = np.arange(-ONSET_WINDOW_S, ONSET_WINDOW_S + STEP_S / 2, STEP_S)
    above = np.interp(clip.first_s + at, clip.times, opening) > rest + ONSET_SHARE * (high - rest)
    return float(1000 * (at[np.argmax(above)] if above.any() else ONSET_WINDOW_S))


def onset_scores(clips: list[Clip]) -> dict[str, float]:
    """Median and quartiles over clips, milliseconds."""
    found = [v for v in map(onset_ms, clips) if v is not None]
    if not found:
        return {}
    low, middle, high = np.percentile(found, [25, 50, 75])
    return {"onset_ms": float(middle), "onset_low_ms": float(low), "onset_high_ms": float(high)}


def shifted_correlation(clips: list[Clip], real: list[Clip], lag_s: float) -> float:
    """Mean over clips of the correlation of openings when the rendered face is shown lag_s earlier."""
    values = []
    for clip, theirs in _both(clips, real):
        inside = around_speech(theirs)
        moved = np.interp(theirs.times[inside] + lag_s, clip.times, clip.measures[:, OPENING])
        values.append(pearson(moved, theirs.measures[inside, OPENING]))
    return float(np.mean(values))


def at_its_best(clips: list[Clip], real: list[Clip], latency_s: float | None = None) -> dict[str, float]:
    """The best of any constant lag, -0.3 to 0.3 s, and of any constant gain of the openings' distance from rest.
    best_lag_ms: above 0 the motion comes late.   best_r: at that lag.   error: mean absolute difference of openings in
    outer-canthal distances as they are; best_error: at the best lag and gain best_gain.
    undelayed_r: with the motion late by latency_s and the sound not held back for it."""
    if not any(True for _ in _both(clips, real)):
        return {}
    curve = [shifted_correlation(clips, real, lag) for lag in LAGS_S]
    lag = float(LAGS_S[int(np.argmax(curve))])
    errors = [_error(clips, real, lag, gain) for gain in GAINS]
    out = {
        "best_lag_ms": 1000 * lag,
        "best_r": max(curve),
        "error": _error(clips, real, 0.0, 1.0),
        "best_error": min(errors),
        "best_gain": float(GAINS[int(np.argmin(errors))]),
    }
    if latency_s is not None:
        out["undelayed_r"] = shifted_correlation(clips, real, -latency_s)
    return out


def _error(clips: list[Clip], real: list[Clip], lag_s: float, gain: float) -> float:
    values = []
    for clip, theirs in _both(clips, real):
        inside = around_speech(theirs)
        rest = 0.0 if clip.rest is None else clip.rest[OPENING]
        moved = np.interp(theirs.times[inside] + lag_s, clip.times, clip.measures[:, OPENING])
        values.append(np.abs(rest + gain * (moved - rest) - theirs.measures[inside, OPENING]).mean())
    return float(np.mean(values))


def _both(clips: list[Clip], real: list[Clip]):
    """Pairs of a rendered face on its own clock and the tracked one."""
    by_name = {c.name: c for c in clips}
    return ((by_name[r.name], r) for r in real if r.name in by_name and r.sounds)
