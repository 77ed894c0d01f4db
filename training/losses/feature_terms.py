"""Losses on features of audio: the features themselves, and the phones that they tell."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from training.prepared.clips import BILABIAL_PHONES


def phone_loss(logits: Tensor, phone: Tensor) -> tuple[Tensor, Tensor]:
    """(cross entropy, accuracy) over frames whose phone is known. logits: [B, W, P]; phone: [B, W], -1 unknown."""
    if not bool((phone >= 0).any()):
        return logits.sum() * 0.0, torch.zeros(())
    loss = F.cross_entropy(logits.float().transpose(1, 2), phone, ignore_index=-1)
    known = phone >= 0
    return loss, (logits.argmax(dim=-1) == phone)[known].float().mean()


def feature_loss(small: Tensor, large: Tensor) -> Tensor:
    """Squared error of features whose deviation is about 1 (they leave a LayerNorm)."""
    return (small.float() - large.float()).square().mean()


def posterior_loss(small: Tensor, large: Tensor, head: nn.Linear, contact: float = 0.0) -> Tensor:
    """Kullback-Leibler divergence of the phones that the teacher's head reads in the small features from those it reads
    in the large ones: it needs no labels, and weighs the little that tells one phone from another (m from n).
    contact: how much more a frame counts where the large ones say p, b or m; see LossWeights."""
    wanted, got = (F.log_softmax(head(x.float()), dim=-1) for x in (large, small))
    divergence = (wanted.exp() * (wanted - got)).sum(dim=-1)
    if contact:
        divergence = divergence * (1 + contact * wanted.exp()[..., BILABIAL_PHONES].sum(dim=-1))
    return divergence.mean()
