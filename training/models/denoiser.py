"""The denoiser: predicts the clean motion of a window from its noisy version, audio, identity and timestep."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from training.models.attention import RotaryAttention


@dataclass(frozen=True)
class DenoiserConfig:
    """free: indices of channels that speech leaves free (eyes, brows); they are denoised by a branch of their own that
    sees the others, while the others never see them, so that noise of the upper face cannot reach the lips."""

    n_channels: int = 52
    d_audio: int = 192
    d_identity: int = 64  # width of the style that conditions it
    d_model: int = 192
    n_layers: int = 4
    n_heads: int = 4
    d_feed_forward: int = 576
    kernel_size: int = 5
    n_train_steps: int = 256
    free: tuple[int, ...] = ()
    d_free: int = 128
    n_free_layers: int = 2


class TimestepEmbedding(nn.Module):
    """t: [B] in 0..n_train_steps -> [B, d_model]: sines of log-spaced frequencies, then an MLP, in float32."""

    frequency: Tensor

    def __init__(self, d_model: int, n_train_steps: int):
        super().__init__()
        half = d_model // 2
        frequency = torch.exp(-math.log(1000.0) * torch.arange(half, dtype=torch.float64) / (half - 1))
        self.register_buffer("frequency", (frequency * 1000.0 / n_train_steps).float(), persistent=False)
        self.mlp = nn.Sequential(nn.Linear(d_model, d_model), nn.SiLU(), nn.Linear(d_model, d_model))

    def forward(self, t: Tensor) -> Tensor:
        angle = t[:, None] * self.frequency[None, :]
        return self.mlp(torch.cat([angle.sin(), angle.cos()], dim=-1))


class DenoiserBlock(nn.Module):
    """Transformer block modulated by timestep and style ("adaLN-single": one projection shared by all blocks plus a
    learned table per block, Chen et al., arXiv 2310.00426). x: [B, W, d]; modulation: [B, 6, d]."""

    def __init__(self, d: int, config: DenoiserConfig):
        super().__init__()
        hidden = d * config.d_feed_forward // config.d_model
        self.table = nn.Parameter(torch.randn(6, d) * d**-0.5)
        self.attention_norm = nn.LayerNorm(d, elementwise_affine=False)
        self.attention = RotaryAttention(d, config.n_heads)
        self.feed_norm = nn.LayerNorm(d, elementwise_affine=False)
        self.feed_in = nn.Linear(d, hidden)
        self.conv = nn.Conv1d(hidden, hidden, config.kernel_size, padding=config.kernel_size // 2, groups=hidden)
        self.feed_out = nn.Linear(hidden, d)

    def forward(self, x: Tensor, modulation: Tensor) -> Tensor:
        shift_a, scale_a, gate_a, shift_f, scale_f, gate_f = (modulation + self.table).chunk(6, dim=1)
        x = x + gate_a * self.attention(self.attention_norm(x) * (1 + scale_a) + shift_a)
        hidden = self.feed_in(self.feed_norm(x) * (1 + scale_f) + shift_f)
        hidden = F.silu(self.conv(hidden.transpose(1, 2)).transpose(1, 2))
        return x + gate_f * self.feed_out(hidden)


class FreeBranch(nn.Module):
    """x0 of the free channels from their own noisy motion and the trunk's features."""

    def __init__(self, config: DenoiserConfig):
        super().__init__()
        d = config.d_free
        self.motion_in = nn.Linear(config.n_channels + 1, d)
        self.trunk_in = nn.Linear(config.d_model, d)
        self.modulation = nn.Linear(config.d_model, 6 * d)
        self.blocks = nn.ModuleList(DenoiserBlock(d, config) for _ in range(config.n_free_layers))
        self.out_norm = nn.LayerNorm(d)
        self.out = nn.Linear(d, config.n_channels)
        self.d = d

    def forward(self, motion: Tensor, trunk: Tensor, modulation: Tensor) -> Tensor:
        """modulation: [B, 6 d_free]."""
        modulation = modulation.reshape(-1, 6, self.d)
        x = self.motion_in(motion) + self.trunk_in(trunk)
        for block in self.blocks:
            x = block(x, modulation)
        return self.out(self.out_norm(x))


class Denoiser(nn.Module):
    """x_t: [B, W, C] noisy normalised motion; known: [B, W, 1], 1 on past frames, whose x_t is clean;
    audio: [B, W, d_audio]; style: [B, d_identity]; t: [B]. Returns x0: [B, W, C].

    The runtime runs its parts apart, because only `denoise` has to run in every step of every window: `audio_in` is of
    the window, `condition` of a style and a step."""

    free_mask: Tensor
    tied_mask: Tensor

    def __init__(self, config: DenoiserConfig):
        super().__init__()
        d = config.d_model
        self.motion_in = nn.Linear(config.n_channels + 1, d)
        self.audio_in = nn.Linear(config.d_audio, d)
        self.time = TimestepEmbedding(d, config.n_train_steps)
        self.style = nn.Linear(config.d_identity, d)
        self.modulation = nn.Linear(d, 6 * d)
        self.blocks = nn.ModuleList(DenoiserBlock(d, config) for _ in range(config.n_layers))
        self.out_norm = nn.LayerNorm(d)
        self.out = nn.Linear(d, config.n_channels)
        self.d_model = d
        # Masks instead of slices: the graph stays free of gathers.
        free = torch.zeros(config.n_channels)
        free[list(config.free)] = 1
        self.register_buffer("free_mask", free, persistent=False)
        self.register_buffer("tied_mask", 1 - free, persistent=False)
        self.free = FreeBranch(config) if config.free else None

    @property
    def n_condition(self) -> int:
        return 6 * (self.d_model + (0 if self.free is None else self.free.d))

    def condition(self, style: Tensor, t: Tensor) -> Tensor:
        """All that the steps need to know of style [B, d_identity] and t [B]: [B, n_condition], the modulation of the
        trunk and that of the free branch."""
        condition = F.silu(self.time(t) + self.style(style))
        if self.free is None:
            return self.modulation(condition)
        return torch.cat([self.modulation(condition), self.free.modulation(condition)], dim=-1)

    def trunk(self, x_t: Tensor, known: Tensor, audio: Tensor, condition: Tensor) -> tuple[Tensor, Tensor]:
        """Arguments as denoise(). Features [B, W, d_model] that the free branch sees, and x0 [B, W, C] of the channels
        that are not free."""
        modulation = condition[:, : 6 * self.d_model].reshape(-1, 6, self.d_model)
        tied = x_t if self.free is None else x_t * self.tied_mask
        x = self.motion_in(torch.cat([tied, known], dim=-1)) + audio
        for block in self.blocks:
            x = block(x, modulation)
        return x, self.out(self.out_norm(x))

    def branch(self, x_t: Tensor, known: Tensor, features: Tensor, condition: Tensor) -> Tensor:
        """x0 [B, W, C] of the free channels, of the trunk's features; the others mean nothing."""
        assert self.free is not None
        return self.free(torch.cat([x_t * self.free_mask, known], dim=-1), features, condition[:, 6 * self.d_model :])

    def denoise(self, x_t: Tensor, known: Tensor, audio: Tensor, condition: Tensor) -> Tensor:
        """audio: [B, W, d_model], after `audio_in`; condition: [B, n_condition]. Returns x0: [B, W, C]."""
        features, x0 = self.trunk(x_t, known, audio, condition)
        if self.free is None:
            return x0
        return x0 * self.tied_mask + self.branch(x_t, known, features, condition) * self.free_mask

    def forward(self, x_t: Tensor, known: Tensor, audio: Tensor, style: Tensor, t: Tensor) -> Tensor:
        return self.denoise(x_t, known, self.audio_in(audio), self.condition(style, t))
