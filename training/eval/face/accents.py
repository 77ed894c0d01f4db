"""Whether brows and head follow the accents of the voice."""

from __future__ import annotations

import numpy as np

from diffusiontalker.head import brow_heights, load_head
from diffusiontalker.spec.rates import FPS
from training.eval.face.clip import Clip
from training.eval.face.pitch import accent_curve
from training.eval.recordings import Recording
from training.eval.scores_speech import lag_correlations

LARGEST_LAG_S = 0.2
HEAD_ANGLES = ("headYaw", "headPitch", "headRoll")  # columns of an animator's pose


def accent_scores(
    clips: list[Clip], recordings: list[Recording], poses: list[np.ndarray] | None = None
) -> dict[str, float]:
    """accent_brows_r: correlation of the height of the brows with the accents of the voice (pitch.accent_curve), mean
    over clips, at the best constant lag within 0.2 s.   accent_head_r: of the head's pitch, either sign.
    NAME_sd_deg: standard deviation of each angle, mean over clips.
    poses: degrees [n, 3] per clip in the order of HEAD_ANGLES, or None for a face without a head pose."""
    audio = {r.name: r.audio for r in recordings}
    rendered = [c for c in clips if c.weights is not None]
    accents = [accent_curve(audio[c.name], c.times) for c in rendered]
    weights = [c.weights for c in clips if c.weights is not None]
    brows = [brow_heights(load_head(), w).mean(axis=(1, 2)).astype(np.float64) for w in weights]
    out = {"accent_brows_r": _best(brows, accents)} if rendered else {}
    if poses is not None:
        pitch = [np.asarray(p, np.float64)[:, HEAD_ANGLES.index("headPitch")] for p in poses]
        both = (_best(pitch, accents), _best([-p for p in pitch], accents))
        out["accent_head_r"] = max(both)
        spread = np.mean([np.std(p, axis=0) for p in poses], axis=0)
        out |= {f"{name}_sd_deg": float(v) for name, v in zip(HEAD_ANGLES, spread, strict=True)}
    return out


def _best(curves: list[np.ndarray], accents: list[np.ndarray]) -> float:
    n_lags = round(LARGEST_LAG_S * FPS)
    of_clips = [lag_correlations(c, a, n_lags) for c, a in zip(curves, accents, strict=True) if len(c) > 2 * n_lags + 2]
    return float(np.max(np.mean(of_clips, axis=0))) if of_clips else float("nan")
