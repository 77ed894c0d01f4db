"""Scores against values worked out by hand."""

import json

import numpy as np
import pytest
import soundfile as sf

from diffusiontalker.spec.channels import CHANNEL_INDEX
from training.eval.animators import ConstantBaseline, LoudnessBaseline
from training.eval.metrics import LIPS, ClosureCount, blink_count, count_closures, jitter, lip_error, pearson
from training.eval.tracked_lips import score_tracked_lips


def test_pearson_of_a_line_is_one_and_of_a_flat_curve_zero():
    x = np.arange(10.0)
    assert pearson(x, 3 * x - 2) == pytest.approx(1)
    assert pearson(x, -x) == pytest.approx(-1)
    assert pearson(x, np.ones(10)) == 0


def test_lip_error_looks_at_lip_channels_only():
    truth = np.zeros((5, 52))
    weights = truth.copy()
    weights[:, CHANNEL_INDEX["eyeBlinkLeft"]] = 1
    assert lip_error(weights, truth) == 0
    weights[:, CHANNEL_INDEX["jawOpen"]] = 0.5
    assert lip_error(weights, truth) == pytest.approx(0.5 / len(LIPS))


def test_closure_counts_only_bilabials_that_the_truth_closes():
    times = np.arange(30) / 30
    gap, truth = np.full(30, 0.1), np.full(30, 0.1)
    phones = [("P", 0.2, 0.3), ("AA", 0.3, 0.5), ("M", 0.6, 0.7), ("B", 0.85, 0.9)]
    truth[[7, 19]] = 0.0  # in P and in M, not in B
    gap[7] = 0.0
    count = ClosureCount()
    count_closures(gap, times, phones, count, truth)
    assert (count.expected, count.closed, count.rate) == (2, 1, 0.5)
    count = ClosureCount()
    count_closures(gap, times, phones, count)
    assert (count.expected, count.closed) == (3, 1)


def test_blinks_are_counted_once_each():
    weights = np.zeros((20, 52))
    for start in (3, 10):
        for name in ("eyeBlinkLeft", "eyeBlinkRight"):
            weights[start : start + 4, CHANNEL_INDEX[name]] = 0.9
    assert blink_count(weights) == 2


def test_jitter_of_a_straight_line_is_zero():
    line = np.linspace(0, 1, 20)[:, None] * np.ones((1, 52))
    assert jitter(line) == pytest.approx(0, abs=1e-12)
    line[10] += 0.1
    assert jitter(line) > 0.01


def test_baselines_recover_what_they_can_express():
    audio = [np.random.default_rng(0).standard_normal(16000).astype(np.float32) * np.linspace(0.01, 0.3, 16000)]
    loudness = LoudnessBaseline._loudness(audio[0])
    motion = np.zeros((30, 52))
    motion[:, CHANNEL_INDEX["jawOpen"]] = 0.3 + 0.1 * loudness
    out = LoudnessBaseline(audio, [motion])(audio, [""])[0]
    np.testing.assert_allclose(out, motion, atol=1e-6)
    assert ConstantBaseline(motion)(audio, [""])[0][0, CHANNEL_INDEX["jawOpen"]] == np.median(motion[:, 17])


def test_tracked_lips_score_of_a_perfect_animator_is_one(tmp_path):
    rng = np.random.default_rng(0)
    jaw = np.clip(0.15 + 0.1 * np.sin(np.arange(60) / 3) + 0.01 * rng.standard_normal(60), 0, 1)
    weights = np.zeros((60, 52), np.float32)
    weights[:, CHANNEL_INDEX["jawOpen"]] = jaw
    weights[20:23] = 0
    from diffusiontalker.head import lip_gap, load_head

    gap = lip_gap(load_head(), weights)
    at = (np.arange(49) + 0.5) / 25
    clip = {"fps": 25.0, "lip_gap": np.interp(at, np.arange(60) / 30, gap).tolist(), "phones": [["B", 0.66, 0.76]]}
    (tmp_path / "lips.json").write_text(json.dumps({"x": clip}))
    sf.write(tmp_path / "x.flac", np.zeros(32000, np.float32), 16000)
    scores = score_tracked_lips(tmp_path, lambda audio, identities: [weights], "neutral")
    assert scores["gap_correlation"] == pytest.approx(1, abs=1e-6)
    assert scores["closure_rate"] == 1 and scores["n_clips"] == 1
