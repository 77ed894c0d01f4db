"""Scores on one clip; all take float arrays at the animation rate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from diffusiontalker.head import CLOSED_LIP_GAP
from diffusiontalker.spec.channels import CHANNEL_INDEX, LIP_CHANNELS, indices
from training.articulation.phones import BILABIAL, Phone

LIPS = indices(LIP_CHANNELS)
JAW_OPEN = CHANNEL_INDEX["jawOpen"]
BLINKS = indices(("eyeBlinkLeft", "eyeBlinkRight"))
# A closure counts when it falls within the phone, give or take the error of its alignment.
CLOSURE_SLACK_S = 0.05


def pearson(a: np.ndarray, b: np.ndarray) -> float:
    """Correlation of two curves; 0 when one of them does not move."""
    a, b = a - a.mean(), b - b.mean()
    scale = np.sqrt((a * a).sum() * (b * b).sum())
    return float((a * b).sum() / scale) if scale > 0 else 0.0


def lip_error(weights: np.ndarray, truth: np.ndarray) -> float:
    """Mean absolute error over jaw and mouth channels. weights, truth: [n, 52]."""
    return float(np.abs(weights[:, LIPS] - truth[:, LIPS]).mean())


@dataclass
class ClosureCount:
    """Bilabial closures that should be there and those that are."""

    expected: int = 0
    closed: int = 0

    @property
    def rate(self) -> float:
        return self.closed / self.expected if self.expected else float("nan")


def count_closures(
    gap: np.ndarray, times: np.ndarray, phones: list[Phone], count: ClosureCount, true_gap: np.ndarray | None = None
) -> None:
    """Adds the p/b/m of one clip to count.
    gap: [n] lip gap at times [n] seconds.   true_gap: when given, only phones closed in it are expected."""
    for name, start, end in phones:
        inside = (times >= start - CLOSURE_SLACK_S) & (times <= end + CLOSURE_SLACK_S)
        if name not in BILABIAL or not inside.any():
            continue
        if true_gap is not None and true_gap[inside].min() >= CLOSED_LIP_GAP:
            continue
        count.expected += 1
        count.closed += int(gap[inside].min() < CLOSED_LIP_GAP)


def blink_count(weights: np.ndarray) -> int:
    """Times that both lids fall past a half."""
    shut = weights[:, BLINKS].mean(axis=1) > 0.5
    return int((shut[1:] & ~shut[:-1]).sum())


def jitter(weights: np.ndarray) -> float:
    """Mean absolute second difference of the lip channels, per frame^2."""
    return float(np.abs(np.diff(weights[:, LIPS], n=2, axis=0)).mean())
