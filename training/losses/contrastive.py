"""Contrastive losses of the personaliser; all take unit vectors."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def library_nce(query: Tensor, library: Tensor, index: Tensor, scale: Tensor) -> Tensor:
    """InfoNCE of audio against the library (van den Oord et al., arXiv 1807.03748, eq. 4): the own entry is the
    positive, all others are negatives.
    query: [B, d]; library: [N, d]; index: int64 [B], -1 rows are left out; scale: inverse temperature. Scalar."""
    keep = index >= 0
    if not keep.any():
        return query.sum() * 0.0
    return F.cross_entropy(scale * query[keep] @ library.T, index[keep])


def grouped_nce(a: Tensor, b: Tensor, group_a: Tensor, group_b: Tensor, scale: Tensor) -> Tensor:
    """InfoNCE between rows of two sets where rows of the same group are positives (Khosla et al., arXiv 2004.11362,
    eq. 2, of a against b). a: [N, d]; b: [M, d]; group_a, group_b: int64. Rows of a without a positive do not count.
    Scalar."""
    log_p = F.log_softmax(scale * a @ b.T, dim=1)
    positive = (group_a[:, None] == group_b[None, :]).float()
    count = positive.sum(dim=1)
    per_row = -(log_p * positive).sum(dim=1) / count.clamp(min=1)
    return (per_row * (count > 0)).sum() / (count > 0).sum().clamp(min=1)


def symmetric_nce(a: Tensor, b: Tensor, group: Tensor, scale: Tensor) -> Tensor:
    """Both directions of grouped_nce over one batch: the CLIP matrix with equal groups as positives."""
    return 0.5 * (grouped_nce(a, b, group, group, scale) + grouped_nce(b, a, group, group, scale))


def other_views(embedding: Tensor, group: Tensor, scale: Tensor) -> Tensor:
    """Supervised contrast within one set, a row not against itself. embedding: [N, d]; group: int64 [N]. Scalar."""
    itself = torch.eye(len(embedding), dtype=torch.bool, device=embedding.device)
    logits = (scale * embedding @ embedding.T).masked_fill(itself, -1e4)
    log_p = F.log_softmax(logits, dim=1)
    positive = ((group[:, None] == group[None, :]) & ~itself).float()
    count = positive.sum(dim=1)
    per_row = -(log_p * positive).sum(dim=1) / count.clamp(min=1)
    return (per_row * (count > 0)).sum() / (count > 0).sum().clamp(min=1)
