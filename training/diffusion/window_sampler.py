"""The sampler of docs/bundle-format.md on PyTorch networks: one window, and whole clips as a stream would do them."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from diffusiontalker.spec.noise import normal_noise
from diffusiontalker.spec.sampler import SamplerStep, sample
from training.models.talker import Talker


class Timeline(Protocol):
    """What the talker's encoder gets of several clips; frames outside of a clip are silence."""

    n_frames: list[int]

    def window(self, first_frame: int, n_frames: int) -> Tensor:
        """Encoder input of animation frames first_frame (may be negative) .. first_frame + n_frames - 1, all clips."""
        ...


class MelTimeline:
    """mel: log-mel [n_mel_frames, n_mels] per clip; group: (mel frames, animation frames); silence: of a mel bin."""

    def __init__(self, mel: list[np.ndarray], group: tuple[int, int], silence: float):
        self.mel, self.group, self.silence = mel, group, silence
        self.n_frames = [len(m) * group[1] // group[0] for m in mel]

    def window(self, first_frame: int, n_frames: int) -> Tensor:
        per_mel, per_frames = self.group
        first, count = first_frame * per_mel // per_frames, n_frames * per_mel // per_frames
        out = np.full((len(self.mel), count, self.mel[0].shape[1]), self.silence, np.float32)
        for row, mel in zip(out, self.mel, strict=True):
            a, b = max(first, 0), min(first + count, len(mel))
            if a < b:
                row[a - first : b - first] = mel[a:b]
        return torch.from_numpy(out)


class FeatureTimeline:
    """features: [lead + n_frames + tail, D] per clip, of the clip with so much silence around it."""

    def __init__(self, features: list[np.ndarray], n_frames: list[int], lead: int):
        self.features, self.n_frames, self.lead = features, n_frames, lead

    def window(self, first_frame: int, n_frames: int) -> Tensor:
        index = np.arange(first_frame, first_frame + n_frames) + self.lead
        rows = [f[np.clip(index, 0, len(f) - 1)] for f in self.features]
        return torch.from_numpy(np.stack(rows).astype(np.float32))


@torch.no_grad()
def sample_window(
    talker: Talker,
    audio: Tensor,
    style: Tensor,
    x_t: Tensor,
    past: int,
    steps: list[SamplerStep],
    guidance: float = 1.0,
) -> Tensor:
    """audio: [B, W, D] features; style: [B, S]; x_t: [B, W, C], first `past` frames clean, the others noise.
    guidance: > 1 exaggerates the style (classifier-free guidance, Ho & Salimans, arXiv 2207.12598, eq. 6, on x0), for
    talkers trained with style dropout. Returns clean normalised motion [B, W, C]."""
    known = torch.zeros(*x_t.shape[:2], 1)
    known[:, :past] = 1

    def predict(x_t: Tensor, number: int) -> Tensor:
        t = torch.full((len(x_t),), float(steps[number].t))
        x0 = talker.denoiser(x_t, known, audio, style, t).float()
        if guidance != 1.0:
            without = talker.denoiser(x_t, known, audio, torch.zeros_like(style), t).float()
            x0 = without + guidance * (x0 - without)
        return talker.clamp(x0)

    return sample(x_t.clone(), past, [step.coefficients for step in steps], predict)


@torch.no_grad()
def animate(
    talker: Talker,
    timeline: Timeline,
    styles: Tensor,
    steps: list[SamplerStep],
    profile: tuple[int, int, int],
    seeds: list[int],
    guidance: float = 1.0,
) -> list[np.ndarray]:
    """Motion of several clips at once, window by window.
    styles: [n_clips, S].   profile: past, hop, lookahead frames.   Returns float32 [n_frames, C] per clip."""
    past, hop, look = profile
    n_channels = talker.config.denoiser.n_channels
    scale = talker.noise_scale.numpy()
    motion = talker.normalise(talker.rest).expand(len(styles), past, n_channels)
    for k in range(-(-max(timeline.n_frames) // hop)):
        noise = scale * np.stack([normal_noise(s, k * hop, hop + look, n_channels) for s in seeds])
        x_t = torch.cat([motion[:, motion.shape[1] - past :], torch.from_numpy(noise)], dim=1)
        audio = talker.encoder(timeline.window(k * hop - past, past + hop + look))
        out = sample_window(talker, audio, styles, x_t, past, steps, guidance)
        motion = torch.cat([motion, out[:, past : past + hop]], dim=1)
    weights = talker.denormalise(motion[:, past:]).numpy()
    return [weights[i, :n] for i, n in enumerate(timeline.n_frames)]
