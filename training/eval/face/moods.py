"""What an emotion does to the face against neutral, and whether its strength is a dial."""

from __future__ import annotations

import numpy as np

from diffusiontalker.head import brow_heights, corner_heights, load_head
from diffusiontalker.spec.channels import ARKIT_CHANNELS, indices
from training.eval.baselines import Animator
from training.eval.face.animate import moods_of, run, with_strength
from training.eval.face.clip import Clip

# Strengths between none and 1, at which the face should have gone that share of the way.
STRENGTHS = (0.25, 0.5, 0.75)
# Blinks and gaze are chance and no mood.
_FELT = [k for k, name in enumerate(ARKIT_CHANNELS) if k not in indices(("eyeBlinkLeft", "eyeBlinkRight"))
         and not name.startswith("eyeLook")]  # fmt: skip


def mood_scores(animator: Animator, clips: list[Clip], audio: list[np.ndarray]) -> dict[str, float]:
    """mood_NAME_corners_mm, mood_NAME_brow_inner_mm, mood_NAME_brow_outer_mm: height over the same speech in neutral,
    mean over sides and the frames of speech, at strength 1.   mood_NAME_mm: the largest of the three, either sign.
    mood_bend: largest share, over moods, by which the way gone at strengths 0.25, 0.5 and 0.75 misses a straight line;
    only for animators with emotion_strength. {} for a face without moods."""
    moods = moods_of(animator)
    if not moods:
        return {}
    neutral = run(animator, audio, "neutral")
    spans = [clip.speech for clip in clips]
    out: dict[str, float] = {}
    bends: list[float] = []
    for mood in moods:
        felt = run(animator, audio, mood)
        corners, inner, outer = _heights(felt, spans) - _heights(neutral, spans)
        out |= {f"mood_{mood}_corners_mm": corners, f"mood_{mood}_brow_inner_mm": inner}
        out |= {f"mood_{mood}_brow_outer_mm": outer, f"mood_{mood}_mm": max(abs(corners), abs(inner), abs(outer))}
        if getattr(animator, "emotion_strength", None) is not None:
            bends += [_bend(animator, audio, neutral, felt, mood, s) for s in STRENGTHS]
    values = {name: float(value) for name, value in out.items()}
    return values | ({"mood_bend": max(bends)} if bends else {})


def _heights(motion: list[np.ndarray], spans: list[np.ndarray]) -> np.ndarray:
    """[3]: mouth corners, inner and outer brows, millimetres."""
    head, weights = load_head(), np.concatenate([w[s[: len(w)]] for w, s in zip(motion, spans, strict=True)])
    brows = brow_heights(head, weights).mean(axis=(0, 1))
    return np.array([corner_heights(head, weights).mean(), *brows])


def _bend(animator, audio, neutral, felt, mood: str, strength: float) -> float:
    """Distance of the mean change at a strength from its share of the mean change at 1, over the size of the latter."""
    some = with_strength(animator, audio, mood, strength)
    whole, part = (_mean(motion) - _mean(neutral) for motion in (felt, some))
    return float(np.linalg.norm(part - strength * whole) / max(np.linalg.norm(whole), 1e-9))


def _mean(motion: list[np.ndarray]) -> np.ndarray:
    return np.concatenate(motion)[:, _FELT].mean(axis=0)
