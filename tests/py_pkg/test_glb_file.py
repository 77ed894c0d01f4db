"""The GLB file, read back with nothing but struct and json."""

from __future__ import annotations

import json
import struct

import numpy as np
import pytest
from export_support import random_animation

from diffusiontalker.errors import InputError
from diffusiontalker.head import load_head
from diffusiontalker.io import save_animation
from diffusiontalker.spec.channels import ARKIT_CHANNELS

COMPONENT = {5123: "<u2", 5125: "<u4", 5126: "<f4"}
WIDTH = {"SCALAR": 1, "VEC3": 3, "VEC4": 4, "MAT4": 16}


class Glb:
    """A second, independent reader."""

    def __init__(self, path):
        data = path.read_bytes()
        magic, version, total = struct.unpack_from("<4sII", data)
        assert (magic, version, total) == (b"glTF", 2, len(data))
        n, kind = struct.unpack_from("<I4s", data, 12)
        assert kind == b"JSON" and n % 4 == 0
        self.json = json.loads(data[20 : 20 + n])
        n_bin, kind = struct.unpack_from("<I4s", data, 20 + n)
        self.bin = data[28 + n :]
        assert kind == b"BIN\0" and n_bin == len(self.bin) == self.json["buffers"][0]["byteLength"]

    def view(self, index: int, component: int, count: int) -> np.ndarray:
        view = self.json["bufferViews"][index]
        assert view["byteOffset"] % 4 == 0
        kind = np.dtype(COMPONENT[component])
        assert count * kind.itemsize == view["byteLength"]
        return np.frombuffer(self.bin, kind, count, view["byteOffset"])

    def array(self, index: int) -> np.ndarray:
        a = self.json["accessors"][index]
        width = WIDTH[a["type"]]
        if "bufferView" in a:
            out = self.view(a["bufferView"], a["componentType"], a["count"] * width).reshape(-1, width)
        else:
            out = np.zeros((a["count"], width), np.float32)
        if "sparse" in a:
            s = a["sparse"]
            rows = self.view(s["indices"]["bufferView"], s["indices"]["componentType"], s["count"])
            assert (np.diff(rows.astype(int)) > 0).all()
            out[rows] = self.view(s["values"]["bufferView"], a["componentType"], s["count"] * width).reshape(-1, width)
        for bound, value in (("min", out.min(0)), ("max", out.max(0))):
            assert bound not in a or np.array_equal(np.float32(a[bound]), value)
        return out

    def evaluate(self, time: float) -> list[np.ndarray]:
        """Positions per primitive at a time, with the animation's linear interpolation."""
        sampler = self.json["animations"][0]["samplers"][0]
        assert sampler["interpolation"] == "LINEAR"
        times = self.array(sampler["input"])[:, 0]
        keys = self.array(sampler["output"]).reshape(len(times), -1)
        weights = [np.interp(time, times, keys[:, k]) for k in range(keys.shape[1])]
        meshes = []
        for primitive in self.json["meshes"][0]["primitives"]:
            positions = self.array(primitive["attributes"]["POSITION"]).astype(float)
            for w, target in zip(weights, primitive["targets"], strict=True):
                positions = positions + w * self.array(target["POSITION"])
            meshes.append(positions[self.array(primitive["indices"])[:, 0]])
        return meshes


@pytest.fixture(scope="module")
def animation():
    return random_animation(9, 30000, 1001)


@pytest.fixture(scope="module")
def glb(animation, tmp_path_factory):
    path = tmp_path_factory.mktemp("glb") / "a.glb"
    save_animation(animation, path)
    return Glb(path)


def test_glb_names_the_standard_targets(glb):
    mesh = glb.json["meshes"][0]
    assert tuple(mesh["extras"]["targetNames"]) == ARKIT_CHANNELS
    assert mesh["weights"] == [0.0] * 52
    assert all(len(p["targets"]) == 52 for p in mesh["primitives"])


def test_glb_states_licence_and_origin(glb):
    asset = glb.json["asset"]
    assert asset["extras"]["license"] == "CC0-1.0" and "MakeHuman" in asset["copyright"]


def test_glb_has_the_materials_of_a_face(glb):
    names = {m["name"] for m in glb.json["materials"]}
    assert {"Skin", "Lips", "Eyes", "Teeth"} <= names
    used = [p["material"] for p in glb.json["meshes"][0]["primitives"]]
    assert sorted(used) == list(range(len(names)))


def test_glb_animation_is_the_weights(glb, animation):
    animation_json = glb.json["animations"][0]
    assert animation_json["channels"] == [{"sampler": 0, "target": {"node": 0, "path": "weights"}}]
    sampler = animation_json["samplers"][0]
    assert np.array_equal(glb.array(sampler["output"]).reshape(-1, 52), animation.weights)
    times = glb.array(sampler["input"])[:, 0]
    assert np.array_equal(times, np.float32(np.arange(9) * 1001 / 30000))


@pytest.mark.parametrize("frame", [0, 4, 8])
def test_glb_moves_as_the_head_does(glb, animation, frame):
    head = load_head()
    expected = head.vertices(animation.weights[frame : frame + 1])[0][head.triangles].reshape(-1, 9)
    corners = np.concatenate(glb.evaluate(frame * 1001 / 30000)).reshape(-1, 9)
    assert len(corners) == len(expected)
    # Primitives sort the triangles by material; in sorted order both lists must be the same.
    expected, corners = (t[np.lexsort(np.round(t, 4).T)] for t in (expected, corners))
    assert np.abs(np.sort(expected.sum(1)) - np.sort(corners.sum(1))).max() < 1e-5


def test_glb_normals_are_unit_and_outward(glb):
    for primitive in glb.json["meshes"][0]["primitives"]:
        normals = glb.array(primitive["attributes"]["NORMAL"])
        assert np.abs(np.linalg.norm(normals, axis=1) - 1).max() < 1e-3
    face = load_head()
    tip = np.argmax(face.positions[:, 2])  # the tip of the nose
    skin = glb.json["meshes"][0]["primitives"][0]["attributes"]
    at = np.argmin(np.abs(glb.array(skin["POSITION"]) - face.positions[tip]).sum(axis=1))
    assert glb.array(skin["NORMAL"])[at, 2] > 0.8


def test_glb_subset_of_channels_leaves_the_others_still(tmp_path):
    anim = random_animation(3, channels=("tongueOut", "jawOpen"))
    save_animation(anim, tmp_path / "a.glb")
    glb = Glb(tmp_path / "a.glb")
    keys = glb.array(glb.json["animations"][0]["samplers"][0]["output"]).reshape(-1, 52)
    assert np.array_equal(keys[:, ARKIT_CHANNELS.index("jawOpen")], anim.weights[:, 1])
    assert np.count_nonzero(keys.any(axis=0)) == 2
    with pytest.raises(InputError, match="smirk"):
        save_animation(random_animation(3, channels=("smirk",)), tmp_path / "b.glb")
    assert not (tmp_path / "b.glb").exists()


def test_glb_of_one_frame_and_of_many(tmp_path):
    for n_frames in (1, 5000):
        save_animation(random_animation(n_frames), tmp_path / "a.glb", force=True)
        glb = Glb(tmp_path / "a.glb")
        assert len(glb.array(glb.json["animations"][0]["samplers"][0]["output"])) == 52 * n_frames


def test_glb_without_animation_when_there_are_no_frames(tmp_path):
    save_animation(random_animation(0), tmp_path / "a.glb")
    assert "animations" not in Glb(tmp_path / "a.glb").json
