"""Weights that no face has: they are refused, and the drawing code never sees them."""

from __future__ import annotations

import json

import numpy as np
import pytest

from diffusiontalker.errors import InputError
from diffusiontalker.head.model import load_head
from diffusiontalker.native import native
from diffusiontalker.render.scene import MAX_WEIGHT, render_frames
from diffusiontalker.spec.channels import ARKIT_CHANNELS


@pytest.mark.parametrize("value", [3e38, -3e38, 1e30, 101, np.nan, np.inf])
def test_weight_that_is_no_face_is_named(value):
    weights = np.zeros((3, 52), np.float32)
    weights[2, 17] = value
    with pytest.raises(InputError, match="weight of jawOpen in frame 2"):
        render_frames(load_head(), weights, size=16)


def test_weights_at_the_limit_are_drawn():
    for value in (MAX_WEIGHT, -MAX_WEIGHT):
        picture = next(render_frames(load_head(), np.full((1, 52), value, np.float32), size=32))
        assert picture.shape == (32, 32, 3)


@pytest.mark.slow
def test_saved_weights_that_are_no_face_end_render_in_a_sentence(place):
    content = {"fps_num": 30, "fps_den": 1, "channels": list(ARKIT_CHANNELS), "weights": [[3e38] * 52]}
    (place.folder / "a.json").write_text(json.dumps(content))
    result = place.run("render", "a.json", "-o", "a.png")
    assert result.returncode == 3, result.stderr
    assert result.stderr.decode().startswith("error: ") and "Traceback" not in result.stderr.decode()


@pytest.mark.parametrize(
    "corners",
    [
        [[3e38, 0, 0], [-3e38, 0, 0], [0, 3e38, 0]],
        [[1e19, 0, 0], [-1e19, 0, 0], [0, 1e19, 0]],
        [[2e37, 1, 0], [0, 2e37, 0], [-2e37, 0, 1]],
    ],
)
def test_triangle_of_any_size_is_drawn(corners):
    positions = np.array(corners, np.float32)
    colors, triangles = np.full((3, 4), 0.5, np.float32), np.array([[0, 1, 2]], np.int32)
    picture = native().raster_draw(positions, triangles, colors, (0, 0, 3), (0, 0, 0), 64, 64)
    assert picture.shape == (64, 64, 3)
