"""What every animator shares, and the simple ones that scores compare with. No networks are imported here."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from diffusiontalker.spec.channels import ARKIT_CHANNELS, CHANNEL_INDEX
from diffusiontalker.spec.rates import FPS, SAMPLE_RATE_HZ
from training.articulation.generate import loudness_curve


class Animator(Protocol):
    """May have `default_identity` (str), for speech whose speaker is not in the library, and `n_steps` (int)."""

    def __call__(
        self, audio: list[np.ndarray], identities: list[str], emotions: list[str] | None = None
    ) -> list[np.ndarray]:
        """audio: float32 [n_samples] at 16 kHz each.   emotions: one per clip; None: all neutral. Models that know no
        emotions ignore them. Returns weights [ceil(n_samples * 30 / 16000), 52] each."""


def frame_count(audio: np.ndarray) -> int:
    """Animation frames of audio at 16 kHz."""
    return -(-len(audio) * FPS // SAMPLE_RATE_HZ)


def loudness_at_frames(audio: np.ndarray) -> np.ndarray:
    """Loudness per animation frame, -1..1 relative to the clip's own loud syllables, float64 [frame_count(audio)]."""
    return loudness_curve(audio, np.arange(frame_count(audio)) / FPS, SAMPLE_RATE_HZ)


class ConstantBaseline:
    """The best constant for mean absolute error: the median of each channel. motion: [n, 52]."""

    def __init__(self, motion: np.ndarray):
        self.value = np.median(motion, axis=0)

    def __call__(
        self, audio: list[np.ndarray], identities: list[str], emotions: list[str] | None = None
    ) -> list[np.ndarray]:
        return [np.tile(self.value, (frame_count(a), 1)) for a in audio]


class LoudnessBaseline:
    """Every channel a line in the loudness, fitted by least squares: the jaw flaps with the volume."""

    def __init__(self, audio: list[np.ndarray], motion: list[np.ndarray]):
        x = np.concatenate([loudness_at_frames(a)[: len(m)] for a, m in zip(audio, motion, strict=True)])
        y = np.concatenate(motion)
        self.fit = np.linalg.lstsq(np.stack([x, np.ones_like(x)], axis=1), y, rcond=None)[0]

    def __call__(
        self, audio: list[np.ndarray], identities: list[str], emotions: list[str] | None = None
    ) -> list[np.ndarray]:
        out = []
        for a in audio:
            x = loudness_at_frames(a)
            out.append(np.clip(np.stack([x, np.ones_like(x)], axis=1) @ self.fit, 0, 1))
        return out


class LoudnessJaw:
    """Only the jaw moves, in proportion to the loudness in decibels: shut 12 dB below the clip's loud syllables, `most`
    12 dB above them. What games do that have no lip animation; nothing is fitted, so it serves any recording."""

    def __init__(self, most: float = 0.3):
        self.most = most

    def __call__(
        self, audio: list[np.ndarray], identities: list[str], emotions: list[str] | None = None
    ) -> list[np.ndarray]:
        out = []
        for a in audio:
            weights = np.zeros((frame_count(a), len(ARKIT_CHANNELS)))
            weights[:, CHANNEL_INDEX["jawOpen"]] = self.most * (loudness_at_frames(a) + 1) / 2
            out.append(weights)
        return out
