"""The talking-identity library: one learnable unit vector per identity, the condition of the denoiser."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class IdentityLibrary(nn.Module):
    """index: int64 [B] -> unit vectors [B, d_identity]. Learned with the teacher, frozen in distillation."""

    def __init__(self, n_identities: int, d_identity: int):
        super().__init__()
        self.table = nn.Parameter(torch.randn(n_identities, d_identity))

    def embeddings(self) -> Tensor:
        return F.normalize(self.table, dim=-1)

    def forward(self, index: Tensor) -> Tensor:
        return self.embeddings()[index]
