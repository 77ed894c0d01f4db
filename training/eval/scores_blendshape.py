"""Scores on ARKit weights [n, 52], without a mesh, per clip.

Two families that must not be mixed up in a table. "beat_*" is what FaceDiffuser's evaluation script computes on BEAT
(51 weights, no tongue): its mouth mask leaves out jawOpen and mouthClose, the two channels that open and close the
mouth, and its upper mask the brows. The others are ours, over whole groups of channels.
"""

from __future__ import annotations

import numpy as np

from diffusiontalker.spec.channels import ARKIT_CHANNELS, LIP_CHANNELS, indices

# BEAT stores the weights in alphabetical order, without tongueOut.
BEAT_CHANNELS: tuple[str, ...] = tuple(sorted(c for c in ARKIT_CHANNELS if c != "tongueOut"))
# FaceDiffuser, evaluation/compute_objective_metrics_blendshape.py, positions in BEAT's order.
_PUBLIC_MOUTH = (23, 25, 27, 28, 31, 37, 39, 40, 41, 42, 47, 48)
_PUBLIC_UPPER = (*range(8, 22), 49, 50)

BEAT_ALL = indices(BEAT_CHANNELS)
BEAT_MOUTH = indices(BEAT_CHANNELS[i] for i in _PUBLIC_MOUTH)
BEAT_UPPER = indices(BEAT_CHANNELS[i] for i in _PUBLIC_UPPER)
LIPS = indices(LIP_CHANNELS)
UPPER = indices(c for c in ARKIT_CHANNELS if c.startswith(("brow", "eye", "cheek", "nose")))


def mean_absolute_error(pred: np.ndarray, truth: np.ndarray, channels: list[int] | None = None) -> float:
    """Mean over frames and channels of |error|: over all channels our MBE, over LIPS our LBE."""
    _check_pair(pred, truth)
    error = np.abs(pred.astype(np.float64) - truth)
    return float((error if channels is None else error[:, channels]).mean())


def mean_error_norm(pred: np.ndarray, truth: np.ndarray, channels: list[int]) -> float:
    """Mean over frames of the L2 norm of the error over some channels. With BEAT_ALL FaceDiffuser's "Mean Vertex Error"
    on BEAT, with BEAT_MOUTH its "Lip Vertex Error" (mean, not maximum; not squared)."""
    _check_pair(pred, truth)
    return float(np.linalg.norm(pred[:, channels].astype(np.float64) - truth[:, channels], axis=1).mean())


def dynamics(weights: np.ndarray, channels: list[int]) -> float:
    """Standard deviation over time (divisor n) of the sum of squares over some channels, of one clip."""
    return float((weights[:, channels].astype(np.float64) ** 2).sum(axis=1).std())


def fdd(pred: np.ndarray, truth: np.ndarray, channels: list[int]) -> float:
    """Dynamics of the truth minus those of the prediction, signed; with BEAT_UPPER as FaceDiffuser, which averages it
    over sequences, also in absolute value. With UPPER our variant."""
    _check_pair(pred, truth)
    return dynamics(truth, channels) - dynamics(pred, channels)


def blendshape_scores(pred: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    """All scores of one clip; average them over clips. pred, truth: [n, 52] in the order of ARKIT_CHANNELS."""
    ours, public = fdd(pred, truth, UPPER), fdd(pred, truth, BEAT_UPPER)
    return {
        "mbe": mean_absolute_error(pred, truth),
        "lbe": mean_absolute_error(pred, truth, LIPS),
        "weight_fdd": ours,
        "weight_fdd_abs": abs(ours),
        "beat_mve": mean_error_norm(pred, truth, BEAT_ALL),
        "beat_lve": mean_error_norm(pred, truth, BEAT_MOUTH),
        "beat_fdd": public,
        "beat_fdd_abs": abs(public),
    }


def _check_pair(pred: np.ndarray, truth: np.ndarray) -> None:
    expected = len(ARKIT_CHANNELS)
    if pred.shape != truth.shape or pred.ndim != 2 or pred.shape[1] != expected or not len(pred):
        raise ValueError(f"weights {list(pred.shape)} against {list(truth.shape)}: expected equal [n, {expected}]")
