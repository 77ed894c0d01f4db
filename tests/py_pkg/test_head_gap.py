"""Lip gap and eyelid gap on the built-in head."""

from __future__ import annotations

import numpy as np
import pytest
from export_support import weights_of

from diffusiontalker.head import CLOSED_LIP_GAP, eyelid_gap, lip_gap, load_head


def gap(**channels: float) -> float:
    return float(lip_gap(load_head(), weights_of(**channels))[0])


@pytest.mark.parametrize(
    "channels",
    [
        {},
        {"mouthPucker": 1.0},
        {"mouthPressLeft": 1.0, "mouthPressRight": 1.0},
        {"mouthRollLower": 0.6, "mouthRollUpper": 0.6},
        {"mouthSmileLeft": 1.0, "mouthSmileRight": 1.0},
        {"jawOpen": 0.25, "mouthClose": 0.25},
        {"jawOpen": 0.6, "mouthClose": 0.6},
    ],
)
def test_lip_gap_of_a_closed_mouth_is_below_the_threshold(channels):
    assert gap(**channels) < CLOSED_LIP_GAP


def test_lip_gap_seals_when_mouth_close_follows_the_jaw():
    # mouthClose is ARKit's corrective: it undoes the lips' part of jawOpen, so that the gap stays that of the neutral.
    for jaw in (0.2, 0.5, 1.0):
        assert abs(gap(jawOpen=jaw, mouthClose=jaw) - gap()) < 0.005


def test_lip_gap_of_an_open_mouth_is_clearly_above_the_threshold():
    assert gap(jawOpen=0.1) > 1.5 * CLOSED_LIP_GAP
    assert 0.10 < gap(jawOpen=0.25) < 0.16  # open vowels of real speech: 0.11, at most 0.13
    assert gap(mouthFunnel=1.0) > 2 * CLOSED_LIP_GAP
    assert gap(mouthUpperUpLeft=1.0, mouthUpperUpRight=1.0) > CLOSED_LIP_GAP


def test_lip_gap_rises_with_the_jaw():
    head = load_head()
    weights = np.concatenate([weights_of(jawOpen=j) for j in np.linspace(0, 1, 21)])
    assert (np.diff(lip_gap(head, weights)) > 0).all()


def test_lip_gap_does_not_see_the_eyes():
    assert gap(eyeBlinkLeft=1, browInnerUp=1, eyeLookUpRight=1) == pytest.approx(gap(), abs=1e-4)


def test_lip_gap_shape_and_type():
    result = lip_gap(load_head(), np.zeros((7, 52)))
    assert result.shape == (7,) and result.dtype == np.float32


def test_eyelid_gap_closes_on_the_blinking_side():
    head = load_head()
    neutral = eyelid_gap(head, weights_of())[0]
    left, right = eyelid_gap(head, weights_of(eyeBlinkLeft=1))[0]
    assert left <= 0 and right == pytest.approx(neutral[1])
    left, right = eyelid_gap(head, weights_of(eyeBlinkRight=1))[0]
    assert right <= 0 and left == pytest.approx(neutral[0])
    assert (neutral > 0.1).all()
    assert (eyelid_gap(head, weights_of(eyeWideLeft=1, eyeWideRight=1))[0] > neutral).all()
