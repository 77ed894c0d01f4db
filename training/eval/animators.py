"""Ways to turn audio into motion that the scores compare: the runtime, a PyTorch checkpoint, simple baselines."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import numpy as np
import torch

from diffusiontalker.spec.mel import MelSpec, log_mel
from diffusiontalker.spec.sampler import sampler_table
from training.articulation.generate import loudness_curve
from training.diffusion.window_sampler import animate_mel
from training.stages.common import load_talker
from trt_build.export.bundle import PROFILES

SAMPLE_RATE_HZ, FPS = 16000, 30


class Animator(Protocol):
    def __call__(self, audio: list[np.ndarray], identities: list[str]) -> list[np.ndarray]:
        """audio: float32 [n_samples] at 16 kHz each. Returns weights [ceil(n_samples * 30 / 16000), 52] each."""


class BundleAnimator:
    """The shipped path: bundle, C++ runtime, one of its backends. seed: of the first clip, then counting up."""

    def __init__(self, bundle: Path, backend: str = "auto", profile: str | None = None, seed: int = 0):
        import diffusiontalker as dt

        self.model = dt.load(str(bundle), backend=backend)
        self.profile, self.seed = profile, seed

    def __call__(self, audio, identities):
        out = []
        for k, (samples, identity) in enumerate(zip(audio, identities, strict=True)):
            options = {"identity": identity, "seed": self.seed + k, "profile": self.profile}
            out.append(np.asarray(self.model.animate(samples, SAMPLE_RATE_HZ, **options).weights))
        return out


class CheckpointAnimator:
    """A checkpoint run by PyTorch with any number of sampler steps, all clips in one batch of streams."""

    def __init__(self, checkpoint: Path, n_steps: int | None = None, profile: str = "offline", batch: int = 32):
        self.talker, about = load_talker(checkpoint)
        self.names = about["identities"]
        n_steps = n_steps or about.get("sampler_steps", self.talker.config.denoiser.n_train_steps)
        self.steps = sampler_table(n_steps, self.talker.config.denoiser.n_train_steps)
        self.profile = tuple(PROFILES[profile][k] for k in ("past_frames", "hop_frames", "lookahead_frames"))
        self.batch = batch

    def __call__(self, audio, identities):
        spec = MelSpec()
        order = np.argsort([len(a) for a in audio])
        result: dict[int, np.ndarray] = {}
        for i in range(0, len(order), self.batch):
            rows = order[i : i + self.batch]
            padded = [np.pad(audio[r], (0, 1600)) for r in rows]
            mels = [log_mel(a, spec) for a in padded]
            index = torch.tensor([self.names.index(identities[r]) for r in rows])
            with torch.no_grad():
                styles = self.talker.identities(index)
            silence = float(np.log(spec.log_floor))
            seeds = [int(r) for r in rows]
            frames = animate_mel(self.talker, mels, styles, self.steps, self.profile, silence, seeds)
            for row, weights in zip(rows, frames, strict=True):
                result[int(row)] = weights[: -(-len(audio[row]) * FPS // SAMPLE_RATE_HZ)]
        return [result[i] for i in range(len(audio))]


class ConstantBaseline:
    """The best constant for mean absolute error: the median of each channel. motion: [n, 52]."""

    def __init__(self, motion: np.ndarray):
        self.value = np.median(motion, axis=0)

    def __call__(self, audio, identities):
        return [np.tile(self.value, (-(-len(a) * FPS // SAMPLE_RATE_HZ), 1)) for a in audio]


class LoudnessBaseline:
    """Every channel a line in the loudness, fitted by least squares: the jaw flaps with the volume."""

    def __init__(self, audio: list[np.ndarray], motion: list[np.ndarray]):
        x = np.concatenate([self._loudness(a)[: len(m)] for a, m in zip(audio, motion, strict=True)])
        y = np.concatenate(motion)
        self.fit = np.linalg.lstsq(np.stack([x, np.ones_like(x)], axis=1), y, rcond=None)[0]

    @staticmethod
    def _loudness(audio: np.ndarray) -> np.ndarray:
        times = np.arange(-(-len(audio) * FPS // SAMPLE_RATE_HZ)) / FPS
        return loudness_curve(audio, times, SAMPLE_RATE_HZ)

    def __call__(self, audio, identities):
        out = []
        for a in audio:
            x = self._loudness(a)
            out.append(np.clip(np.stack([x, np.ones_like(x)], axis=1) @ self.fit, 0, 1))
        return out
