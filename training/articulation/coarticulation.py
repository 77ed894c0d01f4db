"""Co-articulation by dominance functions: every phone pulls every moment, near and strong ones most.

Form: Cohen & Massaro, "Modeling coarticulation in synthetic visual speech", 1993; time constants are ours.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.articulation.phones import BILABIAL, DIMS, LABIODENTAL, TARGETS, Phone

# Seconds in which a phone's dominance falls to 1/e before and after its core, per dimension: rounding is anticipated
# longest, the heavy jaw moves slower than the lips.
ANTICIPATION_S = {"jaw": 0.055, "apart": 0.05, "spread": 0.07, "pucker": 0.09, "funnel": 0.09}
CARRYOVER_S = {"jaw": 0.065, "apart": 0.06, "spread": 0.07, "pucker": 0.07, "funnel": 0.07}
DEFAULT_SPREAD_S = 0.05
# Lips and jaw reach their target before the sound does; found on tracked lips of real speech.
LEAD_S = 0.02
CORE_FRACTION = 0.3  # half-width of the plateau, in units of the phone's duration


def articulate(phones: list[Phone], times: np.ndarray, tempo: float = 1.0) -> np.ndarray:
    """Articulatory trajectories.
    phones: contiguous (name, start_s, end_s).   times: float64 [n] seconds.   tempo: > 1 makes transitions quicker.
    Returns float64 [n, len(DIMS)], each 0..1.
    """
    start = np.array([p[1] for p in phones])
    end = np.array([p[2] for p in phones])
    targets = np.stack([TARGETS[p[0]].target for p in phones])
    strengths = np.stack([TARGETS[p[0]].strength for p in phones])
    # Long silences hold with their whole length, not only their middle.
    is_silence = np.array([p[0] == "SIL" for p in phones])
    duration = end - start
    core = np.where(is_silence, np.maximum(0.5 * duration - 0.06, 0.1 * duration), CORE_FRACTION * duration)
    offset = times[:, None] - (0.5 * (start + end) - LEAD_S)[None, :]
    distance = np.maximum(np.abs(offset) - core[None, :], 0.0)
    before = offset < 0
    out = np.empty((len(times), len(DIMS)))
    for d, name in enumerate(DIMS):
        ahead = ANTICIPATION_S.get(name, DEFAULT_SPREAD_S) / tempo
        behind = CARRYOVER_S.get(name, DEFAULT_SPREAD_S) / tempo
        pull = np.exp(-distance / np.where(before, ahead, behind)) * strengths[None, :, d]
        out[:, d] = pull @ targets[:, d] / (pull.sum(axis=1) + 1e-9)
    return out


@dataclass(frozen=True)
class ContactShape:
    """Lip contact of one phone class around its start: fully closed from start - lead_s for at least hold_s; ramps last
    rise_s and fall_s."""

    lead_s: float = 0.01
    hold_s: float = 0.05
    rise_s: float = 0.055
    fall_s: float = 0.055


def contact(phones: list[Phone], times: np.ndarray, names: frozenset[str], shape: ContactShape) -> np.ndarray:
    """Contact 0 (free) .. 1 (closed) of the phones in `names`, float64 [n]."""
    out = np.zeros(len(times))
    for name, start, end in phones:
        if name not in names:
            continue
        # Stops are released before the aspiration ends; nasals and fricatives hold through.
        last = start + max(shape.hold_s - shape.lead_s, 0.6 * (end - start) if name in "PB" else 0.85 * (end - start))
        first = start - shape.lead_s
        rise = np.clip((times - (first - shape.rise_s)) / shape.rise_s, 0, 1)
        fall = np.clip(((last + shape.fall_s) - times) / shape.fall_s, 0, 1)
        ramp = np.minimum(rise, fall)
        out = np.maximum(out, ramp * ramp * (3 - 2 * ramp))
    return out


def bilabial_seal(phones: list[Phone], times: np.ndarray) -> np.ndarray:
    return contact(phones, times, BILABIAL, ContactShape())


def labiodental_tuck(phones: list[Phone], times: np.ndarray) -> np.ndarray:
    return contact(phones, times, LABIODENTAL, ContactShape(lead_s=0.01, hold_s=0.06))
