"""The encoder half of Whisper (Radford et al., arXiv 2212.04356) in PyTorch, for contexts of up to 30 s."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class WhisperAttention(nn.Module):
    """Self-attention over all positions. x: [B, n, d]. The keys have no bias, as in the published model."""

    def __init__(self, d: int, n_heads: int):
        super().__init__()
        self.n_heads = n_heads
        self.q_proj, self.v_proj, self.out_proj = nn.Linear(d, d), nn.Linear(d, d), nn.Linear(d, d)
        self.k_proj = nn.Linear(d, d, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        b, n, d = x.shape
        q, k, v = (
            project(x).view(b, n, self.n_heads, d // self.n_heads).transpose(1, 2)
            for project in (self.q_proj, self.k_proj, self.v_proj)
        )
        return self.out_proj(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(b, n, d))


class WhisperLayer(nn.Module):
    """Pre-norm transformer layer. x: [B, n, d]."""

    def __init__(self, d: int, n_heads: int, d_feed_forward: int):
        super().__init__()
        self.self_attn_layer_norm, self.self_attn = nn.LayerNorm(d), WhisperAttention(d, n_heads)
        self.final_layer_norm = nn.LayerNorm(d)
        self.fc1, self.fc2 = nn.Linear(d, d_feed_forward), nn.Linear(d_feed_forward, d)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.self_attn(self.self_attn_layer_norm(x))
        return x + self.fc2(F.gelu(self.fc1(self.final_layer_norm(x))))


class WhisperNet(nn.Module):
    """mel: [B, n_mels, 2 n], n at most n_positions -> [B, n, d], 50 Hz. Parameter names are those of the encoder in
    `transformers`; unlike there the input may be shorter than 30 s, and then only the first positions take part."""

    def __init__(self, d: int, n_layers: int, n_heads: int, d_feed_forward: int, n_mels: int, n_positions: int):
        super().__init__()
        self.conv1 = nn.Conv1d(n_mels, d, 3, padding=1)
        self.conv2 = nn.Conv1d(d, d, 3, stride=2, padding=1)
        self.embed_positions = nn.Embedding(n_positions, d)
        self.layers = nn.ModuleList(WhisperLayer(d, n_heads, d_feed_forward) for _ in range(n_layers))
        self.layer_norm = nn.LayerNorm(d)

    @staticmethod
    def from_config(config: dict) -> WhisperNet:
        """config: the fields of a `config.json` of `transformers`. Raises KeyError when one is missing."""
        return WhisperNet(
            config["d_model"], config["encoder_layers"], config["encoder_attention_heads"], config["encoder_ffn_dim"],
            config["num_mel_bins"], config["max_source_positions"],
        )  # fmt: skip

    def forward(self, mel: Tensor, layer: int) -> Tensor:
        """layer: 0, after the convolutions, to n_layers, after the last layer and the norm behind it."""
        x = F.gelu(self.conv2(F.gelu(self.conv1(mel)))).transpose(1, 2)
        x = x + self.embed_positions.weight[: x.shape[1]]
        for block in self.layers[:layer]:
            x = block(x)
        return self.layer_norm(x) if layer == len(self.layers) else x


def float_tensors(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """The tensors under prefix, without it, as float32."""
    return {k[len(prefix) :]: v.to(torch.float32) for k, v in tensors.items() if k.startswith(prefix)}
