"""The energy score, by which a sampler learns a distribution from its own samples."""

from __future__ import annotations

import torch
from torch import Tensor


def energy_score(samples: Tensor, truth: Tensor) -> Tensor:
    """E|X - y| - E|X - X'| / 2 (Gneiting & Raftery, "Strictly proper scoring rules", 2007, eq. 21, beta = 1): least on
    average where the samples are distributed as the truth. Divided by the root of the dimensions.
    samples: [M, ..., D], M >= 2 independent draws under one condition.   truth: [..., D].   Returns [...]."""
    m, scale = len(samples), samples.shape[-1] ** -0.5
    near = torch.linalg.vector_norm(samples - truth, dim=-1).mean(dim=0)
    first, second = torch.triu_indices(m, m, offset=1, device=samples.device)
    apart = torch.linalg.vector_norm(samples[first] - samples[second], dim=-1).mean(dim=0)
    return scale * (near - 0.5 * apart)


def pieces(x: Tensor, length: int) -> Tensor:
    """[..., W, C] -> [..., W // length, length * C]: pieces of so many frames; a rest at the end is left out."""
    *batch, width, channels = x.shape
    n = width // length
    return x[..., : n * length, :].reshape(*batch, n, length * channels)
