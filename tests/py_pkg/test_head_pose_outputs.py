"""The head pose in files and pictures."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from export_support import random_animation
from test_export_curves import read_csv
from test_glb_file import Glb
from test_render_pictures import place

from diffusiontalker.api.animation import Animation
from diffusiontalker.api.saved import load_animation
from diffusiontalker.errors import InputError
from diffusiontalker.head import load_head, turned
from diffusiontalker.head.pose import NECK_PIVOT, follow, quaternions, rotations
from diffusiontalker.io import save_animation
from diffusiontalker.render import contact_sheet, render_frames

STILL = np.zeros((1, 52), np.float32)


def axis_rotation(axis: int, angle: float) -> np.ndarray:
    """Right-handed rotation about x, y or z, [3, 3]."""
    j, k = (axis + 1) % 3, (axis + 2) % 3
    out = np.eye(3)
    out[j, j] = out[k, k] = np.cos(angle)
    out[j, k], out[k, j] = -np.sin(angle), np.sin(angle)
    return out


def matrix_of(quaternion) -> np.ndarray:
    """Rotation [3, 3] of a unit quaternion x, y, z, w, by the formula of the glTF specification's conventions."""
    x, y, z, w = quaternion
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )


def test_rotations_are_yaw_then_pitch_then_roll_about_turned_axes():
    pose = random_animation(40, pose=True).head_pose
    for matrix, quaternion, (yaw, pitch, roll) in zip(rotations(pose), quaternions(pose), pose, strict=True):
        expected = axis_rotation(1, yaw) @ axis_rotation(0, pitch) @ axis_rotation(2, roll)
        assert np.allclose(matrix, expected, atol=1e-9)
        assert np.allclose(matrix_of(quaternion), expected, atol=1e-6)
        assert quaternion[3] > 0


@pytest.mark.parametrize(
    ("pose", "moved", "sign"),
    [((0.3, 0, 0), "nose", (1, 0, 0)), ((0, 0.3, 0), "nose", (0, -1, 0)), ((0, 0, 0.3), "crown", (-1, 0, 0))],
)
def test_signs_are_those_that_the_header_states(pose, moved, sign):
    """Yaw to the subject's left (+x), pitch down, roll to the right shoulder."""
    head = load_head()
    index = head.positions[:, 2].argmax() if moved == "nose" else head.positions[:, 1].argmax()
    there = turned(head, head.vertices(STILL), np.array([pose]))[0, index] - head.positions[index]
    assert there @ np.array(sign) > 0.02


def test_skull_and_chin_are_rigid_and_the_bust_stays():
    head = load_head()
    assert np.array_equal(turned(head, head.vertices(STILL), np.zeros((1, 3))), head.vertices(STILL))
    vertices = turned(head, head.vertices(STILL), np.array([[0.3, 0.2, -0.2]]))[0]
    p = head.positions
    bust, skull = p[:, 1] < -0.175, (p[:, 1] > -0.08) | (p[:, 2] > -0.035) & (p[:, 1] > -0.119)
    assert bust.sum() > 100 and skull.sum() > 5000
    assert np.array_equal(vertices[bust], p[bust])
    rotated = rotations(np.array([[0.3, 0.2, -0.2]]))[0] @ (p[skull] - NECK_PIVOT).T
    assert np.allclose(vertices[skull], rotated.T + NECK_PIVOT, atol=1e-6)
    edges = np.unique(np.sort(head.quads[:, [0, 1, 1, 2]].reshape(-1, 2)), axis=0)
    assert np.abs(follow()[edges[:, 0]] - follow()[edges[:, 1]]).max() < 0.45, "the neck bends, and does not tear"


def test_csv_has_the_pose_in_its_columns(tmp_path):
    anim = random_animation(70, pose=True)
    save_animation(anim, tmp_path / "a.csv")
    header, rows = read_csv(tmp_path / "a.csv")
    columns = header.split(",")
    for k, name in enumerate(("HeadYaw", "HeadPitch", "HeadRoll")):
        column = columns.index(name)
        assert np.allclose([float(row[column]) for row in rows], anim.head_pose[:, k], atol=1e-9)
    assert {value for row in rows for value in row[57:]} == {"0.0000000000"}, "eyes have no rotations of their own"


def test_csv_of_a_short_clip_at_60_fps_keeps_the_rows_of_the_pose(tmp_path):
    """Its frame numbers begin at 31."""
    anim = random_animation(5, 60, pose=True)
    save_animation(anim, tmp_path / "a.csv")
    values = np.array([[float(v) for v in row[54:57]] for row in read_csv(tmp_path / "a.csv")[1]])
    assert np.allclose(values, anim.head_pose, atol=1e-9)


@pytest.mark.parametrize("suffix", [".npz", ".json"])
def test_saved_animations_come_back_with_every_bit(tmp_path, suffix):
    anim = random_animation(400, pose=True)
    save_animation(anim, tmp_path / f"a{suffix}")
    back = load_animation(tmp_path / f"a{suffix}")
    assert np.array_equal(back.head_pose, anim.head_pose)
    assert np.array_equal(back.weights, anim.weights)
    save_animation(random_animation(4), tmp_path / f"b{suffix}")
    assert load_animation(tmp_path / f"b{suffix}").head_pose is None


def test_a_saved_pose_of_another_length_is_a_sentence(tmp_path):
    save_animation(random_animation(4, pose=True), tmp_path / "a.json")
    saved = json.loads((tmp_path / "a.json").read_text())
    saved["head_pose"].pop()
    (tmp_path / "a.json").write_text(json.dumps(saved))
    with pytest.raises(InputError, match=r"head pose has shape \[3, 3\], expected \[4, 3\]"):
        load_animation(tmp_path / "a.json")


@pytest.mark.parametrize("suffix", [".npz", ".json", ".csv", ".glb"])
@pytest.mark.parametrize("bad", [np.zeros((4, 2)), np.zeros((3, 3)), np.full((4, 3), np.nan)])
def test_a_pose_that_does_not_fit_is_not_written(tmp_path, suffix, bad):
    anim = random_animation(4)
    anim = replace(anim, head_pose=bad)
    with pytest.raises(InputError, match="the head pose"):
        save_animation(anim, tmp_path / f"a{suffix}")
    assert list(tmp_path.iterdir()) == []


def skinned(glb: Glb, frame: int) -> list[np.ndarray]:
    """Positions of each primitive at a key, by the skinning of the glTF specification."""
    nodes, skin = glb.json["nodes"], glb.json["skins"][0]
    curve = glb.json["animations"][0]
    channel = next(c for c in curve["channels"] if c["target"]["path"] == "rotation")
    turn = glb.array(curve["samplers"][channel["sampler"]]["output"])[frame]
    inverse = glb.array(skin["inverseBindMatrices"]).reshape(-1, 4, 4).transpose(0, 2, 1)
    matrices = []
    for joint, bind in zip(skin["joints"], inverse, strict=True):
        local = np.eye(4)
        local[:3, 3] = nodes[joint].get("translation", (0, 0, 0))
        if joint == channel["target"]["node"]:
            local[:3, :3] = matrix_of(turn)
        matrices.append(local @ bind)  # the bust, parent of the neck, is no transform
    out = []
    for primitive in glb.json["meshes"][0]["primitives"]:
        attributes = primitive["attributes"]
        points = np.column_stack([glb.array(attributes["POSITION"]), np.ones(len(glb.array(attributes["POSITION"])))])
        joints, weights = glb.array(attributes["JOINTS_0"]), glb.array(attributes["WEIGHTS_0"])
        assert np.allclose(weights.sum(axis=1), 1, atol=1e-6)
        blend = np.einsum("vk,vkij->vij", weights, np.array(matrices)[joints])
        out.append(np.einsum("vij,vj->vi", blend, points)[:, :3])
    return out


def test_glb_turns_the_head_as_the_pictures_do(tmp_path):
    anim = random_animation(6, pose=True)
    anim.weights[:] = 0
    save_animation(anim, tmp_path / "a.glb")
    glb, head = Glb(tmp_path / "a.glb"), load_head()
    expected = turned(head, head.vertices(anim.weights), anim.head_pose)
    for frame in (0, 5):
        tree = {tuple(p): q for p, q in zip(head.positions.round(7), expected[frame], strict=True)}
        for primitive, points in zip(glb.json["meshes"][0]["primitives"], skinned(glb, frame), strict=True):
            rest = glb.array(primitive["attributes"]["POSITION"]).round(7)
            assert np.allclose([tree[tuple(p)] for p in rest], points, atol=1e-5)
    assert [n["name"] for n in glb.json["nodes"]] == ["Head", "Bust", "Neck"]


def test_glb_without_a_pose_has_no_skin(tmp_path):
    save_animation(random_animation(3), tmp_path / "a.glb")
    document = Glb(tmp_path / "a.glb").json
    assert "skins" not in document and len(document["nodes"]) == 1


def test_pictures_turn_the_head_and_leave_the_bust():
    head = load_head()
    ahead, left = render_frames(
        head, np.repeat(STILL, 2, axis=0), 240, "front", head_pose=np.array([[0, 0, 0], [0.4, 0, 0]])
    )
    pupil = head.eye_centres[:1] + [0, 0, 0.0155]
    for image, pose in ((ahead, [0, 0, 0]), (left, [0.4, 0, 0])):
        eye = (pupil - NECK_PIVOT) @ rotations(np.array([pose]))[0].T + NECK_PIVOT
        x, y = place(eye, "front", 240)[0].round().astype(int)
        assert image[y - 1 : y + 2, x - 1 : x + 2].mean() < 110, "the pupil is where the head turned it"
    assert np.abs(ahead[:150].astype(int) - left[:150]).max() > 60
    _, bottom = place(np.array([[0, -0.18, -0.04]]), "front", 240)[0].round().astype(int)
    assert np.abs(ahead[bottom:].astype(int) - left[bottom:]).mean() < 1


def test_vertices_and_sheet_of_an_animation_are_turned(tmp_path):
    raw = random_animation(4, pose=True)
    anim = Animation(raw.weights, raw.channels, 30, head_pose=raw.head_pose)
    head = load_head()
    assert np.array_equal(anim.vertices(1, 3), turned(head, head.vertices(raw.weights[1:3]), raw.head_pose[1:3]))
    still = Animation(raw.weights, raw.channels, 30)
    for name, animation in (("turned", anim), ("still", still)):
        contact_sheet(animation, tmp_path / f"{name}.png", n=2, size=100)
    assert (tmp_path / "turned.png").read_bytes() != (tmp_path / "still.png").read_bytes()
