"""The built-in head: its file, its geometry and its provenance."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from export_support import weights_of

from diffusiontalker.errors import InputError
from diffusiontalker.head import in_head_order, load_head
from diffusiontalker.head.model import HEAD_FILE, triangulate
from diffusiontalker.spec.channels import ARKIT_CHANNELS


@pytest.fixture(scope="module")
def head():
    return load_head()


def test_head_file_is_the_one_its_readme_describes():
    digest = hashlib.sha256(HEAD_FILE.read_bytes()).hexdigest()
    readme = (HEAD_FILE.parent / "README.md").read_text(encoding="utf-8")
    assert digest in readme, "cut the head again and renew the hash in assets/README.md"
    assert "CC0" in readme
    assert HEAD_FILE.stat().st_size < 260_000


def test_head_arrays_fit_together(head):
    n = len(head.positions)
    assert head.channels == ARKIT_CHANNELS
    assert head.quads.min() >= 0 and head.quads.max() < n
    assert len(head.face_part) == len(head.quads)
    assert set(np.unique(head.face_part)) == set(range(len(head.parts)))
    assert np.isfinite(head.positions).all()
    assert len(np.unique(head.quads)) == n, "vertices that no face uses"
    for k in range(52):
        indices, deltas = head.target(k)
        assert len(indices) > 0, f"{head.channels[k]} moves nothing"
        assert (np.diff(indices) > 0).all() and indices[-1] < n
        assert 1e-4 < np.abs(deltas).max() < 0.1


def test_head_has_the_size_of_a_head_in_metres(head):
    assert 0.055 < head.interocular < 0.070  # adults: 54 to 74 mm
    assert np.abs(head.eye_centres.mean(axis=0)).max() < 1e-6
    assert head.eye_centres[0, 0] > 0, "the subject's left is +x"


def test_head_has_no_degenerate_triangle(head):
    a, b, c = (head.positions[head.triangles[:, i]].astype(float) for i in range(3))
    assert np.linalg.norm(np.cross(b - a, c - a), axis=1).min() > 0


def test_head_border_is_closed_but_for_the_bust_and_the_strips(head):
    """Every edge of the skin belongs to two faces, or lies on the cut of the bust: no torn faces hang about."""
    skin = np.isin(head.face_part, [head.parts.index(p) for p in ("skin", "lips", "mouth")])
    triangles, owner = triangulate(head.quads)
    edges = np.sort(triangles[skin[owner]][:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
    unique, count = np.unique(edges, axis=0, return_counts=True)
    assert count.max() == 2
    border = head.positions[unique[count == 1]]
    on_bust = border[..., 1].max(axis=1) < -0.10
    # The rest are openings of the base mesh deep inside the head: none is seen from outside.
    assert on_bust.sum() > 40
    degree = np.bincount(unique[count == 1][on_bust].ravel())
    assert set(degree[degree > 0]) == {2}, "the border is a row of closed loops"


def test_head_is_symmetric(head):
    flipped = head.positions * np.float32([-1, 1, 1])
    rows = np.random.default_rng(0).choice(len(flipped), 400, replace=False)
    nearest = [np.abs(head.positions - p).sum(axis=1).min() for p in flipped[rows]]
    assert np.median(nearest) < 1e-4


def test_head_vertices_are_the_sum_of_the_targets(head):
    weights = np.random.default_rng(1).random((3, 52))
    expected = np.repeat(head.positions[None].astype(float), 3, axis=0)
    for k in range(52):
        indices, deltas = head.target(k)
        expected[:, indices] += weights[:, k, None, None] * deltas
    assert np.abs(head.vertices(weights) - expected).max() < 1e-6
    some = np.array([[5, 17], [3, 4000]])
    assert np.abs(head.vertices_at(weights, some) - expected[:, some]).max() < 1e-6


def test_head_vertices_do_not_depend_on_the_block(head):
    weights = np.random.default_rng(2).random((40, 52)).astype(np.float32)
    together = head.vertices(weights)
    assert np.abs(together[33] - head.vertices(weights[33:34])[0]).max() < 1e-6
    assert head.vertices(weights[:0]).shape == (0, *head.positions.shape)


def test_head_eyes_turn_about_their_centres(head):
    """eyeLookOutLeft turns the left eye to the subject's left and leaves the right one."""
    pupil = np.unique(head.quads[head.face_part == head.parts.index("pupil")])
    left = pupil[head.positions[pupil, 0] > 0]
    right = np.setdiff1d(pupil, left)
    moved = head.vertices(weights_of(eyeLookOutLeft=1))[0] - head.positions
    assert moved[left, 0].mean() > 0.002
    assert np.abs(moved[right]).max() < 1e-6


def test_head_wrong_shape_says_what_was_expected(head):
    with pytest.raises(InputError, match=r"\[4, 51\].*\[n, 52\]"):
        head.vertices(np.zeros((4, 51)))


def test_head_order_places_channels_by_name(head):
    out = in_head_order(head, ("jawOpen", "eyeBlinkLeft"), np.float32([[0.5, 0.25]]))
    assert out[0, head.channels.index("jawOpen")] == 0.5
    assert out[0, head.channels.index("eyeBlinkLeft")] == 0.25
    assert out.sum() == 0.75
    with pytest.raises(InputError, match="noSuchShape"):
        in_head_order(head, ("noSuchShape",), np.zeros((1, 1)))
