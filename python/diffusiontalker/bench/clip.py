"""The audio that benchmarks run on."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from diffusiontalker.native import native
from diffusiontalker.spec.rates import SAMPLE_RATE_HZ


def synthetic_speech(duration_s: float) -> np.ndarray:
    """A voiced buzz with a syllable rhythm of 4 Hz and pauses, float32 [n] at 16 kHz; the same on every call.
    The networks' work does not depend on what is said, so this is as good as speech for timing.
    """
    t = np.arange(int(duration_s * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    pitch = 120 + 20 * np.sin(2 * np.pi * 0.5 * t)
    phase = 2 * np.pi * np.cumsum(pitch) / SAMPLE_RATE_HZ
    voice = sum(np.sin(k * phase) / k for k in range(1, 20))
    syllables = np.clip(np.sin(2 * np.pi * 4 * t), 0, None) * (np.sin(2 * np.pi * 0.2 * t) > -0.8)
    breath = np.random.default_rng(0).standard_normal(len(t)) * 0.003
    return (0.1 * voice * syllables + breath).astype(np.float32)


def recording(path: Path) -> np.ndarray:
    """A sound file as mono float32 [n] at 16 kHz. Raises InputError."""
    from diffusiontalker.io import read_audio
    from diffusiontalker.io.sound.mono import mono

    blocks = list(read_audio(path))
    samples = np.concatenate([mono(block) for block, _ in blocks])
    return np.asarray(native().resample(samples, blocks[0][1], SAMPLE_RATE_HZ), np.float32)
