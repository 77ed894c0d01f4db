"""The energy score, by which a sampler learns a distribution from its own samples."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from training.prepared.clips import ClipSet

PIECE_FRAMES = 6  # a blink is about 8 frames long
SPEED_CLIPS, MIN_SPEED = 400, 0.02  # clips that show how fast channels change, and the least that is taken for it


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


def speeds(clips: ClipSet, std: Tensor, of: Callable[[Tensor], Tensor] = lambda z: z) -> Tensor:
    """[C] root mean square of the change from frame to frame of motion, divided by std [C].   of: linear, what of the
    motion [n, C] is looked at."""
    change = of(torch.cat([motion.diff(dim=0) for motion in _shown(clips)]) / std)
    return change.square().mean(dim=0).sqrt().clamp(min=MIN_SPEED)


def spreads(clips: ClipSet, std: Tensor, of: Callable[[Tensor], Tensor]) -> Tensor:
    """[C] standard deviation of what `of` takes of motion [n, C] that is divided by std [C]."""
    return of(torch.cat(_shown(clips)) / std).std(dim=0).clamp(min=MIN_SPEED)


def _shown(clips: ClipSet) -> list[Tensor]:
    """Motion of some training clips."""
    pool = clips.of_split("train")
    shown = pool[:: max(1, len(pool) // SPEED_CLIPS)]
    return [torch.from_numpy(clips.clip_motion(c).astype(np.float32)) for c in shown]


def motion_score(samples: Tensor, truth: Tensor, past: int, groups: list[list[int]], speed: Tensor) -> Tensor:
    """Energy score, a scalar, of the new frames and of their changes from frame to frame; whole, and in pieces.
    samples: [M, B, W, C]; truth: [B, W, C], both with the same `past` first frames.   speed: [C], what changes are
    measured by: else they would weigh so little that noise of the sampler went through as a tremble."""

    def changes(x: Tensor) -> Tensor:
        return (x[..., past:, :] - x[..., past - 1 : -1, :]) / speed

    scores, n_new = [], truth.shape[-2] - past
    for got, wanted in ((samples[..., past:, :], truth[..., past:, :]), (changes(samples), changes(truth))):
        for group in groups:
            for length in sorted({n_new, min(PIECE_FRAMES, n_new)}):
                score = energy_score(pieces(got[..., group], length), pieces(wanted[..., group], length))
                scores.append(score.mean())
    return torch.stack(scores).mean()
