"""Mouth cues: which drawing of a mouth is shown when, of a motion and back."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from diffusiontalker.io.formats.checks import MAX_BYTES
from diffusiontalker.io.formats.record import Cue, Motion, Unusable
from diffusiontalker.io.visemes import REST, arkit_weights, poses, shape_track
from diffusiontalker.spec.channels import ARKIT_CHANNELS
from diffusiontalker.spec.rates import FPS

# Two poses blend from so long before a change to so long after, or for half of a shorter cue: cues are made for
# drawings that change at once. Our choice.
FADE_S = 0.04
_CLOSED = {"rhubarb": "A", "oculus": "PP"}


def cues_of(anim, alphabet: str) -> list[Cue]:
    """The cues of an animation, one after the other from 0 to its duration: those that it was read from when they are
    of this alphabet, else the shapes of its frames (io.visemes.shape_track). Times are multiples of 0.01 s."""
    if getattr(anim, "cues", None) is not None and anim.alphabet == alphabet:
        return list(anim.cues)
    n, rate = len(anim.weights), Fraction(anim.fps_num, anim.fps_den)
    names, _ = poses(alphabet)
    track = shape_track(alphabet, arkit_weights(anim.channels, np.asarray(anim.weights)), float(rate))
    begins = np.flatnonzero(np.r_[True, np.diff(track) != 0]).tolist() if n else []
    times = [_hundredths(k / rate) for k in begins] + [_floor_hundredths(n / rate)]
    return [
        Cue(start, end, names[track[k]])
        for k, start, end in zip(begins, times[:-1], times[1:], strict=True)
        if end > start
    ]


def _hundredths(seconds: Fraction) -> Fraction:
    return Fraction(round(seconds * 100), 100)


def _floor_hundredths(seconds: Fraction) -> Fraction:
    return Fraction(int(seconds * 100), 100)


def motion_of(cues: list[Cue], alphabet: str, notes: tuple[str, ...] = ()) -> Motion:
    """Poses of the cues at 30 frames a second, with a soft change between them; the frame in the middle of closed lips
    shows them closed.   Raises Unusable for no cues, a shape that is not of the alphabet, times that do not rise."""
    names, table = poses(alphabet)
    if not cues:
        raise Unusable("has no mouth cue")
    last = Fraction(0)
    for cue in cues:
        if cue.shape not in names:
            raise Unusable(f"has the mouth shape {cue.shape[:20]!r}, expected one of {', '.join(names)}")
        if cue.start < last or cue.end < cue.start:
            raise Unusable(f"has a mouth cue from {float(cue.start):g} to {float(cue.end):g} s that does not rise")
        last = cue.end
    n = max(1, round(last * FPS))
    if n * len(ARKIT_CHANNELS) * 4 > MAX_BYTES:
        raise Unusable(f"lasts {float(last):g} s, more than {MAX_BYTES >> 20} MB of weights")
    times = np.arange(n) / FPS
    weights = np.zeros((n, len(ARKIT_CHANNELS)))
    weights += table[names.index(REST[alphabet] if cues[0].start > 0 else cues[0].shape)]
    before = float(cues[0].end - cues[0].start)
    for cue in cues[0 if cues[0].start > 0 else 1 :]:
        fade = max(1e-9, min(FADE_S, before / 2, float(cue.end - cue.start) / 2))
        u = np.clip((times - float(cue.start) + fade) / (2 * fade), 0, 1)[:, None]
        weights += (u * u * (3 - 2 * u)) * (table[names.index(cue.shape)] - weights)
        before = float(cue.end - cue.start)
    for cue in cues:
        if cue.shape == _CLOSED[alphabet]:
            weights[min(n - 1, int((cue.start + cue.end) / 2 * FPS))] = table[names.index(cue.shape)]
    return Motion(weights.astype(np.float32), ARKIT_CHANNELS, FPS, cues=tuple(cues), alphabet=alphabet, notes=notes)
