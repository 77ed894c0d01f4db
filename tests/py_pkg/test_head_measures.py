"""What a camera sees of the head's mouth, on poses whose effect is known."""

from __future__ import annotations

import numpy as np
import pytest
from export_support import weights_of

from diffusiontalker.errors import InputError
from diffusiontalker.head import (
    HEAD_SHAPES,
    LIP_MEASURES,
    brow_heights,
    corner_heights,
    incisors_seen,
    lip_measures,
    lip_on_incisors,
    lip_opening,
    load_head,
    shaped_head,
    tongue_tip,
)

HEAD = load_head()


def change(**channels: float) -> dict[str, float]:
    """Of the six measures against the neutral face."""
    both = lip_measures(HEAD, np.concatenate([weights_of(**channels), weights_of()]))
    return dict(zip(LIP_MEASURES, (both[0] - both[1]).tolist(), strict=True))


def pair(name: str, value: float) -> dict[str, float]:
    return {f"{name}Left": value, f"{name}Right": value}


def test_a_jaw_lowers_the_lower_lip_and_the_chin_and_hardly_the_upper_lip():
    moved = change(jawOpen=0.4)
    assert moved["opening"] == pytest.approx(moved["lower"] - moved["upper"], abs=0.02)
    assert moved["lower"] > 0.1 and 0.05 < moved["chin"] < moved["lower"]
    assert abs(moved["upper"]) < 0.02


def test_pucker_narrows_and_protrudes_and_a_smile_widens_and_lifts_the_corners():
    pucker, smile = change(mouthPucker=1), change(**pair("mouthSmile", 1))
    assert pucker["width"] < -0.05 and pucker["protrusion"] > 0.02
    assert smile["width"] > 0.05
    assert (corner_heights(HEAD, weights_of(**pair("mouthSmile", 1))) > 5).all()
    assert (corner_heights(HEAD, weights_of(**pair("mouthFrown", 1))) < -3).all()


def test_a_raised_upper_lip_comes_nearer_to_the_nose_and_shows_the_incisors():
    weights = weights_of(jawOpen=0.25, **pair("mouthUpperUp", 0.5))
    assert change(**pair("mouthUpperUp", 0.5))["upper"] < -0.01
    assert incisors_seen(HEAD, weights)[0] > incisors_seen(HEAD, weights_of(jawOpen=0.25))[0] + 1
    assert incisors_seen(HEAD, weights_of(**pair("mouthPress", 0.3)))[0] == 0, "closed lips show teeth"


def test_width_is_that_of_the_frontal_view_in_distances_of_the_eye_corners():
    neutral = lip_measures(HEAD, weights_of())[0]
    assert 0.5 < neutral[LIP_MEASURES.index("width")] < 0.65  # real faces at rest: 0.50 to 0.65
    turned = lip_measures(HEAD, weights_of(mouthLeft=1))[0]
    assert turned[LIP_MEASURES.index("width")] == pytest.approx(neutral[1], abs=0.05)


def test_a_tucked_lower_lip_reaches_the_incisors_and_a_dropped_one_leaves_them():
    tucked, open_, rest = (
        lip_on_incisors(HEAD, weights_of(**w)) for w in ({"jawOpen": 0.05, "mouthRollLower": 0.8}, {"jawOpen": 0.4}, {})
    )
    assert tucked[1][0] < rest[1][0] < open_[1][0]
    assert open_[0][0] < -8 and 0 < rest[0][0] < 5  # millimetres against the incisor edge


def test_a_tongue_that_comes_forward_is_seen_between_the_lips_and_behind_closed_ones_it_is_not():
    rest, between = tongue_tip(HEAD, weights_of()), tongue_tip(HEAD, weights_of(jawOpen=0.1, tongueOut=0.6))
    assert rest[1][0] == 0 and rest[0][0] > 4
    assert between[1][0] > 1 and between[0][0] < 2
    assert tongue_tip(HEAD, weights_of(tongueOut=0.2, mouthRollLower=0.5))[1][0] < between[1][0]


def test_brows_are_measured_by_side_and_by_third():
    inner, down = brow_heights(HEAD, weights_of(browInnerUp=1))[0], brow_heights(HEAD, weights_of(browDownLeft=1))[0]
    assert (inner[:, 0] > 3).all() and (inner[:, 1] < 1).all()
    assert (down[0] < -3).all() and np.abs(down[1]).max() < 0.5


def test_measures_of_many_frames_are_those_of_each():
    weights = np.random.default_rng(0).uniform(0, 0.4, (5, 52)).astype(np.float32)
    together = lip_measures(HEAD, weights)
    assert together.shape == (5, 6) and together.dtype == np.float32
    for k in range(5):
        np.testing.assert_allclose(together[k], lip_measures(HEAD, weights[k : k + 1])[0], atol=1e-6)
    np.testing.assert_array_equal(together[:, 0], lip_opening(HEAD, weights))
    for measure in (lip_on_incisors, tongue_tip):
        for part in measure(HEAD, weights):
            assert part.shape == (5,) and np.isfinite(part).all()
    assert incisors_seen(HEAD, weights).shape == (5,)
    assert corner_heights(HEAD, weights).shape == (5, 2) and brow_heights(HEAD, weights).shape == (5, 2, 2)


@pytest.mark.parametrize("name", HEAD_SHAPES)
def test_every_head_shape_can_be_measured(name):
    head = shaped_head(name)
    rest, open_ = lip_measures(head, np.concatenate([weights_of(), weights_of(jawOpen=0.5)]))
    assert open_[0] > rest[0] + 0.08 and open_[4] > rest[4] + 0.03


def test_weights_of_another_shape_are_refused():
    for measure in (lip_measures, lip_on_incisors, incisors_seen, tongue_tip, corner_heights, brow_heights):
        with pytest.raises(InputError, match=r"expected \[n, 52\]"):
            measure(HEAD, np.zeros((3, 51)))
