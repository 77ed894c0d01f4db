"""Vocal effort: whispered, shouted and sung versions of spoken recordings, by the WORLD vocoder (Morise, Yokomori &
Ozawa, "WORLD: a vocoder-based high-quality speech synthesis system", IEICE Trans. 99-D, 2016; PyPI pyworld).

Effort is one number: -1 whispered, 0 as spoken, 1 shouted or sung at full voice. Directions after Traunmueller &
Eriksson, "Acoustic effects of variation in vocal effort", JASA 107, 2000 (louder: higher pitch and first formant,
flatter spectrum, longer vowels); the amounts are ours."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.articulation.phones import VOWELS

SAMPLE_RATE_HZ = 16000
FRAME_MS = 5.0
FRAME_S = FRAME_MS / 1000
PITCH_HZ = (60.0, 900.0)
EFFORT_NAMES = ("whispered", "shouted", "sung")
LOUDEST = 0.97
# Of a scale, in semitones, and the longest step from one vowel of a song to the next.
SCALE = (0, 2, 4, 5, 7, 9, 11)
LONGEST_STEP = 3

Phone = tuple[str, float, float]


@dataclass(frozen=True)
class Voice:
    """Ranges that a clip draws from. value: of the effort; the others grow with its share of the range.

    pitch: semitones up at the greatest value.   vowels: factor on the length of vowels.   tilt_db: at 4 kHz against
    300 Hz.   formants: factor on the frequency axis of the spectral envelope below 1.2 kHz."""

    value: tuple[float, float]
    pitch: tuple[float, float]
    vowels: tuple[float, float]
    tilt_db: tuple[float, float]
    formants: tuple[float, float]


VOICES: dict[str, Voice] = {
    "whispered": Voice((-1.0, -0.7), (0.0, 0.0), (0.95, 1.15), (4.0, 10.0), (1.03, 1.10)),
    "shouted": Voice((0.5, 1.0), (4.0, 12.0), (1.1, 1.6), (6.0, 14.0), (1.05, 1.22)),
    "sung": Voice((0.3, 1.0), (0.0, 7.0), (1.6, 3.5), (2.0, 9.0), (1.0, 1.12)),
}
VIBRATO_SEMITONES, VIBRATO_HZ = (0.1, 0.6), (4.8, 6.4)


def stretched_vowels(phones: list[Phone], factor: float, longest_s: float) -> list[Phone]:
    """Phone times with vowels longer by factor, but none made longer than longest_s."""
    out, at = [], 0.0
    for name, start, end in phones:
        length = end - start
        if name in VOWELS:
            length = max(length, min(length * factor, longest_s))
        out.append((name, at, at + length))
        at += length
    return out


def _song(phones: list[Phone], times: np.ndarray, middle_hz: float, rng: np.random.Generator) -> np.ndarray:
    """Pitch in Hz at times: a note of a scale for every vowel, glides between them, vibrato on the long ones."""
    degree, marks, notes = 0, [], []
    for name, start, end in phones:
        if name in VOWELS:
            degree = int(np.clip(degree + rng.integers(-LONGEST_STEP, LONGEST_STEP + 1), -7, 7))
            semitones = 12 * (degree // 7) + SCALE[degree % 7]
            marks += [start + 0.03, end]
            notes += [semitones, semitones]
    curve = np.interp(times, marks, notes) if marks else np.zeros(len(times))
    for name, start, end in phones:
        inside = (times >= start) & (times < end)
        if name in VOWELS and end - start > 0.25:
            swell = np.clip((times[inside] - start) / 0.25, 0, 1) * rng.uniform(*VIBRATO_SEMITONES)
            curve[inside] += swell * np.sin(2 * np.pi * rng.uniform(*VIBRATO_HZ) * times[inside])
    return middle_hz * 2 ** (curve / 12)


def _envelope_shaped(power: np.ndarray, formants: float, tilt_db: float) -> np.ndarray:
    """Spectral envelope [n, bins] with the first formants moved up and the highs raised. 1.2 kHz goes back to itself by
    3 kHz, because louder speech moves the first formant and leaves the higher ones."""
    frequency = np.linspace(0, SAMPLE_RATE_HZ / 2, power.shape[1])
    share = np.clip((3000 - frequency) / 1800, 0, 1)
    source = frequency / (1 + (formants - 1) * share) / frequency[1]
    low = np.minimum(source.astype(int), power.shape[1] - 2)
    part = source - low
    moved = power[:, low] * (1 - part) + power[:, low + 1] * part
    octaves = np.clip(np.log(np.maximum(frequency, 1) / 300) / np.log(4000 / 300), 0, 1.2)
    return moved * 10 ** (tilt_db * octaves / 10)


def _loudness_kept(audio: np.ndarray, level: float) -> np.ndarray:
    """Scaled to an RMS of level, softly limited where that clips."""
    audio = audio * level / (np.sqrt(np.mean(audio**2)) + 1e-9)
    over = np.abs(audio) > 0.6
    return np.where(over, np.sign(audio) * (0.6 + 0.37 * np.tanh((np.abs(audio) - 0.6) / 0.37)), audio)


def exert(
    audio: np.ndarray, phones: list[Phone], kind: str, rng: np.random.Generator
) -> tuple[np.ndarray, list[Phone], float]:
    """The same words with another effort. audio: float32 [n] at 16 kHz.   phones: contiguous from 0 to its end.
    kind: of EFFORT_NAMES.   Returns (audio, phones with their new times, effort -1..1); the level stays that of audio,
    because a microphone's gain is not known.   Raises ImportError without pyworld."""
    import pyworld

    voice = VOICES[kind]
    value = rng.uniform(*voice.value)
    strength = abs(value)
    sound = audio.astype(np.float64)
    pitch, at = pyworld.dio(sound, SAMPLE_RATE_HZ, f0_floor=PITCH_HZ[0], f0_ceil=PITCH_HZ[1], frame_period=FRAME_MS)
    pitch = pyworld.stonemask(sound, pitch, at, SAMPLE_RATE_HZ)
    power = pyworld.cheaptrick(sound, pitch, at, SAMPLE_RATE_HZ)
    noise = pyworld.d4c(sound, pitch, at, SAMPLE_RATE_HZ)

    longest_s = 1.5 if kind == "sung" else 0.5
    later = stretched_vowels(phones, rng.uniform(*voice.vowels), longest_s)
    times = np.arange(0, later[-1][2], FRAME_S)
    edges = [(0.0, 0.0)] + [(new[2], old[2]) for new, old in zip(later, phones, strict=True)]
    was = np.interp(times, [new for new, _ in edges], [old for _, old in edges])
    frame = np.minimum(np.round(was / FRAME_S).astype(int), len(pitch) - 1)
    pitch, power, noise = pitch[frame], power[frame], noise[frame]

    power = _envelope_shaped(
        power, 1 + (rng.uniform(*voice.formants) - 1) * strength, rng.uniform(*voice.tilt_db) * strength
    )
    spoken = pitch > 0
    if kind == "whispered":
        pitch, noise = np.zeros_like(pitch), np.ones_like(noise)
    else:
        rise = 2 ** (rng.uniform(*voice.pitch) * strength / 12)
        middle = float(np.median(pitch[spoken])) if spoken.any() else 150.0
        sung = _song(later, times, middle * rise, rng) if kind == "sung" else pitch * rise
        pitch = np.where(spoken, np.clip(sung, *PITCH_HZ), 0.0)
    out = pyworld.synthesize(pitch, np.ascontiguousarray(power), np.ascontiguousarray(noise), SAMPLE_RATE_HZ, FRAME_MS)
    n = round(later[-1][2] * SAMPLE_RATE_HZ)
    out = np.pad(out, (0, max(0, n - len(out))))[:n]
    level = float(np.sqrt(np.mean(sound**2)))
    return np.clip(_loudness_kept(out, level), -LOUDEST, LOUDEST).astype(np.float32), later, float(value)
