"""Multi-head self-attention with rotary positions, written out so that it exports to plain MatMul and Softmax."""

from __future__ import annotations

import torch
from torch import Tensor, nn

MAX_FRAMES = 304  # longest window, frames; the rotary tables are constants of this length
ROTARY_BASE = 1000.0  # wavelengths up to about 6000 frames: ours, windows are short


class RotaryAttention(nn.Module):
    """x: [B, W, d_model] -> [B, W, d_model]. Positions enter by rotation of queries and keys (Su et al.,
    arXiv 2104.09864), so the result depends on time differences only and any window length works."""

    cos: Tensor
    sin: Tensor

    def __init__(self, d_model: int, n_heads: int):
        super().__init__()
        self.n_heads, self.d_head = n_heads, d_model // n_heads
        self.qkv = nn.Linear(d_model, 3 * d_model)
        self.out = nn.Linear(d_model, d_model)
        frequency = ROTARY_BASE ** (-torch.arange(0, self.d_head, 2, dtype=torch.float64) / self.d_head)
        angle = torch.arange(MAX_FRAMES, dtype=torch.float64)[:, None] * frequency[None, :]
        self.register_buffer("cos", angle.cos().float().repeat(1, 2), persistent=False)
        self.register_buffer("sin", angle.sin().float().repeat(1, 2), persistent=False)

    def _rotate(self, x: Tensor) -> Tensor:
        half = self.d_head // 2
        turned = torch.cat([-x[..., half:], x[..., :half]], dim=-1)
        n = x.shape[2]
        return x * self.cos[:n].to(x.dtype) + turned * self.sin[:n].to(x.dtype)

    def forward(self, x: Tensor) -> Tensor:
        batch, n, d_model = x.shape
        q, k, v = self.qkv(x).reshape(batch, n, 3 * self.n_heads, self.d_head).transpose(1, 2).chunk(3, dim=1)
        score = (self._rotate(q) * self.d_head**-0.5) @ self._rotate(k).transpose(-1, -2)
        mixed = score.softmax(dim=-1) @ v
        return self.out(mixed.transpose(1, 2).reshape(batch, n, d_model))
