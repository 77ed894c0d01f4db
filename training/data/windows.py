"""Random training windows; the batch of a step is a function of (seed, step), so a resumed run sees the same data."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from training.data.clips import FRAMES_PER_GROUP, MEL_PER_GROUP, Clip, ClipSet


@dataclass(frozen=True)
class WindowConfig:
    """Windows that training draws; every pair is (window_frames, past_frames)."""

    shapes: tuple[tuple[int, int], ...] = ((60, 12), (60, 12), (60, 18), (60, 6), (30, 18), (30, 12))
    engine_weight: tuple[tuple[str, float], ...] = (("kokoro", 3.0), ("espeak", 0.5))
    frequency_mask: float = 0.3  # chance of hiding a band of up to 10 mel bins


@dataclass
class Batch:
    mel: Tensor  # float32 [B, 10 W / 3, n_mels]
    motion: Tensor  # float32 [B, W, C] weights
    phone: Tensor  # int64 [B, W]
    known: Tensor  # float32 [B, W, 1]
    identity: Tensor  # int64 [B]


class WindowSampler:
    def __init__(self, clips: ClipSet, split: str, config: WindowConfig, seed: int):
        self.clips, self.config, self.seed = clips, config, seed
        self.pool: list[Clip] = clips.of_split(split)
        weight = np.array([c.n_frames * self._engine_weight(c) for c in self.pool], np.float64)
        self.cumulative = np.cumsum(weight / weight.sum())

    def _engine_weight(self, clip: Clip) -> float:
        return next((w for name, w in self.config.engine_weight if clip.utterance.startswith(name)), 1.0)

    def batch(self, step: int, n_frames: int) -> Batch:
        """About n_frames animation frames; all windows of a batch have one shape."""
        rng = np.random.default_rng([self.seed, step])
        window, past = self.config.shapes[int(rng.integers(len(self.config.shapes)))]
        count = max(1, n_frames // window)
        picks = np.minimum(np.searchsorted(self.cumulative, rng.random(count)), len(self.pool) - 1)
        mel, motion, phone = [], [], []
        for pick in picks:
            clip = self.pool[pick]
            group = int(rng.integers((clip.n_frames - window) // FRAMES_PER_GROUP + 1))
            a, m = group * FRAMES_PER_GROUP, group * MEL_PER_GROUP
            mel.append(self.clips.clip_mel(clip)[m : m + window // FRAMES_PER_GROUP * MEL_PER_GROUP])
            motion.append(self.clips.clip_motion(clip)[a : a + window])
            phone.append(self.clips.clip_phone(clip)[a : a + window])
        mel_array = np.stack(mel).astype(np.float32)
        for row in np.flatnonzero(rng.random(count) < self.config.frequency_mask):
            low = int(rng.integers(0, 70))
            mel_array[row, :, low : low + int(rng.integers(1, 11))] = mel_array[row].mean()
        known = np.zeros((count, window, 1), np.float32)
        known[:, :past] = 1
        return Batch(
            torch.from_numpy(mel_array),
            torch.from_numpy(np.stack(motion).astype(np.float32)),
            torch.from_numpy(np.stack(phone).astype(np.int64)),
            torch.from_numpy(known),
            torch.tensor([self.pool[p].identity for p in picks]),
        )
