"""Mood in a voice: pitch, tempo, brightness and dynamics of neutral synthetic speech, changed by signal processing.

Directions after Scherer, "Vocal communication of emotion", Speech Communication 40, 2003, table 1 (happy and angry:
higher, louder in the peaks, brighter, quicker; sad: lower, darker, slower, flatter); the amounts are ours."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from diffusiontalker.spec.rates import SAMPLE_RATE_HZ


@dataclass(frozen=True)
class Prosody:
    """Ranges that a clip draws from. pitch: semitones; tempo: > 1 is quicker; tilt: dB from 300 Hz to 5 kHz;
    dynamics: exponent of the loudness envelope, > 1 makes loud syllables louder; drive: of a soft clipper."""

    pitch: tuple[float, float] = (0.0, 0.0)
    tempo: tuple[float, float] = (1.0, 1.0)
    tilt_db: tuple[float, float] = (0.0, 0.0)
    dynamics: tuple[float, float] = (1.0, 1.0)
    drive: tuple[float, float] = (0.0, 0.0)


PROSODY: dict[str, Prosody] = {
    "neutral": Prosody(),
    "happy": Prosody((1.5, 3.0), (1.03, 1.12), (2.0, 5.0), (1.1, 1.3)),
    "sad": Prosody((-2.5, -1.0), (0.80, 0.90), (-8.0, -4.0), (0.6, 0.8)),
    "angry": Prosody((0.0, 1.5), (1.04, 1.15), (4.0, 8.0), (1.3, 1.6), (1.5, 4.0)),
    "surprised": Prosody((3.5, 5.5), (0.93, 1.02), (0.0, 3.0), (1.2, 1.5)),
}


def stretch(audio: np.ndarray, semitones: float, tempo: float) -> np.ndarray:
    """Pitch and tempo changed independently (Signalsmith Stretch); event times come out divided by tempo."""
    import python_stretch

    engine = python_stretch.Signalsmith.Stretch()
    engine.preset(1, SAMPLE_RATE_HZ)
    engine.setTransposeSemitones(semitones)
    engine.timeFactor = tempo
    changed = engine.process(np.ascontiguousarray(audio[None], np.float32))  # it makes up for its own latency
    return np.asarray(changed)[0]


def _tilt(audio: np.ndarray, db: float) -> np.ndarray:
    spectrum = np.fft.rfft(audio)
    frequency = np.linspace(0, SAMPLE_RATE_HZ / 2, len(spectrum))
    octave = np.clip(np.log(np.maximum(frequency, 1) / 300) / np.log(5000 / 300), 0, 1)
    return np.fft.irfft(spectrum * 10 ** (db * octave / 20), len(audio))


def _dynamics(audio: np.ndarray, exponent: float) -> np.ndarray:
    window = np.hanning(int(0.05 * SAMPLE_RATE_HZ))
    envelope = np.sqrt(np.convolve(audio**2, window / window.sum(), "same")) + 1e-6
    level = np.sqrt(np.mean(audio**2)) + 1e-6
    gain = np.clip((envelope / level) ** (exponent - 1), 0.1, 4.0)
    return audio * np.where(envelope > 0.05 * level, gain, 1.0)


def act(audio: np.ndarray, emotion: str, rng: np.random.Generator) -> tuple[np.ndarray, float]:
    """Speech as if in a mood. audio: float32 [n] at 16 kHz.
    Returns (audio, tempo): event times in the result are the old ones divided by tempo."""
    p = PROSODY[emotion]
    pitch, tempo = rng.uniform(*p.pitch), rng.uniform(*p.tempo)
    if emotion == "neutral":
        return audio, 1.0
    out = stretch(audio, pitch, tempo).astype(np.float64)
    out = _dynamics(_tilt(out, rng.uniform(*p.tilt_db)), rng.uniform(*p.dynamics))
    drive = rng.uniform(*p.drive)
    if drive > 0:
        peak = np.percentile(np.abs(out), 99.5) + 1e-6
        out = np.tanh(drive * out / peak) * peak / np.tanh(drive)
    return (out / max(1.0, np.abs(out).max() / 0.99)).astype(np.float32), tempo
