"""Whether a scream and a sung vowel open the mouth wider than speech. Both sounds are made here, by formants."""

from __future__ import annotations

import numpy as np

from diffusiontalker.head import lip_opening, load_head
from diffusiontalker.spec.rates import SAMPLE_RATE_HZ
from training.eval.baselines import Animator
from training.eval.face.animate import run
from training.eval.face.clip import OPENING, Clip

# Formants of an open vowel, and their bandwidths, Hz (Peterson & Barney 1952, men's "ah").
FORMANTS_HZ, BANDWIDTHS_HZ = (730.0, 1090.0, 2440.0, 3400.0), (90.0, 110.0, 170.0, 250.0)
_SILENCE_S, _SOUND_S = 0.7, 2.0


def open_vowel(pitch_hz: float, tilt_db: float, vibrato_hz: float = 0.0, level: float = 0.3) -> np.ndarray:
    """A voiced open vowel of 2 s between silences, float32 at 16 kHz, root mean square `level` while it sounds.
    tilt_db: fall of the source per octave; 12 is a normal voice, 6 a pressed one. vibrato_hz: of half a semitone."""
    n = int(_SOUND_S * SAMPLE_RATE_HZ)
    t = np.arange(n) / SAMPLE_RATE_HZ
    hz = pitch_hz * 2 ** (0.5 / 12 * np.sin(2 * np.pi * 5.5 * t) * (vibrato_hz > 0))
    phase = 2 * np.pi * np.cumsum(hz) / SAMPLE_RATE_HZ
    sound = np.zeros(n)
    for harmonic in range(1, int(0.45 * SAMPLE_RATE_HZ / pitch_hz) + 1):
        gain = 10 ** (-tilt_db * np.log2(harmonic) / 20) * _vocal_tract(harmonic * pitch_hz)
        sound += gain * np.sin(harmonic * phase)
    fade = np.clip(np.minimum(t, _SOUND_S - t) / 0.05, 0, 1)
    sound *= fade * level / np.sqrt((sound**2).mean())
    silence = np.zeros(int(_SILENCE_S * SAMPLE_RATE_HZ))
    return np.clip(np.concatenate([silence, sound, silence]), -1, 1).astype(np.float32)


def effort_scores(animator: Animator, clips: list[Clip]) -> dict[str, float]:
    """effort_scream, effort_sung: 95th percentile of the opening in the made sound over that within speech, both less
    the opening at rest. A scream: 500 Hz, pressed, loud. A sung vowel: 260 Hz with vibrato."""
    speech = [np.percentile(c.measures[c.speech, OPENING], 95) for c in clips]
    rest = float(lip_opening(load_head(), np.zeros((1, 52)))[0])
    wide = max(float(np.mean(speech)) - rest, 1e-6)
    sounds = {"scream": open_vowel(500, 6, level=0.4), "sung": open_vowel(260, 10, vibrato_hz=5.5)}
    made = run(animator, list(sounds.values()))
    return {
        f"effort_{name}": float(np.percentile(lip_opening(load_head(), weights), 95) - rest) / wide
        for name, weights in zip(sounds, made, strict=True)
    }


def _vocal_tract(hz: float) -> float:
    """Gain of the cascade of resonances at a frequency."""
    gain = 1.0
    for centre, width in zip(FORMANTS_HZ, BANDWIDTHS_HZ, strict=True):
        gain *= centre**2 / np.hypot(centre**2 - hz**2, width * hz)
    return gain
