"""What the scores of a face ask of an animator beyond weights: another seed, emotion, its strength, head pose, styles.

An animator offers what it has by attributes; scores that need another are left out.

    emotions           names it knows; "neutral" among them
    seed               int, of the first clip; may be set
    emotion_strength   float 0..2, may be set; None or missing: the model has no dial
    pose               after a call: degrees [n, 3] per clip (accents.HEAD_ANGLES); None or missing: no head pose
    enroll             (audio float32 [n]) -> style float32 [d], the model's style of a person
    latency_s          seconds by which the motion is late when it is streamed; None: the whole sound is needed
    needs_phones       True for rules that are given the phones of the recordings: other sound cannot be animated
    is_slow            True for what takes as long as the sound: it is not run on sound made for a score
"""

from __future__ import annotations

from typing import Protocol, cast

import numpy as np

from training.eval.baselines import Animator

OTHER_SEED = 1000


class Seeded(Animator, Protocol):
    seed: int


class Dialled(Animator, Protocol):
    emotion_strength: float | None


def takes_audio(animator: Animator) -> bool:
    """Whether sound alone makes it move, and soon, so that sound made for a score can be tried."""
    return not getattr(animator, "needs_phones", False) and not getattr(animator, "is_slow", False)


def run(animator: Animator, audio: list[np.ndarray], emotion: str | None = None) -> list[np.ndarray]:
    """Weights [n, 52] per clip, as the animator's default identity."""
    identity = getattr(animator, "default_identity", "")
    return animator(audio, [identity] * len(audio), [emotion] * len(audio) if emotion else None)


def another_take(animator: Animator, audio: list[np.ndarray], emotion: str | None = None) -> list[np.ndarray] | None:
    """The same speech with another seed; None for an animator without one."""
    seed = getattr(animator, "seed", None)
    if seed is None:
        return None
    seeded = cast(Seeded, animator)
    try:
        seeded.seed = seed + OTHER_SEED
        return run(animator, audio, emotion)
    finally:
        seeded.seed = seed


def moods_of(animator: Animator) -> list[str]:
    """The emotions but neutral; [] for a face that has none."""
    known = list(getattr(animator, "emotions", None) or [])
    return [name for name in known if name != "neutral"] if "neutral" in known else []


def with_strength(animator: Animator, audio: list[np.ndarray], emotion: str, strength: float) -> list[np.ndarray]:
    """The speech in an emotion at a strength; the animator must have emotion_strength."""
    dialled = cast(Dialled, animator)
    before = dialled.emotion_strength
    try:
        dialled.emotion_strength = strength
        return run(animator, audio, emotion)
    finally:
        dialled.emotion_strength = before
