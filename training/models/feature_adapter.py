"""From cached features of a large frozen audio encoder to the features that condition the denoiser (teacher only)."""

from __future__ import annotations

from dataclasses import replace

from torch import Tensor, nn

from training.models.audio_encoder import AudioEncoderConfig, ConformerBlock


class FeatureAdapter(nn.Module):
    """features: [B, W, d_in] at the animation rate -> [B, W, d_model]: what the compact encoder learns to imitate."""

    def __init__(self, d_in: int, config: AudioEncoderConfig, n_layers: int = 2):
        super().__init__()
        self.norm_in = nn.LayerNorm(d_in)
        self.project = nn.Linear(d_in, config.d_model)
        self.blocks = nn.ModuleList(ConformerBlock(replace(config)) for _ in range(n_layers))
        self.norm = nn.LayerNorm(config.d_model)

    def forward(self, features: Tensor) -> Tensor:
        x = self.project(self.norm_in(features))
        for block in self.blocks:
            x = block(x)
        return self.norm(x)
