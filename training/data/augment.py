"""Audio augmentation: other voices, rooms and microphones from the same speech."""

from __future__ import annotations

import numpy as np
import soxr
from scipy.signal import fftconvolve

from diffusiontalker.spec.rates import SAMPLE_RATE_HZ

# Faster or slower than this, a voice sounds like another speaker, and counts as one.
SAME_SPEAKER_SPEED = 0.04
# Level of the direct sound above all reflections, and decay times, of a voice before the microphone and of one far off.
NEAR_DIRECT_DB, NEAR_DECAY_S = (2.0, 16.0), (0.08, 0.5)
FAR_DIRECT_DB, FAR_DECAY_S = (-14.0, -3.0), (0.25, 0.9)


def change_speed(audio: np.ndarray, factor: float) -> np.ndarray:
    """Plays faster (factor > 1): tempo, pitch and formants move together, as a smaller speaker's would."""
    return soxr.resample(audio, SAMPLE_RATE_HZ * factor, SAMPLE_RATE_HZ).astype(np.float32)


def random_equaliser(audio: np.ndarray, rng: np.random.Generator, range_db: float = 7.0) -> np.ndarray:
    """Smooth random frequency response, sometimes with a band limit like a telephone's or a codec's."""
    spectrum = np.fft.rfft(audio)
    frequency = np.linspace(0, SAMPLE_RATE_HZ / 2, len(spectrum))
    knots = np.array([0, 150, 400, 1000, 2000, 4000, 8000.0])
    gain_db = np.interp(np.log1p(frequency), np.log1p(knots), rng.uniform(-range_db, range_db, len(knots)))
    if rng.random() < 0.15:
        gain_db -= np.clip((frequency - rng.uniform(3000, 7000)) / 200, 0, 60)
    return np.fft.irfft(spectrum * 10 ** (gain_db / 20), len(audio)).astype(np.float32)


def random_room(
    audio: np.ndarray,
    rng: np.random.Generator,
    direct_db: tuple[float, float] = NEAR_DIRECT_DB,
    decay_s: tuple[float, float] = NEAR_DECAY_S,
) -> np.ndarray:
    """Reverberation by exponentially decaying noise; the direct sound stays first, so timing is kept. direct_db: range
    of the direct sound's level above the sum of the reflections.   decay_s: range of the time to -60 dB."""
    n = int(rng.uniform(*decay_s) * SAMPLE_RATE_HZ)
    tail = rng.standard_normal(n) * np.exp(-6.9 * np.arange(n) / n)
    tail *= 10 ** (-rng.uniform(*direct_db) / 20) / np.sqrt(np.sum(tail**2))
    response = np.concatenate([[1.0], tail]).astype(np.float32)
    return fftconvolve(audio, response)[: len(audio)].astype(np.float32)


def random_noise(n_samples: int, rng: np.random.Generator) -> np.ndarray:
    """Coloured noise of unit RMS: from white to brown."""
    spectrum = np.fft.rfft(rng.standard_normal(n_samples))
    spectrum[1:] /= np.arange(1, len(spectrum)) ** (rng.uniform(0, 2) / 2)
    spectrum[0] = 0
    noise = np.fft.irfft(spectrum, n_samples)
    return (noise / (np.sqrt(np.mean(noise**2)) + 1e-12)).astype(np.float32)


def rms(audio: np.ndarray) -> float:
    return float(np.sqrt(np.mean(audio.astype(np.float64) ** 2)) + 1e-9)


def set_level(audio: np.ndarray, level_db: float) -> np.ndarray:
    """Scales to an RMS of level_db dBFS, less if it would clip."""
    gain = 10 ** (level_db / 20) / rms(audio)
    return (audio * min(gain, 0.99 / (np.abs(audio).max() + 1e-9))).astype(np.float32)


def augment(audio: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, float]:
    """A random recording of the same speech. audio: float32 [n] at 16 kHz.
    Returns (audio, speed): event times in the result are the old ones divided by speed."""
    speed = float(rng.uniform(0.86, 1.16)) if rng.random() < 0.65 else 1.0
    if speed != 1.0:
        audio = change_speed(audio, speed)
    if rng.random() < 0.7:
        audio = random_equaliser(audio, rng)
    if rng.random() < 0.4:
        audio = random_room(audio, rng)
    if rng.random() < 0.8:
        snr_db = rng.uniform(6, 45)
        audio = audio + random_noise(len(audio), rng) * rms(audio) * 10 ** (-snr_db / 20)
    return set_level(audio, rng.uniform(-38, -14)), speed


def record(audio: np.ndarray, rng: np.random.Generator, clean: bool) -> tuple[np.ndarray, float]:
    """A recording of the same speech: as it is at a usual level, or augmented. Returns (audio, speed) as augment."""
    return (set_level(audio, rng.uniform(-28, -18)), 1.0) if clean else augment(audio, rng)


def heard_as(speaker: str, speed: float) -> str:
    """The speaker whom a changed speed makes of one."""
    if abs(speed - 1) <= SAME_SPEAKER_SPEED:
        return speaker
    return f"{speaker}~{'fast' if speed > 1 else 'slow'}"
