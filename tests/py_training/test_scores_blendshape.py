"""Scores on weights against slow loops, the public masks by name, and cases worked out by hand."""

import math

import numpy as np
import pytest

from diffusiontalker.spec.channels import ARKIT_CHANNELS, CHANNEL_INDEX
from training.eval.scores_blendshape import (
    BEAT_ALL,
    BEAT_MOUTH,
    BEAT_UPPER,
    LIPS,
    UPPER,
    blendshape_scores,
    fdd,
    mean_absolute_error,
    mean_error_norm,
)


def names(channels):
    return {ARKIT_CHANNELS[c] for c in channels}


def test_public_masks_have_the_channels_of_the_public_code():
    assert names(BEAT_MOUTH) == {
        "jawLeft", "jawRight", "mouthDimpleLeft", "mouthDimpleRight", "mouthFunnel", "mouthPucker", "mouthRollLower",
        "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper", "mouthUpperUpLeft", "mouthUpperUpRight",
    }  # fmt: skip
    assert len(BEAT_ALL) == 51 and "tongueOut" not in names(BEAT_ALL)
    upper = {c for c in ARKIT_CHANNELS if c.startswith("eye")} | {"noseSneerLeft", "noseSneerRight"}
    assert names(BEAT_UPPER) == upper


def test_our_groups_hold_what_the_public_masks_leave_out():
    assert {"jawOpen", "mouthClose"} <= names(LIPS)
    assert {"browInnerUp", "eyeBlinkLeft", "cheekPuff"} <= names(UPPER)
    assert not set(LIPS) & set(UPPER)


def test_scores_equal_the_literal_loops():
    rng = np.random.default_rng(3)
    pred, truth = rng.random((2, 9, 52)).astype(np.float32)
    p, t = pred.tolist(), truth.tolist()

    def norm(channels):
        return sum(math.sqrt(sum((p[n][c] - t[n][c]) ** 2 for c in channels)) for n in range(9)) / 9

    def deviation(rows, channels):
        sums = [sum(row[c] ** 2 for c in channels) for row in rows]
        mean = sum(sums) / 9
        return math.sqrt(sum((x - mean) ** 2 for x in sums) / 9)

    close = {"rel": 1e-6}  # differences of float32
    scores = blendshape_scores(pred, truth)
    assert scores["beat_mve"] == pytest.approx(norm(BEAT_ALL), **close)
    assert scores["beat_lve"] == pytest.approx(norm(BEAT_MOUTH), **close)
    assert scores["beat_fdd"] == pytest.approx(deviation(t, BEAT_UPPER) - deviation(p, BEAT_UPPER), rel=1e-5)
    assert scores["weight_fdd"] == pytest.approx(deviation(t, UPPER) - deviation(p, UPPER), rel=1e-5)
    assert scores["beat_fdd_abs"] == abs(scores["beat_fdd"])
    mean = sum(abs(p[n][c] - t[n][c]) for n in range(9) for c in LIPS) / (9 * len(LIPS))
    assert scores["lbe"] == pytest.approx(mean, **close)


def test_a_jaw_error_is_invisible_to_the_public_lip_score_but_not_to_ours():
    truth = np.zeros((4, 52))
    pred = truth.copy()
    pred[:, CHANNEL_INDEX["jawOpen"]] = 0.52
    assert mean_error_norm(pred, truth, BEAT_MOUTH) == 0
    assert mean_error_norm(pred, truth, BEAT_ALL) == pytest.approx(0.52)
    assert mean_absolute_error(pred, truth) == pytest.approx(0.01)
    assert mean_absolute_error(pred, truth, LIPS) == pytest.approx(0.52 / len(LIPS))


def test_fdd_of_blinks_that_are_missing_is_positive():
    truth = np.zeros((4, 52))
    truth[::2, CHANNEL_INDEX["eyeBlinkLeft"]] = 1  # sum of squares 1, 0, 1, 0: deviation 0.5
    assert fdd(np.zeros((4, 52)), truth, BEAT_UPPER) == pytest.approx(0.5)


def test_weights_of_another_width_are_refused():
    with pytest.raises(ValueError, match=r"\[3, 51\]"):
        blendshape_scores(np.zeros((3, 51)), np.zeros((3, 51)))
