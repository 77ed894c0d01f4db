"""The energy score of what differs between the sides of a mouth (training/diffusion/sides.py)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from training.diffusion.noising import Noised
from training.diffusion.sides import Sides, pairs_of
from training.losses.energy import motion_score, speeds, spreads
from training.models.talker import Talker
from training.prepared.clips import ClipSet

SIDES_WEIGHT = 2.0  # in the loss of a window at the sampler's first step


class SidesTerm(nn.Module):
    """Of the channels that the trunk of `model` makes, in the motion of the clips.
    spread, speed: [n_pairs], what the differences and their changes are measured by: else the pair that drifts furthest
    would hide the others."""

    spread: Tensor
    speed: Tensor

    def __init__(self, model: Talker, clips: ClipSet):
        super().__init__()
        tied = model.denoiser.tied_mask.nonzero().flatten().tolist()
        self.sides = Sides(pairs_of(clips.info.motion.channels, tied))
        self.register_buffer("spread", spreads(clips, model.std, self.sides.difference))
        self.register_buffer("speed", speeds(clips, model.std, self.sides.difference))

    def forward(self, x0_pred: Tensor, again: Tensor, noise: Noised, past: int) -> tuple[Tensor, Tensor]:
        """(score, a scalar, over all windows; x0_pred with the true sides at the first step, where no squared error
        pulls them).   x0_pred: [B, W, C].   again: of noise.again.   past: frames that are given."""
        at = noise.first
        truth = noise.x0[at]
        score = sides_score(self.sides, (x0_pred[at], again), truth, past, self.spread, self.speed)
        equal = x0_pred.clone()
        equal[at] = self.sides.with_difference(x0_pred[at], self.sides.difference(truth))
        return SIDES_WEIGHT * at.float().mean() * score, equal


def sides_score(
    sides: Sides, takes: Sequence[Tensor], truth: Tensor, past: int, spread: Tensor, speed: Tensor
) -> Tensor:
    """Energy score of the new frames' differences, a scalar: of each pair by itself and of all of them.
    takes: two or more of one window, [B, W, C] each.   truth: [B, W, C].   spread, speed: see SidesTerm."""
    samples = torch.stack([sides.difference(take) for take in takes]) / spread
    wanted = sides.difference(truth) / spread
    known = wanted[:, :past].expand(len(samples), -1, -1, -1)
    pairs = list(range(wanted.shape[-1]))
    groups = [*([i] for i in pairs), pairs]
    return motion_score(torch.cat([known, samples[:, :, past:]], dim=2), wanted, past, groups, speed / spread)
