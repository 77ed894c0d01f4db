"""Laughter and screams made by rule: a buzz and breath through the formants of a vowel, with the phones that show them.

Laughter after Bachorowski, Smoski & Owren, "The acoustic features of human laughter", JASA 110, 2001: four to six
voiced bursts a second, each an aspiration and a neutral vowel, pitch high at first and falling. The amounts are
ours."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.signal import lfilter

from diffusiontalker.spec.rates import SAMPLE_RATE_HZ
from training.data.augment import rms

Phone = tuple[str, float, float]
Maker = Callable[[np.random.Generator], tuple[np.ndarray, list[Phone]]]
# First four formants in Hz (Peterson & Barney 1952, men; the fourth is ours).
FORMANTS_HZ = {
    "AH": (640, 1190, 2390, 3400), "EH": (530, 1840, 2480, 3500), "AE": (660, 1720, 2410, 3400),
    "IY": (270, 2290, 3010, 3700), "AA": (730, 1090, 2440, 3400),
}  # fmt: skip
WIDTHS_HZ = (70.0, 90.0, 130.0, 200.0)
SILENCE_S = (0.3, 1.2)
NOISE_FLOOR = 10 ** (-70 / 20)


def voiced(pitch_hz: np.ndarray, vowel: str, size: float, breath: float, rng: np.random.Generator) -> np.ndarray:
    """A vowel with a pitch of its own for every sample, RMS 1. size: factor on the formants, above 1 for a smaller
    head.   breath: RMS of the noise against that of the buzz."""
    phase = np.cumsum(pitch_hz / SAMPLE_RATE_HZ) + rng.random()
    buzz = 2 * (phase % 1) - 1
    source = np.diff(buzz, prepend=0.0) * 0.3 + buzz * 0.7 + breath * rng.standard_normal(len(pitch_hz))
    for formant, width in zip(FORMANTS_HZ[vowel], WIDTHS_HZ, strict=True):
        radius, angle = np.exp(-np.pi * width / SAMPLE_RATE_HZ), 2 * np.pi * formant * size / SAMPLE_RATE_HZ
        a = [1, -2 * radius * np.cos(angle), radius**2]
        source = lfilter([sum(a)], a, source)
    return source / rms(source)


def _shaped(sound: np.ndarray, attack_s: float, release_s: float) -> np.ndarray:
    t = np.arange(len(sound)) / SAMPLE_RATE_HZ
    return sound * np.clip(t / attack_s, 0, 1) * np.clip((t[-1] - t) / release_s, 0, 1)


class _Line:
    """Sounds and their phones, one after the other."""

    def __init__(self) -> None:
        self.parts: list[np.ndarray] = []
        self.phones: list[Phone] = []

    def add(self, name: str, sound: np.ndarray) -> None:
        start = sum(map(len, self.parts))
        self.parts.append(sound)
        self.phones.append((name, start / SAMPLE_RATE_HZ, (start + len(sound)) / SAMPLE_RATE_HZ))

    def rest(self, seconds: float) -> None:
        self.add("SIL", np.zeros(int(seconds * SAMPLE_RATE_HZ)))

    def whole(self, rng: np.random.Generator) -> tuple[np.ndarray, list[Phone]]:
        """Unit RMS over a faint noise, and the phones, neighbouring silences joined."""
        sound = np.concatenate(self.parts)
        sound = sound / rms(sound) + NOISE_FLOOR * rng.standard_normal(len(sound))
        joined: list[Phone] = []
        for name, start, end in self.phones:
            if joined and joined[-1][0] == name == "SIL":
                start = joined.pop()[1]
            joined.append((name, start, end))
        return sound.astype(np.float32), joined


def make_laughter(rng: np.random.Generator) -> tuple[np.ndarray, list[Phone]]:
    """(float32 [n] at 16 kHz of unit RMS, contiguous phones): one or two peals of laughter between silences."""
    line, size, base = _Line(), rng.uniform(0.95, 1.25), rng.uniform(140, 420)
    vowel = str(rng.choice(("AH", "EH", "AE", "IY"), p=(0.5, 0.2, 0.2, 0.1)))
    line.rest(rng.uniform(*SILENCE_S))
    for _ in range(int(rng.integers(1, 3))):
        n_bursts, rate_hz = int(rng.integers(3, 11)), rng.uniform(3.8, 6.2)
        for k in range(n_bursts):
            fade, share = 0.93**k, rng.uniform(0.35, 0.55)
            n_breath, n_vowel = (int(SAMPLE_RATE_HZ / rate_hz * s) for s in (1 - share, share))
            noise = voiced(np.zeros(n_breath), vowel, size, 1.0, rng) * 0.15 * fade
            line.add("HH", _shaped(noise, 0.03, 0.02))
            contour = base * fade * np.linspace(1.15, 0.9, n_vowel) * rng.uniform(0.95, 1.05)
            line.add(vowel, _shaped(voiced(contour, vowel, size, rng.uniform(0.05, 0.4), rng), 0.015, 0.05) * fade)
        line.rest(rng.uniform(*SILENCE_S))
    return line.whole(rng)


def make_scream(rng: np.random.Generator) -> tuple[np.ndarray, list[Phone]]:
    """(float32 [n] at 16 kHz of unit RMS, contiguous phones): one or two screams or long shouted vowels."""
    line, size = _Line(), rng.uniform(1.0, 1.3)
    line.rest(rng.uniform(*SILENCE_S))
    for _ in range(int(rng.integers(1, 3))):
        n = int(rng.uniform(0.5, 2.2) * SAMPLE_RATE_HZ)
        vowel, top = str(rng.choice(("AA", "AE", "EH"))), rng.uniform(300, 950)
        course = np.interp(np.linspace(0, 1, n), (0, 0.15, 0.8, 1), (0.6, 1.0, rng.uniform(0.9, 1.1), 0.7))
        rough = 1 + rng.uniform(0, 0.04) * np.repeat(rng.standard_normal(n // 80 + 1), 80)[:n]
        sound = voiced(top * course * rough, vowel, size, rng.uniform(0.05, 0.4), rng)
        line.add(vowel, _shaped(np.tanh(rng.uniform(0.5, 2) * sound), 0.06, 0.12))
        line.rest(rng.uniform(*SILENCE_S))
    return line.whole(rng)


# Kind -> maker, emotion of voice and face, range of the effort.
OUTCRIES: dict[str, tuple[Maker, str, tuple[float, float]]] = {
    "laughter": (make_laughter, "happy", (0.0, 0.4)),
    "scream": (make_scream, "neutral", (0.8, 1.0)),
}
