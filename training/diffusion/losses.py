"""Losses on predicted clean motion, over the new frames of a window."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from diffusiontalker.head import CLOSED_LIP_GAP, Head


@dataclass(frozen=True)
class LossWeights:
    """All are our choices; the papers name the kinds of terms but no weights."""

    velocity: float = 1.0
    lip_gap: float = 0.5
    closure: float = 12.0  # how much more the lip gap counts where the lips are closed: an unsure model half-closes
    closure_margin: float = 0.02  # closed lips aim this far past contact, interocular units, so that no slit is left
    upper_face: float = 0.5  # weight of eye, brow, cheek and nose channels against 1 for jaw and mouth
    phone: float = 0.2  # auxiliary phone classification from the audio features (teacher and encoder only)
    enhancer: float = 0.02  # contrast of the predicted upper face with the style that was asked for
    posterior: float = 0.5  # phones read by the teacher's head in the small features against those in the large ones
    contact: float = 4.0  # how much more that counts where the large ones say p, b or m: a missed contact is seen first
    heard: float = 0.0  # motion that the denoiser makes of the small features against that of the large ones
    audio: float = 1.0  # small encoder's features against the large one's, where the small one is trained


# Typical deviation of the lip gap in speech, interocular units: brings its error to the scale of the other terms.
LIP_GAP_SCALE = 0.05


class LipGap:
    """The lip gap of diffusiontalker.head.lip_gap, differentiable. mean, std: [C] of the normalised motion."""

    def __init__(self, head: Head, mean: Tensor, std: Tensor):
        self.mean, self.std = mean, std
        identity = np.eye(len(head.channels), dtype=np.float32)
        zero = np.zeros((1, len(head.channels)), np.float32)
        self.rest, self.basis = [], []
        for index in (head.inner_upper_lip, head.inner_lower_lip):
            rest = head.vertices_at(zero, index)[..., 1]
            self.rest.append(torch.from_numpy(rest[0]))
            self.basis.append(torch.from_numpy(head.vertices_at(identity, index)[..., 1] - rest))
        self.interocular = head.interocular

    def __call__(self, z: Tensor) -> Tensor:
        """z: [..., C] normalised motion -> [...] gap in interocular units."""
        weights = z * self.std + self.mean
        upper, lower = (
            torch.tensordot(weights, basis, dims=1) + rest for basis, rest in zip(self.basis, self.rest, strict=True)
        )
        return (upper.amin(dim=-1) - lower.amax(dim=-1)).mean(dim=-1) / self.interocular


class MotionLoss:
    """Weighted squared error of normalised motion, of its velocity, and of the lip gap where the face has one.
    channel_weight: [C]."""

    def __init__(self, channel_weight: Tensor, gap: LipGap | None, weights: LossWeights):
        self.channel_weight, self.gap, self.weights = channel_weight, gap, weights

    def __call__(
        self,
        x0_pred: Tensor,
        x0: Tensor,
        known: Tensor,
        sample_weight: Tensor | None = None,
        contact: Tensor | None = None,
    ) -> Tensor:
        """x0_pred, x0: [B, W, C]; known: [B, W, 1]; sample_weight: [B] or None; contact: [B, W], 0..1, how far a frame
        where the lips are closed gets the weight of closure, or None for all such frames. Returns a scalar."""
        new = 1 - known
        error = (x0_pred - x0) * new
        per_frame = (error.square() * self.channel_weight).mean(dim=-1)
        velocity = (error[:, 1:] - error[:, :-1]) * new[:, :-1]
        per_velocity = (velocity.square() * self.channel_weight).mean(dim=-1)
        n_new = new.sum(dim=(1, 2)).clamp(min=1)
        loss = per_frame.sum(dim=1) + self.weights.velocity * per_velocity.sum(dim=1)
        if self.gap is not None:
            loss = loss + self.weights.lip_gap * self._gap_error(x0_pred, x0, new, contact)
        loss = loss / n_new
        return loss.mean() if sample_weight is None else (loss * sample_weight).mean()

    def _gap_error(self, x0_pred: Tensor, x0: Tensor, new: Tensor, contact: Tensor | None) -> Tensor:
        """[B]: sum over the new frames."""
        gap = self.gap(x0)
        closed = (gap < CLOSED_LIP_GAP).float()
        aim = gap - self.weights.closure_margin * closed
        error = ((self.gap(x0_pred) - aim) / LIP_GAP_SCALE).square() * new[..., 0]
        counts_more = closed if contact is None else closed * contact
        return (error * (1 + self.weights.closure * counts_more)).sum(dim=1)


def truncated_snr(alpha_bar: Tensor) -> Tensor:
    """max(SNR, 1) weighting of x0 error (Salimans & Ho, arXiv 2202.00512, eq. 9), capped at 5 as in min-SNR
    (Hang et al., arXiv 2303.09556)."""
    return torch.clamp(alpha_bar / (1 - alpha_bar).clamp(min=1e-5), 1.0, 5.0)
