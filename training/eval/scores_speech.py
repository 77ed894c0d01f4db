"""Scores that need the sound or its phones: closures, vowels, rest in silence, timing, smoothness. All per clip, at the
animation rate; `gap` is the lip opening in outer-canthal distances (diffusiontalker.head.lip_opening)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np

from diffusiontalker.head import CLOSED_LIP_OPENING
from diffusiontalker.spec.channels import CHANNEL_INDEX, LIP_CHANNELS, indices
from training.corpus.phones import BILABIAL, CLOSE_VOWELS, OPEN_VOWELS, SILENCE

Phone = tuple[str, float, float]  # ARPAbet without stress, or SIL; start and end in seconds
# Phones that no lip has to touch for: all but the bilabials, F and V (a lip at the teeth) and W (nearly closed).
APART = frozenset("AA AE AH AO AW AY EH ER EY IH IY OW OY UH UW CH D DH G HH JH K L N NG R S SH T TH Y Z ZH".split())

LIPS = indices(LIP_CHANNELS)
JAW_OPEN = CHANNEL_INDEX["jawOpen"]
BLINKS = indices(("eyeBlinkLeft", "eyeBlinkRight"))
# A closure counts when it falls within the phone, give or take the error of its alignment.
CLOSURE_SLACK_S = 0.05
# A contact is false when it lies so far from every phone that may close the lips, silence included.
CONTACT_MARGIN_S = 0.1
# A frame is silent when it is so far from every phone. Tracked lips of real speech (GRID, speaker s1) were closed in
# all frames from 0.2 s after the last phone on; before the first phone people breathe in and open earlier than that.
SILENCE_MARGIN_S = 0.2
# Vowels shorter than this are mostly reduced: their lips do not reach the vowel's own shape. Even of longer ones the
# tracked lips of GRID s1 open wider in 75 % of the pairs only, because neighbours and stress count as well.
SHORTEST_VOWEL_S = 0.08
LARGEST_LAG_S = 0.3


@dataclass
class Share:
    """How many of the things that should happen do."""

    expected: int = 0
    met: int = 0

    @property
    def rate(self) -> float:
        return self.met / self.expected if self.expected else float("nan")

    def add(self, met: np.ndarray | bool) -> None:
        self.expected += np.size(met)
        self.met += int(np.sum(met))


def pearson(a: np.ndarray, b: np.ndarray) -> float:
    """Correlation of two curves; 0 when one of them does not move."""
    flat = np.ptp(a) <= 1e-9 * np.abs(a).max() or np.ptp(b) <= 1e-9 * np.abs(b).max()
    if flat:
        return 0.0
    a, b = a - a.mean(), b - b.mean()
    return float((a * b).sum() / np.sqrt((a * a).sum() * (b * b).sum()))


def lip_error(weights: np.ndarray, truth: np.ndarray) -> float:
    """Mean absolute error over jaw and mouth channels. weights, truth: [n, 52]."""
    return float(np.abs(weights[:, LIPS] - truth[:, LIPS]).mean())


def count_closures(
    gap: np.ndarray, times: np.ndarray, phones: list[Phone], count: Share, true_gap: np.ndarray | None = None
) -> None:
    """Adds the p/b/m of one clip to count: met when the gap falls below CLOSED_LIP_OPENING within the phone +-0.05 s.
    gap: [n] lip opening at times [n] seconds.   true_gap: when given, only phones closed in it are expected."""
    for name, start, end in phones:
        inside = (times >= start - CLOSURE_SLACK_S) & (times <= end + CLOSURE_SLACK_S)
        if name not in BILABIAL or not inside.any():
            continue
        if true_gap is not None and not true_gap[inside].min() < CLOSED_LIP_OPENING:
            continue
        count.add(gap[inside].min() < CLOSED_LIP_OPENING)


def count_false_contacts(gap: np.ndarray, times: np.ndarray, phones: list[Phone], count: Share) -> None:
    """Adds the phones of one clip within which no lip has to touch (APART, and CONTACT_MARGIN_S away from all others)
    to count: met when the lips touch nevertheless. What buys closures with lips that close everywhere shows here."""
    others = [(start, end) for name, start, end in phones if name not in APART]
    for name, start, end in phones:
        inside = (times >= start) & (times <= end)
        near = any(s < end + CONTACT_MARGIN_S and e > start - CONTACT_MARGIN_S for s, e in others)
        if name in APART and inside.any() and not near:
            count.add(gap[inside].min() < CLOSED_LIP_OPENING)


def silent_frames(times: np.ndarray, phones: list[Phone]) -> np.ndarray:
    """bool [n]: frames at least SILENCE_MARGIN_S away from every phone that is not silence."""
    silent = np.ones(len(times), bool)
    for name, start, end in phones:
        if name != SILENCE:
            silent &= (times < start - SILENCE_MARGIN_S) | (times > end + SILENCE_MARGIN_S)
    return silent


def count_rest(gap: np.ndarray, times: np.ndarray, phones: list[Phone], count: Share) -> None:
    """Adds the silent frames of one clip to count: met when the mouth is closed, gap below CLOSED_LIP_OPENING."""
    count.add(gap[silent_frames(times, phones)] < CLOSED_LIP_OPENING)


def count_vowel_pairs(gap: np.ndarray, times: np.ndarray, phones: list[Phone], count: Share) -> None:
    """Adds all pairs of an open (AA AE AY AW AO EH) and a close vowel (IY IH UW UH) of one clip to count: met when the
    greatest gap within the open one is above that within the close one. Vowels under SHORTEST_VOWEL_S are left out."""
    widest: dict[bool, list[float]] = {True: [], False: []}
    for name, start, end in phones:
        if name in OPEN_VOWELS | CLOSE_VOWELS and end - start >= SHORTEST_VOWEL_S:
            # Interpolated, because a short vowel may hold only one frame.
            widest[name in OPEN_VOWELS].append(np.interp(np.linspace(start, end, 9), times, gap).max())
    for wide, narrow in product(widest[True], widest[False]):
        count.add(bool(wide > narrow))


def blink_count(weights: np.ndarray) -> int:
    """Times that both lids fall past a half."""
    shut = weights[:, BLINKS].mean(axis=1) > 0.5
    return int((shut[1:] & ~shut[:-1]).sum())


def jitter(weights: np.ndarray, channels: list[int] = LIPS) -> float:
    """Mean absolute second difference of some channels, per frame^2; 0 for clips under 3 frames."""
    return float(np.abs(np.diff(weights[:, channels], n=2, axis=0)).mean()) if len(weights) > 2 else 0.0


def lag_correlations(motion: np.ndarray, loudness: np.ndarray, n_lags: int) -> np.ndarray:
    """Correlation of motion[t + k] with loudness[t] for k = -n_lags .. n_lags, float64 [2 n_lags + 1]; k > 0: the
    motion comes after the sound. motion, loudness: [n], n > n_lags + 1."""
    n = len(motion)
    if len(loudness) != n or n <= n_lags + 1:
        raise ValueError(f"curves of {n} and {len(loudness)} frames, expected equal and above {n_lags + 1}")
    return np.array([
        pearson(motion[max(k, 0) : n + min(k, 0)], loudness[max(-k, 0) : n - max(k, 0)])
        for k in range(-n_lags, n_lags + 1)
    ])  # fmt: skip


@dataclass
class AudioVisualOffset:
    """Lag of the jaw behind the loudness at which their correlation, averaged over clips, is best; the peak is refined
    by a parabola through its neighbours."""

    fps: float
    total: np.ndarray | float = 0.0

    def add(self, jaw: np.ndarray, loudness: np.ndarray) -> None:
        """Clips too short for the lags are left out."""
        n_lags = round(LARGEST_LAG_S * self.fps)
        if len(jaw) > 2 * n_lags:
            self.total = self.total + lag_correlations(jaw, loudness, n_lags)

    @property
    def milliseconds(self) -> float:
        """NaN before the first clip and for a jaw that never moves."""
        curve = np.atleast_1d(self.total)
        if not np.any(curve):
            return float("nan")
        k = int(np.argmax(curve))
        shift = 0.0
        if 0 < k < len(curve) - 1:
            before, here, after = curve[k - 1 : k + 2]
            bend = before - 2 * here + after
            shift = 0.5 * (before - after) / bend if bend < 0 else 0.0
        return float((k - len(curve) // 2 + shift) / self.fps * 1000)
