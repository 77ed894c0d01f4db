"""The steps of the script that cuts the head, on small meshes."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("PIL", reason="the cutting script needs Pillow")
from training.head.ambient import openness, vertex_normals
from training.head.base_mesh import BaseMesh
from training.head.bust import cut_bust, inside
from training.head.eyes import build_eye, fit_sphere
from training.head.refine import refine_long_edges
from training.head.symmetry import mirror_map, mirrored_targets
from training.head.teeth import crowns


def sphere(n: int = 24, radius: float = 1.0, centre=(0.0, 0.0, 0.0)) -> BaseMesh:
    """Latitude and longitude quads without the poles' caps."""
    around = np.arange(n) * 2 * np.pi / n
    down = np.linspace(0.3, np.pi - 0.3, n // 2)
    grid = [[np.sin(t) * np.cos(a), np.cos(t), np.sin(t) * np.sin(a)] for t in down for a in around]
    index = np.arange(len(grid)).reshape(len(down), n)
    right = np.roll(index, -1, axis=1)
    quads = np.stack([index[:-1], right[:-1], right[1:], index[1:]], axis=-1).reshape(-1, 4)
    p = np.array(grid) * radius + centre
    deltas = np.stack([0.1 * p, np.zeros_like(p)])
    return BaseMesh(p, quads, p[:, :2], np.array(["body"] * len(quads)), deltas)


def border_edges(quads: np.ndarray) -> np.ndarray:
    """Edges of one face only, [n, 2]; an edge of three faces fails."""
    edges = [(a, b) for q in quads for a, b in zip(q, np.roll(q, -1), strict=True) if a != b]
    unique, count = np.unique(np.sort(np.array(edges), axis=1), axis=0, return_counts=True)
    assert count.max() <= 2
    return unique[count == 1]


def test_head_cut_bust_ends_in_a_smooth_loop():
    mesh = sphere(40, 1.15, (0, 5.0, 0))
    cut, origin = cut_bust(mesh, ["body"])
    assert len(cut.positions) < len(mesh.positions)
    kept = origin >= 0
    assert np.array_equal(cut.positions[kept], mesh.positions[origin[kept]])
    assert (inside(cut.positions[kept]) > 0).all()
    on_cut = np.unique(border_edges(cut.quads))
    new = on_cut[origin[on_cut] < 0]
    assert len(new) > 20 and np.abs(inside(cut.positions[new])).max() < 0.15
    assert set(np.bincount(border_edges(cut.quads).ravel())) <= {0, 2}
    # What a target does to the border is what it does beside it.
    assert np.abs(cut.deltas[0] - 0.1 * cut.positions).max() < 1e-9


def test_head_cut_refine_rounds_without_t_joints():
    mesh = sphere(16)
    fine = refine_long_edges(mesh, "body")
    assert np.array_equal(fine.positions[: len(mesh.positions)], mesh.positions)
    # The edges of the border next to the poles are too short to be halved; an open T-joint would count as border.
    assert np.array_equal(border_edges(fine.quads), border_edges(mesh.quads))
    flat = 1 - np.linalg.norm(mesh.positions[mesh.quads].mean(axis=1), axis=1).min()
    inner = np.setdiff1d(np.arange(len(mesh.positions), len(fine.positions)), border_edges(fine.quads))
    assert np.abs(1 - np.linalg.norm(fine.positions[inner], axis=1)).max() < 0.6 * flat
    assert refine_long_edges(mesh, "other").quads.tolist() == mesh.quads.tolist()


def test_head_cut_eye_is_a_sphere_that_turns_like_the_old_one():
    old = sphere(8, 0.15, (0.3, 7.3, 1.2))
    centre, radius = fit_sphere(old.positions)
    assert np.allclose(centre, (0.3, 7.3, 1.2)) and radius == pytest.approx(0.15)
    axis = np.array([0.0, 0.3, 0.1])
    turn = np.cross(axis, old.positions - centre)
    points, moved, quads, found = build_eye(old.positions, turn[None])
    assert np.allclose(found, centre)
    assert np.allclose(np.linalg.norm(points - centre, axis=1), 0.15)
    assert np.allclose(moved[0], np.cross(axis, points - centre))
    assert set(quads) == {"pupil", "iris", "eye_white"}
    every = np.concatenate(list(quads.values()))
    assert set(np.unique(every)) == set(range(len(points)))
    assert (vertex_normals(points, every) * (points - centre)).sum(axis=1).min() > 0, "faces look outward"


def test_head_cut_openness_is_full_on_a_sphere_and_low_in_a_pit():
    ball = sphere(40)
    if (vertex_normals(ball.positions, ball.quads) * ball.positions).sum() < 0:
        ball.quads = ball.quads[:, ::-1]
    assert openness(ball.positions, ball.quads, 24, 64).min() > 0.9
    inside_out = ball.quads[:, ::-1]
    assert openness(ball.positions, inside_out, 24, 64).max() < 0.5


def test_head_cut_mirrored_targets_are_the_mean_of_both_sides():
    positions = np.array([[-1.0, 0, 0], [1.0, 0, 0], [0, 1.0, 0], [3.0, 3.0, 3.0]])
    deltas = np.zeros((3, 4, 3))
    deltas[0, 1] = [2, 0, 1]  # a left shape that moves its side
    deltas[1, 0] = [-4, 0, 1]  # the right one by more
    deltas[2] = [[0, 1, 0], [0, 3, 0], [0.5, 1, 0], [7, 7, 7]]  # one without sides
    result = mirrored_targets(deltas, positions, ("smileLeft", "smileRight", "open"))
    assert result[0, 1].tolist() == [3, 0, 1] and result[1, 0].tolist() == [-3, 0, 1]
    assert result[2].tolist() == [[0, 2, 0], [0, 2, 0], [0, 1, 0], [7, 7, 7]], "a vertex without partner keeps its move"
    assert mirror_map(positions).tolist() == [1, 0, 2, -1]


@pytest.mark.parametrize("upper", [True, False])
def test_head_cut_crowns_stand_in_a_row_and_move_with_the_jaw(upper):
    rng = np.random.default_rng(0)
    band = rng.uniform(-1, 1, (40, 3)) * [30, 8, 20] + [0, -65, 5]
    turn = np.cross([0.3, 0, 0], band)  # a jaw that turns
    points, moved, quads = crowns(band, turn[None], upper)
    assert np.allclose(moved[0], np.cross([0.3, 0, 0], points))
    half = len(points) // 2
    assert np.array_equal(points[half:], points[:half] * [-1, 1, 1]) and points[:half, 0].min() >= 0.1
    normals = vertex_normals(points, quads)
    labial = normals[:, 2] * np.where(np.abs(points[:, 0]) < 8, 1, 0)
    front = (np.abs(points[:, 0]) < 8) & (points[:, 2] > points[:, 2].max() - 1.2)
    assert front.sum() > 20 and (labial[front] > 0).mean() > 0.9, "faces look outward"
    edge = points[front, 1].min() if upper else points[front, 1].max()
    assert edge == pytest.approx(-71.5 if upper else -70.3, abs=0.3)
