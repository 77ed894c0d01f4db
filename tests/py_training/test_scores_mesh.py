"""Scores on vertices against slow loops written from their definitions, and against tiny cases worked out by hand."""

import math

import numpy as np
import pytest

from training.eval import scores_mesh
from training.eval.scores_mesh import (
    MeshRegions,
    MeshScores,
    diversity,
    fdd,
    mean_vertex_error,
    mouth_opening_difference,
    region_max_error,
)

N, V = 13, 37


@pytest.fixture
def motions():
    rng = np.random.default_rng(5)
    return [rng.standard_normal((N, V, 3)).astype(np.float32) for _ in range(3)]


def squared(a, b):
    return sum((float(x) - float(y)) ** 2 for x, y in zip(a, b, strict=True))


def slow_lve(pred, truth, lips):
    return sum(max(squared(pred[n, v], truth[n, v]) for v in lips) for n in range(len(pred))) / len(pred)


def slow_mve(pred, truth):
    return sum(math.sqrt(squared(pred[n, v], truth[n, v])) for n in range(N) for v in range(V)) / (N * V)


def slow_dynamics(motion, template, upper):
    total = 0.0
    for v in upper:
        norms = [squared(motion[n, v], template[v]) for n in range(N)]
        mean = sum(norms) / N
        total += math.sqrt(sum((x - mean) ** 2 for x in norms) / N)
    return total / len(upper)


def slow_mod(pred, truth, pairs):
    total = 0.0
    for n in range(N):
        for u, d in pairs:
            total += abs(math.sqrt(squared(pred[n, u], pred[n, d])) - math.sqrt(squared(truth[n, u], truth[n, d])))
    return total / (N * len(pairs))


@pytest.mark.parametrize("block_bytes", [24, 24 * 50, 10**9])
def test_scores_equal_the_literal_loops_for_any_block_size(motions, monkeypatch, block_bytes):
    monkeypatch.setattr(scores_mesh, "_BLOCK_BYTES", block_bytes)
    pred, truth, other = motions
    template, lips, upper, pairs = other[0], [3, 8, 30], np.arange(4, 29), [(1, 2), (5, 9)]
    # float64 sums of float32 inputs: only the order of summation differs.
    close = {"rel": 1e-12}
    assert region_max_error(pred, truth, lips).mean() == pytest.approx(slow_lve(pred, truth, lips), **close)
    assert mean_vertex_error(pred, truth).mean() == pytest.approx(slow_mve(pred, truth), **close)
    expected = slow_dynamics(truth, template, upper) - slow_dynamics(pred, template, upper)
    assert fdd(pred, truth, template, upper) == pytest.approx(expected, rel=1e-5)  # offsets are float32
    assert mouth_opening_difference(pred, truth, pairs).mean() == pytest.approx(slow_mod(pred, truth, pairs), rel=1e-6)
    pairwise = (slow_mve(pred, truth) + slow_mve(pred, other) + slow_mve(truth, other)) / 3
    assert diversity(motions) == pytest.approx(pairwise, **close)


def test_lve_takes_the_worst_lip_vertex_squared_and_its_root_only_on_request():
    truth = np.zeros((2, 4, 3))
    pred = truth.copy()
    pred[0, 1] = (3, 4, 0)  # 25
    pred[0, 2] = (1, 0, 0)
    pred[0, 3] = (9, 9, 9)  # not a lip vertex
    pred[1, 2] = (0, 0, 2)  # 4
    np.testing.assert_array_equal(region_max_error(pred, truth, [1, 2]), [25, 4])
    np.testing.assert_array_equal(region_max_error(pred, truth, [1, 2], squared=False), [5, 2])


def test_fdd_is_positive_for_a_still_face_and_negative_for_too_much_motion():
    template = np.ones((2, 3))
    truth = np.repeat(template[None], 4, axis=0)
    truth[::2, 0, 0] += 2  # squared norm 4, 0, 4, 0: deviation 2 at one of two vertices
    still = np.repeat(template[None], 4, axis=0)
    wild = np.repeat(template[None], 4, axis=0)
    wild[::2, :, 0] += 2
    assert fdd(still, truth, template, [0, 1]) == pytest.approx(1)
    assert fdd(wild, truth, template, [0, 1]) == pytest.approx(-1)


def test_mod_sees_the_opening_and_not_a_shift_of_the_whole_mouth():
    truth = np.zeros((1, 2, 3))
    truth[0, 0, 1] = 1.0
    assert mouth_opening_difference(truth + 5, truth, [(0, 1)])[0] == pytest.approx(0)
    wider = truth.copy()
    wider[0, 0, 1] = 1.5
    assert mouth_opening_difference(wider, truth, [(0, 1)])[0] == pytest.approx(0.5)


def test_totals_weigh_frames_alike_for_errors_and_clips_alike_for_fdd():
    everything = np.array([0])
    regions = MeshRegions(np.zeros((1, 3)), everything, everything, everything, np.array([[0, 0]]), scale=10)
    scores = MeshScores(regions)
    short, long = np.zeros((1, 1, 3)), np.zeros((4, 1, 3))
    scores.add(short + [1, 0, 0], short)  # one frame off by 1 unit = 10 mm
    moving = long.copy()
    moving[::2, 0, 0] = 2  # squared norm 4, 0, 4, 0: deviation 2
    scores.add(moving, long)
    result = scores.result()
    assert result["lve_mm2"] == pytest.approx(100 * (1 + 4 + 4) / 5)
    assert result["lve_mm"] == pytest.approx(10 * (1 + 2 + 2) / 5)
    assert result["mve_mm"] == result["lve_mm"] and result["eve_mm2"] == result["lve_mm2"]
    assert result["fdd_mm2"] == pytest.approx(100 * (0 - 2) / 2)
    assert result["fdd_abs_mm2"] == pytest.approx(100)


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match=r"\[2, 4, 3\].*\[3, 4, 3\]"):
        mean_vertex_error(np.zeros((2, 4, 3)), np.zeros((3, 4, 3)))
    with pytest.raises(ValueError, match="two conditions"):
        diversity([np.zeros((2, 4, 3))])


def test_a_mesh_of_the_size_of_biwi_is_scored_in_blocks():
    n, v = 40, 23370
    truth = np.zeros((n, v, 3), np.float32)
    pred = truth + np.float32(0.5)
    lips, upper = np.arange(4996), np.arange(5000, 12784)
    scores = MeshScores(MeshRegions(truth[0], lips, upper, upper, np.array([[0, 1]]), scale=1))
    scores.add(pred, truth)
    result = scores.result()
    assert result["lve_mm2"] == pytest.approx(0.75) and result["fdd_mm2"] == pytest.approx(0)
    assert result["mve_mm"] == pytest.approx(math.sqrt(0.75))
