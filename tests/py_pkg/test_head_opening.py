"""Openings of lips and eyelids on the built-in head, in outer-canthal distances."""

from __future__ import annotations

import numpy as np
import pytest
from export_support import weights_of

from diffusiontalker.head import CLOSED_LIP_OPENING, eyelid_opening, lip_opening, load_head


def gap(**channels: float) -> float:
    return float(lip_opening(load_head(), weights_of(**channels))[0])


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
def test_lip_opening_of_a_closed_mouth_is_below_the_threshold(channels):
    assert gap(**channels) < CLOSED_LIP_OPENING


def test_lip_opening_seals_when_mouth_close_follows_the_jaw():
    # mouthClose is ARKit's corrective: it undoes the lips' part of jawOpen, so that the gap stays that of the neutral.
    for jaw in (0.2, 0.5, 1.0):
        assert abs(gap(jawOpen=jaw, mouthClose=jaw) - gap()) < 0.0035


def test_lip_opening_of_an_open_mouth_is_clearly_above_the_threshold():
    assert gap(jawOpen=0.1) > 1.05 * CLOSED_LIP_OPENING
    assert 0.11 < gap(jawOpen=0.4) < 0.15  # open vowels of real speech: 0.12 to 0.14, of a jaw at 0.36 to 0.44
    assert gap(mouthFunnel=1.0) > 2 * CLOSED_LIP_OPENING
    assert gap(mouthUpperUpLeft=1.0, mouthUpperUpRight=1.0) > CLOSED_LIP_OPENING


def test_lip_opening_rises_with_the_jaw():
    head = load_head()
    weights = np.concatenate([weights_of(jawOpen=j) for j in np.linspace(0, 1, 21)])
    assert (np.diff(lip_opening(head, weights)) > 0).all()


def test_lip_opening_does_not_see_the_eyes():
    assert gap(eyeBlinkLeft=1, browInnerUp=1, eyeLookUpRight=1) == pytest.approx(gap(), abs=1e-4)


def test_the_unit_is_the_distance_of_the_outer_eye_corners():
    head = load_head()
    corners = head.positions[head.outer_canthi]
    assert corners[0, 0] > 0.04 and corners[0] == pytest.approx(corners[1] * [-1, 1, 1], abs=1e-5)
    assert head.outer_canthal == pytest.approx(corners[0, 0] - corners[1, 0], abs=1e-5)
    assert 1.41 < head.outer_canthal / head.interocular < 1.45  # as on real faces
    gap_m = head.outer_canthal * gap(jawOpen=0.4)
    columns = [
        head.vertices_at(weights_of(jawOpen=0.4), i)[0, ..., 1] for i in (head.inner_upper_lip, head.inner_lower_lip)
    ]
    assert gap_m == pytest.approx(float((columns[0].min(1) - columns[1].max(1)).mean()), abs=1e-6)


def test_lip_opening_shape_and_type():
    result = lip_opening(load_head(), np.zeros((7, 52)))
    assert result.shape == (7,) and result.dtype == np.float32


def test_eyelid_opening_closes_on_the_blinking_side():
    head = load_head()
    neutral = eyelid_opening(head, weights_of())[0]
    left, right = eyelid_opening(head, weights_of(eyeBlinkLeft=1))[0]
    assert left <= 0 and right == pytest.approx(neutral[1])
    left, right = eyelid_opening(head, weights_of(eyeBlinkRight=1))[0]
    assert right <= 0 and left == pytest.approx(neutral[0])
    assert (neutral > 0.07).all()
    assert (eyelid_opening(head, weights_of(eyeWideLeft=1, eyeWideRight=1))[0] > neutral).all()
