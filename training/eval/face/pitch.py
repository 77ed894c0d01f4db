"""Fundamental frequency and the accents of speech, by autocorrelation. NumPy only."""

from __future__ import annotations

import numpy as np

HOP_S, WINDOW_S = 0.01, 0.04
LOWEST_HZ, HIGHEST_HZ = 70.0, 400.0
_NEARLY = 0.9
_VOICED = 0.45  # least autocorrelation of a voiced frame (our choice)
_QUIET_DB = 30.0  # frames this far below the loud ones are not voiced
ACCENT_S = 0.1  # standard deviation of the bump that stands for an accent
_LEAST_PROMINENCE = 1.0  # semitones that a peak stands above the valleys beside it


def pitch_hz(audio: np.ndarray, sample_rate_hz: int = 16000) -> np.ndarray:
    """Fundamental frequency every 10 ms, float64 [len(audio) // hop]; NaN where the sound is not voiced.
    audio: float [n]. Normalised autocorrelation of 40 ms, its highest peak between 70 and 400 Hz."""
    hop, size = int(HOP_S * sample_rate_hz), int(WINDOW_S * sample_rate_hz)
    n = len(audio) // hop
    padded = np.pad(np.asarray(audio, np.float64), (size // 2, size))
    frames = np.lib.stride_tricks.sliding_window_view(padded, size)[::hop][:n]
    frames = frames - frames.mean(axis=1, keepdims=True)
    power = (frames**2).sum(axis=1)
    spectrum = np.fft.rfft(frames * np.hanning(size), 2 * size, axis=1)
    correlation = np.fft.irfft(np.abs(spectrum) ** 2, axis=1)[:, :size]
    window = np.fft.irfft(np.abs(np.fft.rfft(np.hanning(size), 2 * size)) ** 2)[:size]
    correlation /= np.maximum(correlation[:, :1], 1e-12)
    correlation[:, : int(0.8 * size)] /= (window / window[0])[: int(0.8 * size)]
    shortest, longest = int(sample_rate_hz / HIGHEST_HZ), int(sample_rate_hz / LOWEST_HZ)
    possible = correlation[:, shortest:longest]
    peak = np.zeros(possible.shape, bool)
    peak[:, 1:-1] = (possible[:, 1:-1] >= possible[:, :-2]) & (possible[:, 1:-1] > possible[:, 2:])
    # The shortest lag whose peak is nearly the highest: all multiples of a period are as high.
    first = peak & (possible > _NEARLY * np.where(peak, possible, 0).max(axis=1, keepdims=True))
    lag = shortest + np.argmax(first, axis=1)
    best = np.where(first.any(axis=1), correlation[np.arange(n), lag], 0)
    loud = power > np.percentile(power, 95) * 10 ** (-_QUIET_DB / 10)
    return np.where((best > _VOICED) & loud, sample_rate_hz / lag, np.nan)


def accent_curve(audio: np.ndarray, times: np.ndarray, sample_rate_hz: int = 16000) -> np.ndarray:
    """How much a voice stresses each moment, float64 [n] at `times` in seconds: a bump of 0.1 s standard deviation at
    every peak of the pitch, as high as the peak stands above its valleys in semitones."""
    hz = pitch_hz(audio, sample_rate_hz)
    known = np.flatnonzero(np.isfinite(hz))
    curve = np.zeros(len(times))
    if len(known) < 5:
        return curve
    semitones = np.interp(np.arange(len(hz)), known, 12 * np.log2(hz[known]))
    smooth = np.convolve(np.pad(semitones, 7, mode="edge"), np.hanning(17)[1:-1] / np.hanning(17).sum(), "valid")
    for k, height in _peaks(smooth):
        if np.isfinite(hz[max(k - 3, 0) : k + 4]).any():
            curve += height * np.exp(-0.5 * ((times - k * HOP_S) / ACCENT_S) ** 2)
    return curve


def _peaks(curve: np.ndarray) -> list[tuple[int, float]]:
    """(index, prominence) of the peaks of a curve that stand out: height above the higher of the two lowest points that
    lie between the peak and the next higher one, or the end, on either side."""
    found = []
    for k in range(1, len(curve) - 1):
        if curve[k] > curve[k - 1] and curve[k] >= curve[k + 1]:
            higher = np.flatnonzero(curve > curve[k])
            left = higher[higher < k].max(initial=-1) + 1
            right = higher[higher > k].min(initial=len(curve))
            prominence = curve[k] - max(curve[left : k + 1].min(), curve[k:right].min())
            if prominence >= _LEAST_PROMINENCE:
                found.append((k, float(prominence)))
    return found
