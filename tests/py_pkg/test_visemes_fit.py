"""Shares of mouth shapes are the least-squares mixture: optimal by its own conditions, for faces of every kind."""

from __future__ import annotations

import numpy as np
import pytest

from diffusiontalker.io.visemes import ALPHABETS, _nonnegative, poses, shape_track, shares
from diffusiontalker.spec.channels import ARKIT_CHANNELS, CHANNEL_INDEX


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("near", [0.0, 0.999])
def test_the_fit_meets_the_conditions_of_its_optimum(seed, near):
    """x >= 0, and no step from it makes it better (Karush, Kuhn, Tucker); near: shapes that are almost alike."""
    rng = np.random.default_rng(seed)
    basis = rng.random((14, 25))
    basis[1] = near * basis[0] + (1 - near) * basis[1]
    gram = basis @ basis.T + 1e-5 * np.eye(14)
    wanted = (rng.random((400, 25)) - 0.3) @ basis.T
    found = _nonnegative(gram, wanted)
    slope = wanted - found @ gram
    assert found.min() >= 0 and slope.max() < 1e-7
    assert np.abs(slope[found > 1e-9]).max() < 1e-7
    assert 0.05 < (found > 0).mean() < 0.95, "some shapes are there and some are not"


@pytest.mark.parametrize("alphabet", ALPHABETS)
def test_shares_of_any_face_are_shares(alphabet):
    faces = np.random.default_rng(1).random((300, len(ARKIT_CHANNELS))) ** 3
    found = shares(alphabet, faces)
    assert found.shape == (300, len(poses(alphabet)[0]))
    assert found.min() >= 0 and np.abs(found.sum(axis=1) - 1).max() < 1e-9


def test_a_wider_jaw_is_a_wider_drawing():
    faces = np.zeros((60, len(ARKIT_CHANNELS)))
    faces[:, CHANNEL_INDEX["jawOpen"]] = np.repeat([0.0, 0.3, 0.42], 20)
    names, _ = poses("rhubarb")
    assert "".join(dict.fromkeys(names[k] for k in shape_track("rhubarb", faces, 30))) == "XCD"
