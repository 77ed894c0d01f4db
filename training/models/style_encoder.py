"""Who speaks and in which mood, from a few seconds of log-mel: the audio side of the contrastive tie."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from training.models.audio_encoder import AudioEncoderConfig, ConformerBlock


@dataclass(frozen=True)
class StyleEncoderConfig:
    """Sizes are our choices; the papers give none."""

    n_mels: int = 80
    d_model: int = 128
    n_layers: int = 2
    n_heads: int = 4
    d_feed_forward: int = 256
    d_identity: int = 64
    d_emotion: int = 32


class StyleEncoder(nn.Module):
    """mel: [B, T, n_mels], T = 100 .. 1200 frames (1 to 12 s). Returns unit vectors (identity [B, d_identity],
    emotion [B, d_emotion]). Convolutions to 25 Hz, attention blocks, then attentive statistics pooling
    (Okabe et al., arXiv 1803.10963)."""

    def __init__(self, config: StyleEncoderConfig):
        super().__init__()
        d = config.d_model
        block = AudioEncoderConfig(
            d_model=d, n_heads=config.n_heads, d_feed_forward=config.d_feed_forward, kernel_size=7
        )
        self.stem = nn.Sequential(
            nn.Conv1d(config.n_mels, d, 5, stride=2, padding=2), nn.SiLU(), nn.Conv1d(d, d, 5, stride=2, padding=2)
        )
        self.blocks = nn.ModuleList(ConformerBlock(block) for _ in range(config.n_layers))
        self.norm = nn.LayerNorm(d)
        self.attention = nn.Linear(d, d)
        self.identity = nn.Linear(2 * d, config.d_identity)
        self.emotion = nn.Linear(2 * d, config.d_emotion)

    def forward(self, mel: Tensor) -> tuple[Tensor, Tensor]:
        # The level of a recording says nothing of the speaker; 4 is about the deviation of log-mel in speech.
        mel = (mel - mel.mean(dim=(1, 2), keepdim=True)) / 4.0
        x = self.stem(mel.transpose(1, 2)).transpose(1, 2)
        for block in self.blocks:
            x = block(x)
        x = self.norm(x)
        weight = self.attention(x).softmax(dim=1)
        mean = (weight * x).sum(dim=1)
        spread = ((weight * x.square()).sum(dim=1) - mean.square()).clamp(min=1e-5).sqrt()
        pooled = torch.cat([mean, spread], dim=-1)
        return F.normalize(self.identity(pooled), dim=-1), F.normalize(self.emotion(pooled), dim=-1)
