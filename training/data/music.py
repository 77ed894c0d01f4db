"""Music made by rule, to be heard in the background: chords, bass, drums and a voice-like lead without words. Nothing
of it is recorded or taken from anywhere."""

from __future__ import annotations

import numpy as np
from scipy.signal import lfilter

from diffusiontalker.spec.rates import SAMPLE_RATE_HZ
from training.data.augment import rms

# Degrees of the scale that the chords stand on, of common progressions.
PROGRESSIONS = ((0, 4, 5, 3), (0, 5, 3, 4), (5, 3, 0, 4), (0, 3, 4, 0), (1, 4, 0, 0))
SCALES = ((0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10))  # major, minor
TEMPO_BPM = (66.0, 168.0)
BEATS_PER_CHORD = 4
# First three formants in Hz of the lead's vowels (Peterson & Barney 1952, men, rounded).
VOWELS_HZ = ((730, 1090, 2440), (570, 840, 2410), (530, 1840, 2480), (300, 870, 2240), (270, 2290, 3010))
FORMANT_WIDTH_HZ = 90.0


def _frequency(note: float) -> float:
    """Of a MIDI note number."""
    return 440.0 * 2 ** ((note - 69) / 12)


def tone(note: float, seconds: float, rng: np.random.Generator, n_harmonics: int, decay_s: float) -> np.ndarray:
    """A plucked (small decay_s) or held tone, peak about 1. note: MIDI number."""
    t = np.arange(int(seconds * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    tilt, out = rng.uniform(0.8, 1.6), np.zeros(len(t))
    for k in range(1, n_harmonics + 1):
        if (f := k * _frequency(note)) < SAMPLE_RATE_HZ / 2:
            out += np.sin(2 * np.pi * f * t + rng.uniform(0, 2 * np.pi)) / k**tilt
    attack = np.minimum(t / 0.01, 1) * np.minimum((seconds - t) / 0.03, 1)
    return out * attack * np.exp(-t / decay_s)


def sung_tone(note: float, seconds: float, rng: np.random.Generator) -> np.ndarray:
    """A voice-like tone: a buzz with vibrato through the formants of a vowel, RMS about 1."""
    t = np.arange(int(seconds * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    vibrato = rng.uniform(0, 0.4) * np.sin(2 * np.pi * rng.uniform(4.5, 6.5) * t) * np.clip(t / 0.3, 0, 1)
    phase = 2 * np.pi * np.cumsum(_frequency(note) * 2 ** (vibrato / 12)) / SAMPLE_RATE_HZ
    voiced = [k for k in range(1, 24) if k * _frequency(note) < 0.45 * SAMPLE_RATE_HZ]
    buzz: np.ndarray = sum((np.sin(k * phase) / k for k in voiced), np.zeros_like(phase))
    scale = rng.uniform(0.95, 1.2)
    for formant in VOWELS_HZ[rng.integers(len(VOWELS_HZ))]:
        radius = np.exp(-np.pi * FORMANT_WIDTH_HZ / SAMPLE_RATE_HZ)
        angle = 2 * np.pi * formant * scale / SAMPLE_RATE_HZ
        buzz = lfilter([1 - radius], [1, -2 * radius * np.cos(angle), radius**2], buzz)
    envelope = np.minimum(t / 0.05, 1) * np.minimum((seconds - t) / 0.08, 1)
    return buzz * envelope / rms(buzz)


def drum(kind: str, rng: np.random.Generator) -> np.ndarray:
    """One stroke of "kick", "snare" or "hat"."""
    length = {"kick": 0.25, "snare": 0.18, "hat": 0.06}[kind]
    t = np.arange(int(length * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    if kind == "kick":
        return np.sin(2 * np.pi * (45 * t + 6 * (1 - np.exp(-t / 0.03)))) * np.exp(-t / 0.08)
    noise = rng.standard_normal(len(t))
    if kind == "hat":
        return 0.5 * np.diff(noise, prepend=0.0) * np.exp(-t / 0.02)
    return (0.7 * noise + np.sin(2 * np.pi * 190 * t)) * np.exp(-t / 0.05)


class _Track:
    """A sound of n samples that others are laid into; what begins or ends outside is cut."""

    def __init__(self, n_samples: int):
        self.sound = np.zeros(n_samples)

    def add(self, sound: np.ndarray, start_s: float, gain: float) -> None:
        first = int(start_s * SAMPLE_RATE_HZ)
        if 0 <= first < len(self.sound):
            end = min(first + len(sound), len(self.sound))
            self.sound[first:end] += gain * sound[: end - first]


def make_music(n_samples: int, rng: np.random.Generator) -> np.ndarray:
    """float32 [n_samples] at 16 kHz, unit RMS: a random piece, begun at a random beat."""
    beat_s = 60 / rng.uniform(*TEMPO_BPM)
    scale, key = SCALES[rng.integers(2)], int(rng.integers(45, 57))
    progression = PROGRESSIONS[rng.integers(len(PROGRESSIONS))]
    n_harmonics, decay_s = int(rng.integers(2, 10)), 10 ** rng.uniform(-0.7, 0.7)
    chords, bass, drums, lead = rng.uniform(0.1, 0.5), rng.uniform(0, 0.8), rng.uniform(0, 1), rng.uniform(-0.6, 0.6)

    def pitch(degree: int) -> int:
        return key + 12 * (degree // 7) + scale[degree % 7]

    track, begin = _Track(n_samples), int(rng.integers(16))
    for beat in range(int(n_samples / SAMPLE_RATE_HZ / beat_s) + 1):
        start = beat * beat_s
        root = progression[(beat + begin) // BEATS_PER_CHORD % len(progression)]
        held = BEATS_PER_CHORD if decay_s > 1 else 1
        if (beat + begin) % held == 0 or beat == 0:
            for degree in (root, root + 2, root + 4):
                track.add(tone(pitch(degree) + 12, held * beat_s, rng, n_harmonics, decay_s), start, chords)
        track.add(tone(pitch(root) - 12, beat_s, rng, 4, 0.5), start, bass)
        if drums > 0.3:
            track.add(drum("snare" if (beat + begin) % 2 else "kick", rng), start, drums)
            for half in (0, 0.5):
                track.add(drum("hat", rng), start + half * beat_s, 0.6 * drums)
        if lead > 0 and rng.random() < 0.6:
            note = pitch(root + int(rng.integers(0, 8))) + 12
            track.add(sung_tone(note, beat_s * rng.choice((0.5, 1, 2)), rng), start, lead)
    return (track.sound / (rms(track.sound) + 1e-9)).astype(np.float32)
