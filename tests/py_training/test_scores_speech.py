"""Scores from sound and phones, on cases worked out by hand."""

import math

import numpy as np
import pytest

from diffusiontalker.spec.channels import CHANNEL_INDEX
from training.eval.scores_speech import (
    LIPS,
    AudioVisualOffset,
    Share,
    blink_count,
    count_closures,
    count_false_contacts,
    count_rest,
    count_vowel_pairs,
    jitter,
    lag_correlations,
    lip_error,
    pearson,
    silent_frames,
)

TIMES = np.arange(30) / 30


def slow_pearson(a, b):
    ma, mb = sum(a) / len(a), sum(b) / len(b)
    top = sum((x - ma) * (y - mb) for x, y in zip(a, b, strict=True))
    return top / math.sqrt(sum((x - ma) ** 2 for x in a) * sum((y - mb) ** 2 for y in b))


def test_pearson_of_a_line_is_one_and_of_a_flat_curve_zero():
    x = np.arange(10.0)
    assert pearson(x, 3 * x - 2) == pytest.approx(1)
    assert pearson(x, -x) == pytest.approx(-1)
    assert pearson(x, np.full(10, 0.1)) == 0  # its mean is not exactly 0.1
    a, b = np.random.default_rng(1).random((2, 40))
    assert pearson(a, b) == pytest.approx(slow_pearson(a.tolist(), b.tolist()), rel=1e-12)


def test_lip_error_looks_at_lip_channels_only():
    truth = np.zeros((5, 52))
    weights = truth.copy()
    weights[:, CHANNEL_INDEX["eyeBlinkLeft"]] = 1
    assert lip_error(weights, truth) == 0
    weights[:, CHANNEL_INDEX["jawOpen"]] = 0.5
    assert lip_error(weights, truth) == pytest.approx(0.5 / len(LIPS))


def test_false_contacts_are_those_of_open_phones_away_from_lips_that_may_close():
    phones = [("N", 0.0, 0.1), ("AA", 0.1, 0.3), ("T", 0.3, 0.45), ("P", 0.5, 0.6), ("AE", 0.7, 0.9), ("SIL", 0.95, 1)]
    gap = np.full(30, 0.1)
    gap[[4, 11, 16, 22]] = 0.0  # in AA, in T beside P, in P, in AE beside the silence
    count = Share()
    count_false_contacts(gap, TIMES, phones, count)
    assert (count.expected, count.met) == (2, 1)  # N and AA


def test_closure_counts_only_bilabials_that_the_truth_closes():
    gap, truth = np.full(30, 0.1), np.full(30, 0.1)
    phones = [("P", 0.2, 0.3), ("AA", 0.3, 0.5), ("M", 0.6, 0.7), ("B", 0.85, 0.9)]
    truth[[7, 19]] = 0.0  # in P and in M, not in B
    gap[7] = 0.0
    count = Share()
    count_closures(gap, TIMES, phones, count, truth)
    assert (count.expected, count.met, count.rate) == (2, 1, 0.5)
    count = Share()
    count_closures(gap, TIMES, phones, count)
    assert (count.expected, count.met) == (3, 1)


def test_rate_of_nothing_is_not_a_number():
    assert math.isnan(Share().rate)


def test_silence_is_far_from_every_phone_and_rest_is_closed_lips():
    phones = [("SIL", 0.0, 0.35), ("AA", 0.35, 0.45), ("SIL", 0.45, 1.0)]
    silent = silent_frames(TIMES, phones)
    # Frames up to 0.15 s and after 0.65 s.
    assert silent.tolist() == [k <= 4 or k >= 20 for k in range(30)]
    gap = np.full(30, 0.2)
    gap[:5] = 0.01
    count = Share()
    count_rest(gap, TIMES, phones, count)
    assert (count.expected, count.met) == (15, 5)


def test_vowel_pairs_compare_each_open_with_each_close_vowel_and_skip_short_ones():
    gap = np.interp(TIMES, [0, 0.1, 0.3, 0.5, 0.7, 0.9], [0, 0.12, 0.05, 0.08, 0.1, 0])
    phones = [("AA", 0.05, 0.15), ("IY", 0.25, 0.35), ("EH", 0.45, 0.55), ("UW", 0.65, 0.75), ("AE", 0.3, 0.33)]
    count = Share()
    count_vowel_pairs(gap, TIMES, phones, count)
    # AA above IY and UW, EH above IY but not UW; AE lasts 30 ms only.
    assert (count.expected, count.met) == (4, 3)


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
    assert jitter(line) == pytest.approx((0.1 + 0.2 + 0.1) / 18)


@pytest.mark.parametrize("lag", [-4, 0, 3])
def test_offset_finds_the_lag_of_the_jaw_in_milliseconds(lag):
    sound = np.convolve(np.random.default_rng(2).standard_normal(220), np.hanning(9), "same")
    loudness, jaw = sound[10:210], sound[10 - lag : 210 - lag]
    offset = AudioVisualOffset(30)
    for _ in range(2):
        offset.add(jaw, loudness)
    assert offset.milliseconds == pytest.approx(lag / 30 * 1000, abs=3)  # a tenth of a frame


def test_offset_between_frames_is_interpolated():
    t = np.arange(300)
    offset = AudioVisualOffset(30)
    offset.add(np.sin((t - 1.5) / 4), np.sin(t / 4))
    assert offset.milliseconds == pytest.approx(50, abs=2)


def test_offset_of_a_still_jaw_or_too_short_a_clip_is_not_a_number():
    offset = AudioVisualOffset(30)
    offset.add(np.full(100, 0.3), np.arange(100.0))
    offset.add(np.arange(9.0), np.arange(9.0))
    assert math.isnan(offset.milliseconds)


def test_lag_correlations_equal_the_literal_definition():
    a, b = np.random.default_rng(4).random((2, 25))
    found = lag_correlations(a, b, 5)
    for k in range(-5, 6):
        pairs = [(a[t + k], b[t]) for t in range(25) if 0 <= t + k < 25]
        assert found[k + 5] == pytest.approx(slow_pearson(*zip(*pairs, strict=True)), rel=1e-10)
