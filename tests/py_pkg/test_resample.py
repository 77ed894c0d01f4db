"""Frame rates: times are exact, the duration stays, and lips that close are still seen to close."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from export_support import random_animation, weights_of

from diffusiontalker.api.animation import Animation
from diffusiontalker.errors import InputError
from diffusiontalker.head import lip_opening, load_head
from diffusiontalker.spec.channels import ARKIT_CHANNELS

RATES = [(24, 1), (25, 1), (30000, 1001), (30, 1), (60, 1), (120, 1)]


def open_mouths(n: int, fps_num: int, fps_den: int = 1) -> Animation:
    """Faces whose lips never touch, so that only the line between frames counts."""
    animation = random_animation(n, fps_num, fps_den, pose=True)
    weights = animation.weights.copy()
    weights[:, [ARKIT_CHANNELS.index(c) for c in ARKIT_CHANNELS if c.startswith(("mouth", "jaw"))]] = 0
    weights[:, ARKIT_CHANNELS.index("jawOpen")] = np.linspace(0.3, 0.6, n)
    return replace(animation, weights=weights)


@pytest.mark.parametrize("new", RATES)
@pytest.mark.parametrize("old", RATES)
def test_frames_lie_on_the_line_at_exact_times(old, new):
    animation = open_mouths(200, *old)
    got = animation.resampled(*new)
    assert (got.fps_num, got.fps_den) == new
    assert abs(Fraction(got.n_frames) / Fraction(*new) - Fraction(200) / Fraction(*old)) <= 1 / (2 * Fraction(*new))
    for k in (0, 1, 7, got.n_frames // 2, got.n_frames - 1):
        place = min(Fraction(k) * Fraction(*old) / Fraction(*new), Fraction(199))
        i, share = int(place), float(place % 1)
        rows = animation.weights.astype(np.float64), animation.head_pose.astype(np.float64)
        for values, there in zip(rows, (got.weights, got.head_pose), strict=True):
            line = values[i] if share == 0 else (1 - share) * values[i] + share * values[i + 1]
            assert np.abs(there[k] - line).max() < 1e-6, k


@pytest.mark.parametrize(("low", "high"), [(30, 60), (30, 120), (24, 120), (25, 50), (60, 120)])
def test_up_and_back_gives_every_bit(low, high):
    animation = random_animation(101, low, pose=True)
    back = animation.resampled(high).resampled(low)
    assert np.array_equal(back.weights, animation.weights) and np.array_equal(back.head_pose, animation.head_pose)


def test_an_hour_keeps_its_time_to_the_frame():
    n = 30 * 3600
    jaw = np.linspace(0.3, 0.9, n, dtype=np.float32)[:, None]
    got = Animation(jaw, ("cheekPuff",), 30).resampled(30000, 1001)
    assert got.n_frames == round(n * 1000 / 1001)
    k = got.n_frames - 2
    assert got.weights[k, 0] == pytest.approx(np.interp(k * 1.001, np.arange(n), jaw[:, 0]), abs=1e-6)


def closing(fps: int, frames: list[int], n: int) -> Animation:
    """An open mouth that closes in single frames, as a quick p or b does at 60 frames a second."""
    weights = np.repeat(weights_of(jawOpen=0.5, mouthLowerDownLeft=0.2, mouthLowerDownRight=0.2), n, axis=0)
    weights[frames] = weights_of(jawOpen=0.1, mouthClose=0.12)
    return Animation(weights, ARKIT_CHANNELS, fps)


@pytest.mark.parametrize("rate", [(24, 1), (25, 1), (30000, 1001), (30, 1), (50, 1)])
def test_no_closure_is_lost_between_frames(rate):
    head, frames = load_head(), list(range(11, 590, 17))
    animation = closing(60, frames, 600)
    assert (lip_opening(head, animation.weights[frames]) < 0.03).all()
    got = animation.resampled(*rate)
    shut = np.flatnonzero(lip_opening(head, got.weights) < 0.03) / float(Fraction(*rate))
    for frame in frames:
        assert np.abs(shut - frame / 60).min() <= 0.5 / float(Fraction(*rate)) + 1e-9
    # Straight lines alone lose some of them: the rule is what keeps them.
    times = np.arange(got.n_frames) / float(Fraction(*rate)) * 60
    line = np.stack([np.interp(times, np.arange(600), c) for c in animation.weights.T], axis=1)
    assert (lip_opening(head, line) < 0.03).sum() < len(frames)


def test_only_the_mouth_is_moved_in_time():
    animation = closing(60, [31], 60)
    animation.weights[:, 0] = np.linspace(0, 1, 60)
    got = animation.resampled(24)
    assert (
        np.abs(got.weights[:, 0] - np.interp(np.arange(24) * 2.5, np.arange(60), animation.weights[:, 0])).max() < 1e-6
    )


def test_one_frame_and_rates_that_cannot_be():
    one = random_animation(1).resampled(120)
    assert one.n_frames == 4 and (one.weights == one.weights[0]).all()
    for rate in ((0, 1), (1, 0), (-30, 1), (2000, 1), (1, 100)):
        with pytest.raises(InputError, match="frames a second"):
            random_animation(3).resampled(*rate)
