"""Dials on speech of the quick bundle `base-2step`: closures stay, and amounts follow."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

import diffusiontalker as dt
from diffusiontalker.head import CLOSED_LIP_OPENING, in_head_order, lip_opening, load_head

SPEECH = Path(__file__).resolve().parents[2] / "examples" / "speech.wav"
pytestmark = pytest.mark.slow


@cache
def model():
    return dt.load("base-2step")


@cache
def weights(seed=1, **dials) -> np.ndarray:
    return np.asarray(model().animate(SPEECH, seed=seed, dials=dt.Dials(**dials)).weights)


def in_order(w):
    return in_head_order(load_head(), model().channels, w)


def openings(w: np.ndarray) -> np.ndarray:
    return lip_opening(load_head(), in_order(w))


def closures(w: np.ndarray) -> list[slice]:
    """Runs of frames with closed lips, without those of the silence at both ends."""
    edges = np.flatnonzero(np.diff(np.r_[False, openings(w) < CLOSED_LIP_OPENING, False].astype(int)))
    return [slice(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if a > 0 and b < len(w)]


@pytest.mark.parametrize(
    "dials",
    [
        *({"strength": s} for s in (0.5, 0.75, 1.25, 1.5)),
        {"lower_strength": 0.5},
        {"lower_strength": 1.5},
        {"smoothing_ms": 60},
        {"smoothing_ms": 200},
        {"seed": 2, "smoothing_ms": 150},
        {"jaw_sharpness": 1.0, "lip_sharpness": 1.0},
        {"strength": 1.5, "smoothing_ms": 120, "jaw_sharpness": 0.5},
    ],
    ids=str,
)
def test_every_closure_stays_one(dials):
    before = weights(dials.get("seed", 1))
    found = closures(before)
    assert len(found) >= 6
    turned = openings(weights(**dials))
    lost = [run for run in found if turned[run].min() >= CLOSED_LIP_OPENING]
    assert not lost
    if "smoothing_ms" not in dials:  # a mouth that lags opens later
        # And no other closures come: what was clearly open is not shut.
        assert not ((openings(before) > 1.5 * CLOSED_LIP_OPENING) & (turned < CLOSED_LIP_OPENING)).any()


def test_a_strength_without_thought_for_closures_would_lose_some():
    """The test above can fail: scaling every channel about zero opens lips, or shuts them."""
    w = weights()
    found = closures(w)
    stronger = openings(np.clip(w * 1.5, 0, 1))
    weaker = openings(w * 0.5)
    before = openings(w)
    lost = [run for run in found if stronger[run].min() >= CLOSED_LIP_OPENING]
    shut = (before > 1.5 * CLOSED_LIP_OPENING) & (weaker < CLOSED_LIP_OPENING)
    assert lost or shut.any()


def test_the_mouth_opens_further_with_more_strength():
    means = [openings(weights(strength=s)).mean() for s in (0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0)]
    assert all(a < b for a, b in pairwise(means))
    assert np.abs(weights(strength=0.0, head_amount=0.0)).max() == 0


def test_smoothing_is_smoother_and_sharpness_sharper():
    jaw = model().channels.index("jawOpen")

    def jerk(**dials):
        return np.abs(np.diff(weights(**dials)[:, jaw], n=2)).mean()

    assert jerk(smoothing_ms=150) < 0.8 * jerk() < jerk() < 0.9 * jerk(jaw_sharpness=1.0)


def blinks(**dials) -> int:
    return int((np.diff((lids(**dials) > 0.6).astype(int)) == 1).sum())


def lids(**dials) -> np.ndarray:
    return weights(seed=5, **dials)[:, model().channels.index("eyeBlinkLeft")]


def test_blinks_go_and_come():
    assert blinks(blink_rate=0) == 0
    assert blinks(blink_rate=4) > blinks() > 0


def test_a_held_gaze_stays_on_its_target():
    names = list(model().channels)
    w = weights(gaze_side_deg=10, gaze_hold=1, head_amount=0)
    out, into = w[5:-5, names.index("eyeLookOutLeft")], w[5:-5, names.index("eyeLookInLeft")]
    assert np.allclose(22 * (out - into), 10, atol=0.01)
