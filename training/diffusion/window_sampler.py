"""The sampler of docs/bundle-format.md on PyTorch networks: one window, and a whole clip as a stream would do it."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from diffusiontalker.spec.noise import normal_noise
from diffusiontalker.spec.sampler import SamplerStep
from training.models.talker import Talker

MEL_PER_GROUP, FRAMES_PER_GROUP = 10, 3


@torch.no_grad()
def sample_window(
    talker: Talker, audio: Tensor, style: Tensor, x_t: Tensor, past: int, steps: list[SamplerStep]
) -> Tensor:
    """audio: [B, W, D] features; style: [B, S]; x_t: [B, W, C], first `past` frames clean, the others noise.
    Returns clean normalised motion [B, W, C]."""
    known = torch.zeros(*x_t.shape[:2], 1)
    known[:, :past] = 1
    x_t = x_t.clone()
    for step in steps:
        t = torch.full((len(x_t),), float(step.t))
        x0 = talker.clamp(talker.denoiser(x_t, known, audio, style, t).float())
        c_x, c_x0 = step.coefficients
        x_t[:, past:] = c_x * x_t[:, past:] + c_x0 * x0[:, past:]
    return x_t


def animate_mel(
    talker: Talker,
    mel: list[np.ndarray],
    styles: Tensor,
    steps: list[SamplerStep],
    profile: tuple[int, int, int],
    silence: float,
    seeds: list[int],
) -> list[np.ndarray]:
    """Weights of several clips at once, window by window.
    mel: log-mel [n_mel_frames, n_mels] each.   styles: [n_clips, S].   profile: past, hop, lookahead frames.
    silence: value of a silent mel bin.   Returns float32 [n_frames, C] per clip, n_frames = floor(0.3 n_mel_frames)."""
    past, hop, look = profile
    window, n_channels = past + hop + look, talker.config.denoiser.n_channels
    n_frames = [len(m) * FRAMES_PER_GROUP // MEL_PER_GROUP for m in mel]
    n_hops = -(-max(n_frames) // hop)
    before = past * MEL_PER_GROUP // FRAMES_PER_GROUP
    total = (n_hops * hop + past + look) * MEL_PER_GROUP // FRAMES_PER_GROUP
    padded = np.full((len(mel), total, mel[0].shape[1]), silence, np.float32)
    for i, m in enumerate(mel):
        padded[i, before : before + len(m)] = m[: total - before]
    scale = talker.noise_scale.numpy()
    rest = talker.normalise(torch.zeros(n_channels))
    motion = rest.expand(len(mel), past, n_channels)
    for k in range(n_hops):
        first = k * hop * MEL_PER_GROUP // FRAMES_PER_GROUP
        piece = torch.from_numpy(padded[:, first : first + window * MEL_PER_GROUP // FRAMES_PER_GROUP])
        noise = scale * np.stack([normal_noise(s, k * hop, hop + look, n_channels) for s in seeds])
        x_t = torch.cat([motion[:, len(motion[0]) - past :], torch.from_numpy(noise)], dim=1)
        with torch.no_grad():
            audio = talker.encoder(piece)
        out = sample_window(talker, audio, styles, x_t, past, steps)
        motion = torch.cat([motion, out[:, past : past + hop]], dim=1)
    weights = talker.denormalise(motion[:, past:]).clamp(0, 1).numpy()
    return [weights[i, :n] for i, n in enumerate(n_frames)]
