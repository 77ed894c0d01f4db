"""The loss on predicted clean motion, over the new frames of a window, and the weights of all terms."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from diffusiontalker.head import CLOSED_LIP_OPENING, Head, load_head
from diffusiontalker.head.measures import lip_landmarks
from training.models.talker import Talker
from training.prepared.motion_space import MotionSpace, free_channels, is_face


@dataclass(frozen=True)
class LossWeights:
    """All are our choices; the papers name the kinds of terms but no weights."""

    velocity: float = 1.0
    lip_opening: float = 0.5
    lip_edges: float = 0.25  # width of the mouth, heights of both lips and of the chin
    closure: float = 12.0  # how much more the lip opening counts where the lips are closed: an unsure model half-closes
    closure_margin: float = 0.014  # outer-canthal distances that closed lips aim past contact: no slit is left
    upper_face: float = 0.5  # weight of eye, brow, cheek and nose channels against 1 for jaw and mouth
    phone: float = 0.2  # auxiliary phone classification from the audio features (teacher and encoder only)
    enhancer: float = 0.02  # contrast of the predicted upper face with the style that was asked for
    posterior: float = 0.5  # phones read by the teacher's head in the small features against those in the large ones
    contact: float = 4.0  # how much more that counts where the large ones say p, b or m: a missed contact is seen first
    feature_motion: float = 0.0  # motion that the denoiser makes of the small features against that of the large ones
    audio: float = 1.0  # small encoder's features against the large one's, where the small one is trained


# Outer-canthal distances that count as 1 in the error of the lip opening: brings it to the scale of the other terms.
LIP_OPENING_SCALE = 0.035

# The same for width, upper lip, lower lip and chin: their deviations in tracked speech.
LIP_EDGES_SCALE = (0.02, 0.013, 0.035, 0.03)


class Lips:
    """What a viewer sees of the mouth, differentiable: the opening (diffusiontalker.head.lip_opening) and the edges of
    the lips. mean, std: [C] of the normalised motion, whose first channels are the head's."""

    def __init__(self, head: Head, mean: Tensor, std: Tensor):
        self.mean, self.std = mean, std
        identity = np.eye(len(head.channels), dtype=np.float32)
        zero = np.zeros((1, len(head.channels)), np.float32)
        self.rest, self.basis = [], []
        for index in (head.inner_upper_lip, head.inner_lower_lip):
            rest = head.vertices_at(zero, index)[..., 1]
            self.rest.append(torch.from_numpy(rest[0]))
            self.basis.append(torch.from_numpy(head.vertices_at(identity, index)[..., 1] - rest))
        landmarks = lip_landmarks()
        rest = head.vertices_at(zero, landmarks)[0]
        moved = head.vertices_at(identity, landmarks) - rest
        left, right, nose, upper, lower, chin = np.moveaxis(moved, 1, 0)
        edges = [left[:, 0] - right[:, 0], *(nose[:, 1] - p[:, 1] for p in (upper, lower, chin))]
        self.edge_basis = torch.from_numpy(np.stack(edges, axis=1).astype(np.float32))  # [52, 4]
        self.outer_canthal = head.outer_canthal

    def edges(self, change: Tensor) -> Tensor:
        """change: [..., C] of normalised motion -> [..., 4] that of the mouth's width and of the heights of upper lip,
        lower lip and chin, in outer-canthal distances (as diffusiontalker.head.measures, linear)."""
        n = len(self.edge_basis)
        return (change * self.std)[..., :n] @ self.edge_basis.to(change.device) / self.outer_canthal

    def __call__(self, z: Tensor) -> Tensor:
        """z: [..., C] normalised motion -> [...] opening in outer-canthal distances."""
        weights = (z * self.std + self.mean)[..., : len(self.edge_basis)]
        upper, lower = (
            torch.tensordot(weights, basis, dims=1) + rest for basis, rest in zip(self.basis, self.rest, strict=True)
        )
        return (upper.amin(dim=-1) - lower.amax(dim=-1)).mean(dim=-1) / self.outer_canthal


class MotionLoss:
    """Weighted squared error of normalised motion, of its velocity, and of the lip opening where the face has one.
    channel_weight: [C]."""

    def __init__(self, channel_weight: Tensor, lips: Lips | None, weights: LossWeights):
        self.channel_weight, self.lips, self.weights = channel_weight, lips, weights

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
        if self.lips is not None:
            loss = loss + self.weights.lip_opening * self._gap_error(self.lips, x0_pred, x0, new, contact)
            edges = self.lips.edges(error) / torch.tensor(LIP_EDGES_SCALE, device=error.device)
            loss = loss + self.weights.lip_edges * edges.square().mean(dim=-1).sum(dim=1)
        loss = loss / n_new
        return loss.mean() if sample_weight is None else (loss * sample_weight).mean()

    def _gap_error(self, lips: Lips, x0_pred: Tensor, x0: Tensor, new: Tensor, contact: Tensor | None) -> Tensor:
        """[B]: sum over the new frames."""
        gap = lips(x0)
        closed = (gap < CLOSED_LIP_OPENING).float()
        aim = gap - self.weights.closure_margin * closed
        error = ((lips(x0_pred) - aim) / LIP_OPENING_SCALE).square() * new[..., 0]
        counts_more = closed if contact is None else closed * contact
        return (error * (1 + self.weights.closure * counts_more)).sum(dim=1)


def motion_loss(talker: Talker, motion: MotionSpace, weights: LossWeights) -> MotionLoss:
    """With the lip terms only where the channels are ARKit's."""
    free = set(free_channels(motion))
    channel = torch.tensor([weights.upper_face if i in free else 1.0 for i in range(motion.n_channels)])
    lips = Lips(load_head(), talker.mean, talker.std) if is_face(motion) else None
    return MotionLoss(channel, lips, weights)


def truncated_snr(alpha_bar: Tensor) -> Tensor:
    """max(SNR, 1) weighting of x0 error (Salimans & Ho, arXiv 2202.00512, eq. 9), capped at 5 as in min-SNR
    (Hang et al., arXiv 2303.09556)."""
    return torch.clamp(alpha_bar / (1 - alpha_bar).clamp(min=1e-5), 1.0, 5.0)
