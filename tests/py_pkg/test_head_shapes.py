"""The other faces of the built-in head."""

from __future__ import annotations

import json
import struct

import numpy as np
import pytest

import diffusiontalker
from diffusiontalker.errors import InputError
from diffusiontalker.head import CLOSED_LIP_OPENING, HEAD_SHAPES, eyelid_opening, lip_opening, load_head, shaped_head
from diffusiontalker.head.appearance import part_vertices
from diffusiontalker.spec.channels import ARKIT_CHANNELS

OTHERS = [name for name in HEAD_SHAPES if name != "default"]


def pose(**weights: float) -> np.ndarray:
    out = np.zeros((1, 52), np.float32)
    for name, weight in weights.items():
        out[0, ARKIT_CHANNELS.index(name)] = weight
    return out


def normals(vertices: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    a, b, c = (vertices[triangles[:, i]].astype(float) for i in range(3))
    return np.cross(b - a, c - a)


def test_default_shape_is_the_head_that_ships():
    assert shaped_head() is load_head() is shaped_head("default")


def test_unknown_shape_is_told_which_there_are():
    with pytest.raises(InputError, match="there is no head shape 'thin': use one of default, narrow"):
        shaped_head("thin")


@pytest.mark.parametrize("name", OTHERS)
def test_shape_is_another_face_of_the_same_mesh(name):
    head, other = load_head(), shaped_head(name)
    assert other.quads is head.quads
    moved = np.linalg.norm(other.positions - head.positions, axis=1)
    assert 0.004 < moved.max() < 0.025  # metres
    assert moved[head.positions[:, 1] < -0.2].max() < 0.015  # the bust: a longer face only lowers it


@pytest.mark.parametrize("name", OTHERS)
def test_shape_folds_no_triangle(name):
    head, other = load_head(), shaped_head(name)
    before, after = (normals(h.positions, h.triangles) for h in (head, other))
    size = np.linalg.norm(before, axis=1) * np.linalg.norm(after, axis=1)
    assert (np.linalg.norm(after, axis=1) > 0).all()
    assert ((before * after).sum(axis=1) / size).min() > 0.6


@pytest.mark.parametrize("name", OTHERS)
def test_shape_is_as_symmetric_as_the_head(name):
    def asymmetry(h):
        mirrored = h.positions * [-1, 1, 1]
        step = 97  # some of the vertices suffice
        return max(np.abs(h.positions - p).sum(axis=1).min() for p in mirrored[::step])

    assert asymmetry(shaped_head(name)) < asymmetry(load_head()) + 1e-4


@pytest.mark.parametrize("name", OTHERS)
def test_eyeballs_stay_spheres_about_their_centres(name):
    head, other = load_head(), shaped_head(name)
    balls = np.flatnonzero(part_vertices(head, "eye_white", "iris", "pupil"))
    side = (head.positions[balls, 0] < 0).astype(int)
    for weights in (np.zeros((1, 52), np.float32), pose(eyeLookOutLeft=0.7, eyeLookUpRight=0.5)):
        before, after = (h.vertices(weights)[0, balls] - h.eye_centres[side] for h in (head, other))
        assert np.abs(after - before).max() < 2e-6


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize(
    "weights",
    [
        {"jawOpen": 0.25, "mouthClose": 0.25},
        {"mouthPressLeft": 0.6, "mouthPressRight": 0.6},
        {"mouthRollLower": 0.5, "mouthRollUpper": 0.4, "jawOpen": 0.1, "mouthClose": 0.1},
        {"mouthPucker": 0.8},
    ],
)
def test_lips_that_close_on_the_head_close_on_every_shape(name, weights):
    assert lip_opening(load_head(), pose(**weights))[0] < CLOSED_LIP_OPENING, (
        "the pose is not closed: a fault of this test"
    )
    assert lip_opening(shaped_head(name), pose(**weights))[0] < CLOSED_LIP_OPENING


@pytest.mark.parametrize("name", OTHERS)
def test_eyes_close_and_mouth_opens_on_every_shape(name):
    head = shaped_head(name)
    assert (eyelid_opening(head, pose(eyeBlinkLeft=1, eyeBlinkRight=1)) < 0).all()
    assert (eyelid_opening(head, pose()) > 0.07).all()
    assert lip_opening(head, pose(jawOpen=0.6))[0] > 0.14


def test_animation_and_its_files_show_the_shape(tmp_path):
    weights = np.tile(pose(jawOpen=0.5), (3, 1))
    anim = diffusiontalker.Animation(weights, ARKIT_CHANNELS, 30, head="long")
    expected = shaped_head("long").vertices(weights)
    assert np.array_equal(anim.vertices(), expected)
    anim.save(tmp_path / "a.npz", tmp_path / "a.glb", vertices=True)
    with np.load(tmp_path / "a.npz") as data:
        assert np.array_equal(data["vertices"], expected)
    blob = (tmp_path / "a.glb").read_bytes()
    document = json.loads(blob[20 : 20 + struct.unpack_from("<I", blob, 12)[0]])
    places = [document["accessors"][p["attributes"]["POSITION"]] for p in document["meshes"][0]["primitives"]]
    used = shaped_head("long").positions
    assert min(a["min"][1] for a in places) == pytest.approx(used[:, 1].min(), abs=1e-6)
    lips = used[part_vertices(load_head(), "lips")]
    assert any(a["min"][1] == pytest.approx(lips[:, 1].min(), abs=1e-6) for a in places)
