"""Whether the movement is distributed as a real one: windows of half a second of four measures and their speeds."""

from __future__ import annotations

import numpy as np

from diffusiontalker.head import LIP_MEASURES
from training.eval.face.clip import Clip, pairs

WINDOW_S, HOP_S = 0.5, 0.25
_COLUMNS = [LIP_MEASURES.index(name) for name in ("opening", "width", "upper", "chin")]
_MOST_WINDOWS = 1200  # of each side, for the distance of the two sets: its cost grows with the square


def energy_scores(clips: list[Clip], real: list[Clip], others: list[Clip] | None = None) -> dict[str, float]:
    """On windows of 0.5 s within speech of opening, width, upper lip and chin and their speeds, each over its standard
    deviation in the real windows, differences over the square root of their number. Lower is better.
    energy_score: mean of |x - y| - |x - x'| / 2 (Gneiting & Raftery 2007, eq. 22, of two samples), x and x' two takes
    of the same speech, y the real one; needs `others`, the second take. For a face that makes one take only it is the
    distance |x - y|, energy_one_take, which is always given.
    energy_distance: of the two sets of windows, 2 E|x - y| - E|x - x'| - E|y - y'| (Szekely & Rizzo 2013): 0 where a
    face moves like real ones whatever it says."""
    both = pairs(clips, real)
    theirs = [_windows(r) for _, r in both]
    if not sum(map(len, theirs)):
        return {}
    scale = np.concatenate(theirs).std(axis=0) + 1e-9
    y = np.concatenate(theirs) / scale
    x = np.concatenate([_windows(c) for c, _ in both]) / scale
    near = _length(x - y)
    out = {"energy_one_take": float(near.mean()), "energy_distance": _energy_distance(x, y)}
    if others is not None:
        again = np.concatenate([_windows(c) for c, _ in pairs(others, real)]) / scale
        out["energy_score"] = float(((near + _length(again - y)) / 2 - _length(again - x) / 2).mean())
    return out


def _windows(clip: Clip) -> np.ndarray:
    """[w, samples x 8] of one clip on its own clock, changes against rest but for the opening."""
    step_s = float(np.diff(clip.times).mean())
    n, hop = round(WINDOW_S / step_s), max(1, round(HOP_S / step_s))
    start = float(clip.times[0])
    curves = clip.measures[:, _COLUMNS].copy()
    reference = clip.rest[_COLUMNS] if clip.rest is not None else curves.mean(axis=0)
    curves[:, 1:] -= reference[1:]
    both = np.concatenate([curves, np.gradient(curves, step_s, axis=0)], axis=1)
    first, last = (round((t - start) / step_s) for t in (clip.first_s, clip.last_s))
    starts = range(max(first, 0), min(last, len(both)) - n + 1, hop)
    return np.array([both[i : i + n].ravel() for i in starts]).reshape(-1, n * both.shape[1])


def _length(differences: np.ndarray) -> np.ndarray:
    return np.sqrt((differences**2).mean(axis=-1))


def _energy_distance(x: np.ndarray, y: np.ndarray) -> float:
    x, y = (a[np.linspace(0, len(a) - 1, min(len(a), _MOST_WINDOWS)).astype(int)] for a in (x, y))

    def mean_distance(a, b):
        squares = (a**2).mean(1)[:, None] + (b**2).mean(1)[None] - 2 * (a @ b.T) / a.shape[1]
        return float(np.sqrt(np.maximum(squares, 0)).mean())

    return 2 * mean_distance(x, y) - mean_distance(x, x) - mean_distance(y, y)
