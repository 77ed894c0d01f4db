"""The compact audio encoder: log-mel at 100 Hz -> features at the animation rate, once per hop."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch.nn.functional as F
from torch import Tensor, nn

from training.models.attention import RotaryAttention


@dataclass(frozen=True)
class AudioEncoderConfig:
    n_mels: int = 80
    d_model: int = 192
    n_layers: int = 4
    n_heads: int = 4
    d_feed_forward: int = 512
    kernel_size: int = 7  # of the depth-wise convolutions, in animation frames
    mel_per_group: int = 10  # so many mel frames (even) last exactly as long as ..
    frames_per_group: int = 3  # .. so many animation frames


class ConformerBlock(nn.Module):
    """Attention, then depth-wise convolution, then feed-forward, all pre-norm residual; a lighter form of
    Gulati et al., arXiv 2005.08100 (one feed-forward, LayerNorm instead of BatchNorm). x: [B, W, d_model]."""

    def __init__(self, config: AudioEncoderConfig):
        super().__init__()
        d = config.d_model
        self.attention_norm = nn.LayerNorm(d)
        self.attention = RotaryAttention(d, config.n_heads)
        self.conv_norm = nn.LayerNorm(d)
        self.conv_in = nn.Linear(d, 2 * d)
        self.conv = nn.Conv1d(d, d, config.kernel_size, padding=config.kernel_size // 2, groups=d)
        self.conv_out = nn.Linear(d, d)
        self.feed_norm = nn.LayerNorm(d)
        self.feed_in = nn.Linear(d, config.d_feed_forward)
        self.feed_out = nn.Linear(config.d_feed_forward, d)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attention(self.attention_norm(x))
        value, gate = self.conv_in(self.conv_norm(x)).chunk(2, dim=-1)
        mixed = self.conv((value * gate.sigmoid()).transpose(1, 2)).transpose(1, 2)
        x = x + self.conv_out(F.silu(mixed))
        return x + self.feed_out(F.silu(self.feed_in(self.feed_norm(x))))


class AudioEncoder(nn.Module):
    """mel: [B, mel_per_group m, n_mels] log-mel -> [B, frames_per_group m, d_model]. Two convolutions to 50 Hz, then
    one whose stride is a group and whose output channels hold the phases of the animation frames in it."""

    def __init__(self, config: AudioEncoderConfig, mel_mean: float = -6.0, mel_std: float = 4.0):
        super().__init__()
        d, stride = config.d_model, config.mel_per_group // 2
        self.config = config
        self.mel_mean, self.mel_std = mel_mean, mel_std
        self.frames_per_group = config.frames_per_group
        self.stem = nn.Sequential(
            nn.Conv1d(config.n_mels, 128, 3, padding=1), nn.SiLU(),
            nn.Conv1d(128, d, 4, stride=2, padding=1), nn.SiLU(),
        )  # fmt: skip
        self.to_frames = nn.Conv1d(d, self.frames_per_group * d, stride + 2, stride=stride, padding=1)
        self.blocks = nn.ModuleList(ConformerBlock(config) for _ in range(config.n_layers))
        self.norm = nn.LayerNorm(d)
        self.d_model = d

    def forward(self, mel: Tensor) -> Tensor:
        x = self.stem(((mel - self.mel_mean) / self.mel_std).transpose(1, 2))
        x = self.to_frames(x).transpose(1, 2)  # [B, m, phases * d]
        x = x.reshape(x.shape[0], self.frames_per_group * x.shape[1], self.d_model)
        for block in self.blocks:
            x = block(x)
        return self.norm(x)

    def deepen(self, n_layers: int) -> None:
        """Adds blocks at the end until there are n_layers. They add nothing to their input until they are trained, so
        the features stay as they were."""
        if n_layers < len(self.blocks):
            raise ValueError(f"the audio encoder has {len(self.blocks)} layers already, they cannot become {n_layers}")
        while len(self.blocks) < n_layers:
            block = ConformerBlock(self.config)
            for last in (block.attention.out, block.conv_out, block.feed_out):
                nn.init.zeros_(last.weight)
                nn.init.zeros_(last.bias)
            self.blocks.append(block)
        self.config = replace(self.config, n_layers=n_layers)
