"""A library of learnable embeddings: talking identities, emotions."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class EmbeddingLibrary(nn.Module):
    """index: int64 [B] -> unit vectors [B, d]."""

    def __init__(self, n_entries: int, d: int):
        super().__init__()
        self.table = nn.Parameter(torch.randn(n_entries, d))

    def embeddings(self) -> Tensor:
        """All entries, unit vectors [n_entries, d]."""
        return F.normalize(self.table, dim=-1)

    def forward(self, index: Tensor) -> Tensor:
        return self.embeddings()[index]

    def nearest(self, query: Tensor) -> tuple[Tensor, Tensor]:
        """(index int64 [B], cosine [B]) of the entry nearest to each unit vector of query [B, d]."""
        cosine = query @ self.embeddings().T
        best = cosine.max(dim=-1)
        return best.indices, best.values


class NewIdentity(nn.Module):
    """embedding: [d_identity], of any length above 0; its direction is the identity."""

    def __init__(self, embedding: Tensor):
        super().__init__()
        self.embedding = nn.Parameter(embedding.clone())

    def forward(self) -> Tensor:
        return F.normalize(self.embedding, dim=-1)
