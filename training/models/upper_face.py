"""The personaliser enhancer: pulls the upper face of a prediction towards the style that was asked for.

Our form of the follow-up's L_pc (arXiv 2503.18159 shows a contrastive matrix between personalised embeddings and upper
facial areas of teacher and student): both sides go into one space, equal (identity, emotion) pairs are positives."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class UpperFaceEnhancer(nn.Module):
    """upper: [B, W, C] normalised motion of the channels that speech leaves free; style: [B, d_style]."""

    def __init__(self, n_channels: int, d_style: int, d: int = 64):
        super().__init__()
        self.motion = nn.Sequential(
            nn.Conv1d(n_channels, d, 5, padding=2), nn.SiLU(), nn.Conv1d(d, d, 5, stride=2, padding=2), nn.SiLU()
        )
        self.motion_out, self.style_out = nn.Linear(2 * d, d), nn.Linear(d_style, d)

    def forward(self, upper: Tensor, style: Tensor) -> tuple[Tensor, Tensor]:
        """Unit vectors (of the motion, of the style), each [B, d]."""
        x = self.motion(upper.transpose(1, 2))
        mean = x.mean(dim=2)
        spread = (x.square().mean(dim=2) - mean.square()).clamp(min=1e-6).sqrt()
        pooled = self.motion_out(torch.cat([mean, spread], dim=-1))
        return F.normalize(pooled, dim=-1), F.normalize(self.style_out(style), dim=-1)
