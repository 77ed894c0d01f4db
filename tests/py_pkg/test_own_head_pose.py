"""The head pose on skeletons of other people."""

from __future__ import annotations

import numpy as np
import pytest
from own_head_support import USHORT, Character, Spoken, animation_of

from diffusiontalker.errors import InputError
from diffusiontalker.head.pose import rotations
from diffusiontalker.ownhead import animate_head
from diffusiontalker.ownhead.bones import local_matrix
from diffusiontalker.ownhead.inspect import inspect_head
from diffusiontalker.ownhead.mapping import Mapping, draft

POSE = (0.4, 0.2, -0.1)  # yaw, pitch, roll
TILT = [0.5, 0.5, 0.5, 0.5]  # a rotation that swaps all axes
TURN = [-np.sqrt(0.5), 0, 0, np.sqrt(0.5)]  # what Blender puts above a skeleton


def matrix(rotation) -> np.ndarray:
    return local_matrix({"rotation": [float(x) for x in rotation]})[:3, :3]


def rig(bone: str = "Head", joints: bool = True) -> Character:
    """Root (turned) > Hips > Neck > bone (with a rest rotation of its own), and a face with a skin of them."""
    made = Character()
    made.mesh(("jawOpen",))
    chain = {"Armature": {"rotation": TURN}, "Hips": {}, "Neck": {"rotation": TILT}, bone: {"rotation": TILT}}
    for i, (name, more) in enumerate(chain.items(), start=1):
        made.node(root=i == 1, name=name, **more)
    for i in (1, 2, 3):
        made.document["nodes"][i]["children"] = [i + 1]
    if joints:
        made.document["skins"] = [{"joints": [2, 3, 4]}]
        made.document["nodes"][0]["skin"] = 0
    return made


def turned(made: Character, pose=POSE, node: int = 4):
    glb, report = animate_head(made.glb(), animation_of(jawOpen=0.5, pose=pose))
    return Spoken(glb).values(node, "rotation"), report


def in_scene(made: Character, own: np.ndarray) -> np.ndarray:
    """The bone's rotation in the scene, with its own rotation `own`."""
    above = np.eye(3)
    for i in (1, 2, 3):
        above = above @ local_matrix(made.document["nodes"][i])[:3, :3]
    return above @ matrix(own)


NAMES = ["Head", "head", "mixamorig:Head", "mixamorigHead", "CC_Base_Head", "J_Bip_C_Head", "Bip01 Head", "Bip001_Head",
         "DEF-head", "Head_M", "head.x", "b_head", "Head_12"]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_the_head_turns_by_the_pose_about_the_face_s_axes(name):
    made = rig(name)
    own, report = turned(made)
    assert report.bone == name
    change = in_scene(made, own[0]) @ in_scene(made, TILT).T
    assert np.abs(change - rotations(np.array([POSE]))[0]).max() < 1e-6
    assert np.abs(np.linalg.norm(own, axis=1) - 1).max() < 1e-6


def test_no_pose_is_the_rest_pose():
    own, _ = turned(rig(), (0, 0, 0))
    assert np.abs(own - TILT).max() < 1e-6


def test_neighbouring_rotations_are_on_one_side():
    angles = np.linspace(0, 6, 40)
    pose = np.stack([angles, 0 * angles, 0 * angles], axis=1)
    glb, _ = animate_head(rig().glb(), animation_of(40, pose=pose, jawOpen=0.5))
    own = Spoken(glb).values(4, "rotation")
    assert (np.sum(own[1:] * own[:-1], axis=1) > 0.9).all()


@pytest.mark.parametrize("name", ["HeadTop_End", "Headphones", "Forehead", "head_end", "HeadTarget", "Skull"])
def test_without_a_head_the_neck_turns(name):
    _, report = turned(rig(name), node=3)
    assert report.bone == "Neck"


def test_without_head_and_neck_nothing_turns():
    made = rig("Skull")
    made.document["nodes"][3]["name"] = "Stalk"
    glb, report = animate_head(made.glb(), animation_of(jawOpen=0.5, pose=POSE))
    assert report.bone is None
    assert [c["target"]["path"] for c in Spoken(glb).animation["channels"]] == ["weights"]


def test_an_animation_without_a_pose_turns_nothing():
    glb, report = animate_head(rig().glb(), animation_of(jawOpen=0.5))
    assert report.bone is None and len(Spoken(glb).animation["channels"]) == 1


def test_a_node_that_is_no_joint_has_to_carry_the_face():
    made = rig(joints=False)
    _, report = animate_head(made.glb(), animation_of(jawOpen=0.5, pose=POSE))
    assert report.bone is None
    made.document["nodes"][4]["children"] = [0]
    made.document["scenes"][0]["nodes"] = [1]
    _, report = animate_head(made.glb(), animation_of(jawOpen=0.5, pose=POSE))
    assert report.bone == "Head"


def test_eyes_tell_where_the_face_looks():
    made = rig()
    made.document["nodes"][1]["children"] += [
        made.node(root=False, name="LeftEye", translation=[0, 0, 0]),
        made.node(root=False, name="RightEye", translation=[0, 0, 0]),
    ]
    # The face looks along +x: its left is along -z in the scene.
    up = matrix(TURN).T @ np.array([0, 1.5, 0])
    side = matrix(TURN).T @ np.array([0, 0, -0.03])
    for i, sign in ((5, 1), (6, -1)):
        made.document["nodes"][i]["translation"] = (up + sign * side).tolist()
    own, _ = turned(made)
    axes = np.array([[0, 0, 1], [0, 1, 0], [-1, 0, 0]])
    change = in_scene(made, own[0]) @ in_scene(made, TILT).T
    assert np.abs(change - axes @ rotations(np.array([POSE]))[0] @ axes.T).max() < 1e-6


@pytest.mark.parametrize("depth", [0.0, 0.1])
def test_eyes_that_are_named_by_the_viewer_s_sides_do_not_turn_the_face_round(depth):
    """As in three.js's facecap: a nod would become its opposite. depth: of the eyes before the head's own place."""
    made = rig()
    root, up = made.document["nodes"][1], matrix(TURN).T @ np.array([0, 1.5, depth])
    for name, sign in (("LeftEye", -1), ("RightEye", 1)):
        place = up + sign * matrix(TURN).T @ np.array([0.03, 0, 0])
        root["children"].append(made.node(root=False, name=name, translation=place.tolist()))
    own, _ = turned(made)
    change = in_scene(made, own[0]) @ in_scene(made, TILT).T
    assert np.abs(change - rotations(np.array([POSE]))[0]).max() < 1e-6


def test_a_face_that_looks_backwards_keeps_its_eyes():
    """Both eyes lie behind the head's own place in the scene, and before it for the face."""
    made = rig()
    root, up = made.document["nodes"][1], matrix(TURN).T @ np.array([0, 1.5, -0.1])
    for name, sign in (("LeftEye", -1), ("RightEye", 1)):
        place = up + sign * matrix(TURN).T @ np.array([0.03, 0, 0])
        root["children"].append(made.node(root=False, name=name, translation=place.tolist()))
    own, _ = turned(made)
    axes = np.diag([-1, 1, -1])
    change = in_scene(made, own[0]) @ in_scene(made, TILT).T
    assert np.abs(change - axes @ rotations(np.array([POSE]))[0] @ axes).max() < 1e-6


def vrm(made: Character, version: int, bones: dict[str, int]) -> Character:
    if version == 1:
        own = {"VRMC_vrm": {"humanoid": {"humanBones": {name: {"node": node} for name, node in bones.items()}}}}
    else:
        own = {"VRM": {"humanoid": {"humanBones": [{"bone": name, "node": node} for name, node in bones.items()]}}}
    made.document["extensions"] = own
    return made


@pytest.mark.parametrize(("version", "facing"), [(0, -1), (1, 1)])
def test_vrm_tells_the_head_and_version_0_looks_backwards(version, facing):
    made = vrm(rig("Knoten"), version, {"head": 4, "neck": 3})
    own, report = turned(made)
    assert report.bone == "Knoten"
    axes = np.diag([facing, 1, facing])
    change = in_scene(made, own[0]) @ in_scene(made, TILT).T
    assert np.abs(change - axes @ rotations(np.array([POSE]))[0] @ axes).max() < 1e-6


def test_matrices_above_count_and_a_matrix_itself_cannot_turn():
    made = rig()
    scaled = np.eye(4)
    scaled[:3, :3] = matrix(TURN) * 0.01
    made.document["nodes"][1] = {"name": "Armature", "children": [2], "matrix": scaled.T.ravel().tolist()}
    own, _ = turned(made)
    assert np.abs(np.abs((own[0] * turned(rig())[0][0]).sum()) - 1) < 1e-6
    made = vrm(rig(), 1, {"head": 4})
    made.document["nodes"][4] = {"name": "Head", "matrix": np.eye(4).ravel().tolist()}
    with pytest.raises(InputError, match="Head has a matrix"):
        turned(made)


def test_a_head_that_keeps_still_is_told_and_drafted():
    """By names that nobody knows; and not where there is no pose, or where the mapping wants it so."""
    made = rig("Kopf")
    made.document["nodes"][3]["name"] = "Hals"

    def notes(pose, mapping=None) -> list[str]:
        report = animate_head(made.glb(), animation_of(jawOpen=0.5, pose=pose), mapping)[1]
        assert report.bone is None
        return [note for note in report.notes if "it keeps still" in note]

    assert len(notes(POSE)) == 1 and "#head_bone" in notes(POSE)[0]
    assert notes(None) == notes((0, 0, 0)) == notes(POSE, Mapping(head_bone="-")) == []
    seen = inspect_head(made.glb())
    told = [line for line in draft(seen.targets, seen.bone, False).splitlines() if "#head_bone" in line]
    assert len(told) == 1 and told[0].startswith("# ")
    assert draft(seen.targets, "Kopf", False).count("#head_bone") == 1


def carried(shares: list[dict[str, float]], moving: tuple[int, ...] = (0, 1, 2)) -> Character:
    """Wurzel > Rumpf > Kopf > Kiefer, and a face whose three vertices hang on them by such shares."""
    made = Character()
    names = ["Wurzel", "Rumpf", "Kopf", "Kiefer"]
    deltas = np.zeros((3, 3))
    deltas[list(moving)] = (0, -1, 0)
    joints, weights = np.zeros((3, 4), "<u2"), np.zeros((3, 4), "<f4")
    for i, share in enumerate(shares):
        for k, (name, value) in enumerate(share.items()):
            joints[i, k], weights[i, k] = names.index(name), value
    attributes = {
        "POSITION": made.accessor(np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0]])),
        "WEIGHTS_0": made.accessor(weights, type="VEC4"),
    }
    made.document["accessors"].append(
        {"bufferView": made.view(joints.tobytes()), "componentType": USHORT, "count": 3, "type": "VEC4"}
    )
    attributes["JOINTS_0"] = len(made.document["accessors"]) - 1
    primitive = {"attributes": attributes, "targets": [{"POSITION": made.accessor(deltas)}]}
    made.document["meshes"].append({"primitives": [primitive], "extras": {"targetNames": ["jawOpen"]}})
    made.node(mesh=0, skin=0)
    for i, name in enumerate(names):
        made.node(root=i == 0, name=name, **({"children": [i + 2]} if i < 3 else {}))
    made.document["skins"] = [{"joints": [1, 2, 3, 4]}]
    return made


@pytest.mark.parametrize(
    ("shares", "moving", "found"),
    [
        ([{"Kopf": 1}, {"Kopf": 0.5, "Kiefer": 0.5}, {"Kiefer": 1}], (0, 1, 2), "Kopf"),  # a jaw lies below the head
        ([{"Kopf": 1}, {"Kopf": 0.8, "Rumpf": 0.2}, {"Kopf": 1}], (0, 1, 2), "Kopf"),  # a little of the neck moves too
        ([{"Kopf": 1}, {"Rumpf": 1}, {"Wurzel": 1}], (0,), "Kopf"),  # what keeps still does not count
        ([{"Kopf": 1}, {"Rumpf": 1}, {"Rumpf": 1}], (0, 1, 2), "Rumpf"),
        ([{"Kopf": 1}, {"Wurzel": 1}, {"Wurzel": 1}], (0, 1, 2), None),  # all of it would turn
    ],
)
def test_a_head_of_an_unknown_name_is_the_joint_that_carries_the_face(shares, moving, found):
    glb, report = animate_head(carried(shares, moving).glb(), animation_of(jawOpen=0.5, pose=POSE))
    assert report.bone == found
    turns = [c["target"]["node"] for c in Spoken(glb).animation["channels"] if c["target"]["path"] == "rotation"]
    assert turns == ([] if found is None else [["Wurzel", "Rumpf", "Kopf", "Kiefer"].index(found) + 1])


def test_a_skin_that_is_damaged_moves_no_head_and_the_face_speaks():
    made = carried([{"Kopf": 1}] * 3)
    made.document["skins"][0]["joints"] = [1]
    report = animate_head(made.glb(), animation_of(jawOpen=0.5, pose=POSE))[1]
    assert report.bone is None and report.n_matched == 1
