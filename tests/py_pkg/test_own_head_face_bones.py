"""Jaw and eyes that are bones."""

from __future__ import annotations

import json

import numpy as np
import pytest
from own_head_support import Character, Spoken, animation_of
from test_own_head_pose import TILT, TURN, matrix, vrm

from diffusiontalker.errors import InputError
from diffusiontalker.ownhead import Mapping, animate_head
from diffusiontalker.ownhead.bones import local_matrix
from diffusiontalker.ownhead.face_bones import EYE_ASIDE, EYE_DOWN, EYE_UP, JAW_ASIDE, JAW_OPEN, _is_called
from diffusiontalker.ownhead.inspect import inspect_head
from diffusiontalker.ownhead.mapping import draft, parse_mapping

X, Y = 0, 1
ROOT, HEAD, JAW, LEFT, RIGHT = range(1, 6)


def rig(*targets: str, jaw: str = "Jaw", left: str = "LeftEye", right: str = "RightEye") -> Character:
    """A face of some targets, or without any, on Root (turned) > Head (tilted) > jaw, eyes (tilted again)."""
    made = Character()
    if targets:
        made.mesh(targets)
    else:
        made.document["meshes"].append({"primitives": [{"attributes": {"POSITION": made.accessor(np.eye(3))}}]})
        made.node(mesh=0, name="Face node")
    made.node(name="Root", rotation=TURN, children=[HEAD])
    made.node(root=False, name="Head", rotation=TILT, children=[JAW, LEFT, RIGHT])
    for i, name in ((0, jaw), (1, left), (-1, right)):
        # The place of an eye in the scene, in the axes of the head.
        place = (matrix(TURN) @ matrix(TILT)).T @ np.array([0.03 * i, 1.6, 0.1])
        made.node(root=False, name=name, rotation=TILT, translation=place.tolist())
    made.document["skins"] = [{"joints": [ROOT, HEAD, JAW, LEFT, RIGHT]}]
    made.document["nodes"][0]["skin"] = 0
    return made


def turned(made: Character, node: int, mapping: Mapping | None = None, **channels) -> np.ndarray:
    """What turns a bone of the head in the scene beside its rest, as a matrix for each frame."""
    glb, _ = animate_head(made.glb(), animation_of(2, **channels), mapping)
    own = Spoken(glb).values(node, "rotation")
    above = np.eye(3)
    for i in (ROOT, HEAD):
        above = above @ local_matrix(made.document["nodes"][i])[:3, :3]
    return np.array([above @ matrix(q) @ matrix(TILT).T @ above.T for q in own])


def about(axis: int, degrees: float) -> np.ndarray:
    q = np.zeros(4)
    q[axis], q[3] = np.sin(np.radians(degrees) / 2), np.cos(np.radians(degrees) / 2)
    return matrix(q)


@pytest.mark.parametrize(
    ("node", "channels", "axis", "degrees"),
    [
        (JAW, {"jawOpen": 1.0}, X, JAW_OPEN),
        (JAW, {"jawOpen": 0.5}, X, JAW_OPEN / 2),
        (JAW, {"jawOpen": 7.0}, X, JAW_OPEN),
        (JAW, {"jawOpen": -1.0}, X, 0),
        (JAW, {"jawOpen": 0.8, "mouthClose": 0.3}, X, JAW_OPEN / 2),
        (JAW, {"jawOpen": 0.2, "mouthClose": 0.5}, X, 0),
        (JAW, {"jawLeft": 1.0}, Y, JAW_ASIDE),
        (JAW, {"jawRight": 1.0}, Y, -JAW_ASIDE),
        (LEFT, {"eyeLookOutLeft": 1.0}, Y, EYE_ASIDE),
        (LEFT, {"eyeLookInLeft": 1.0}, Y, -EYE_ASIDE),
        (RIGHT, {"eyeLookOutRight": 1.0}, Y, -EYE_ASIDE),
        (RIGHT, {"eyeLookInRight": 1.0}, Y, EYE_ASIDE),
        (LEFT, {"eyeLookUpLeft": 1.0}, X, -EYE_UP),
        (RIGHT, {"eyeLookDownRight": 2.0}, X, EYE_DOWN),
    ],
)
def test_a_bone_turns_about_the_face_s_axes_and_no_farther_than_its_bound(node, channels, axis, degrees):
    assert np.abs(turned(rig(), node, **channels) - about(axis, degrees)).max() < 1e-6


def test_a_face_without_targets_speaks_by_its_jaw_and_the_report_says_so():
    glb, report = animate_head(rig().glb(), animation_of(2, pose=(0.1, 0, 0), jawOpen=0.5, mouthSmileLeft=0.5))
    assert {c["target"]["path"] for c in Spoken(glb).animation["channels"]} == {"rotation"}
    assert list(report.face_bones) == ["Jaw", "LeftEye", "RightEye"] and report.bone == "Head" and not report.meshes
    assert report.face_bones["Jaw"] == ("jawOpen", "jawLeft", "jawRight", "mouthClose")
    assert report.unused == ("mouthSmileLeft",)


@pytest.mark.parametrize(
    ("targets", "bones"),
    [
        (("jawOpen",), ["LeftEye", "RightEye"]),
        (("viseme_aa",), ["LeftEye", "RightEye"]),
        (("jawOpen", "eyeLookUpLeft"), ["RightEye"]),
        (("mouthSmileLeft", "mouthClose"), ["Jaw", "LeftEye", "RightEye"]),
    ],
)
def test_no_movement_comes_twice(targets, bones):
    _, report = animate_head(rig(*targets).glb(), animation_of(jawOpen=0.5))
    assert list(report.face_bones) == bones
    assert "mouthClose" not in report.face_bones.get("Jaw", ())


def test_a_mapping_names_bones_or_keeps_them_still():
    made = rig("jawOpen", jaw="Kiefer")
    mapping = parse_mapping("#jaw_bone\tKiefer\n#left_eye_bone\t-\n#head_bone\t-\n", "map.tsv", False)
    _, report = animate_head(made.glb(), animation_of(jawOpen=0.5, pose=(0.1, 0, 0)), mapping)
    assert list(report.face_bones) == ["Kiefer", "RightEye"] and report.bone is None
    assert np.abs(turned(made, JAW, mapping, jawOpen=1.0) - about(X, JAW_OPEN)).max() < 1e-6
    for wrong, says in (("Mund", "no node named Mund"), ("RightEye", "RightEye is two bones")):
        with pytest.raises(InputError, match=says):
            animate_head(made.glb(), animation_of(), Mapping(face_bones={"jaw": wrong}))
    with pytest.raises(InputError, match="Head is two bones"):
        animate_head(made.glb(), animation_of(pose=(0.1, 0, 0)), Mapping(face_bones={"jaw": "Head"}))


@pytest.mark.parametrize("is_json", [False, True])
def test_a_draft_has_the_bones_and_gives_the_same_head(is_json):
    made = rig("mouthSmileLeft", left="l.Eye", right="r.Eye")
    seen = inspect_head(made.glb())
    text = draft(seen.targets, seen.bone, is_json, {b.part: b.bone.name for b in seen.face_bones})
    mapping = parse_mapping(text, "map", is_json)
    assert mapping.face_bones == {"jaw": "Jaw", "leftEye": "l.Eye", "rightEye": "r.Eye"} and mapping.head_bone == "Head"
    anim = animation_of(3, jawOpen=0.5, pose=(0.1, 0, 0))
    assert animate_head(made.glb(), anim)[0] == animate_head(made.glb(), anim, mapping)[0]
    if is_json:
        with pytest.raises(InputError, match="jaw_bone takes the name of a node"):
            parse_mapping(json.dumps({"targets": {}, "jaw_bone": 3}), "map.json", True)


JAWS = ["jaw", "Jaw", "CC_Base_JawRoot", "FACIAL_C_Jaw", "lowerJaw", "jaw_master", "DEF-jaw", "Bip01 Jaw", "mandible",
        "mixamorig:Jaw", "jaw_jnt", "Jaw_M"]  # fmt: skip
EYES = [
    "LeftEye",
    "eye.L",
    "DEF-eye.L",
    "J_Adj_L_FaceEye",
    "CC_Base_L_Eye",
    "mixamorig:LeftEye",
    "FACIAL_L_Eye",
    "lEye",
]


def test_names_of_bones():
    assert [name for name in JAWS if not _is_called(name, "jaw")] == []
    assert [name for name in EYES if not _is_called(name, "leftEye")] == []
    others = ["jaw_end", "upperJaw", "jaw_target", "teeth", "eyelid.L", "upper_eye_L", "Eye_R", "eyebrow_L", "Eye", ""]
    assert [name for name in others if _is_called(name, "jaw") or _is_called(name, "leftEye")] == []


@pytest.mark.parametrize("version", [0, 1])
def test_vrm_tells_the_bones_and_how_far_eyes_turn(version):
    """A VRM 0 character looks along -z, and its eyes are on the other sides."""
    made = rig(jaw="a", left="c" if version == 0 else "b", right="b" if version == 0 else "c")
    left, right = (RIGHT, LEFT) if version == 0 else (LEFT, RIGHT)
    vrm(made, version, {"head": HEAD, "jaw": JAW, "leftEye": left, "rightEye": right})
    extensions = made.document["extensions"]
    if version == 1:
        ranges = {"inputMaxValue": 30, "outputScale": 8}
        extensions["VRMC_vrm"]["lookAt"] = {"type": "bone", "rangeMapHorizontalOuter": ranges}
    else:
        extensions["VRM"]["firstPerson"] = {"lookAtHorizontalOuter": {"xRange": 30, "yRange": 8}}
    assert np.abs(turned(made, left, eyeLookOutLeft=1.0) - about(Y, EYE_ASIDE / 30 * 8)).max() < 1e-6
    side = -1 if version == 0 else 1  # up is a turn to the other side of a face that looks backwards
    assert np.abs(turned(made, left, eyeLookUpLeft=1.0) - about(X, -side * EYE_UP)).max() < 1e-6
    assert np.abs(turned(made, JAW, jawOpen=1.0) - about(X, side * JAW_OPEN)).max() < 1e-6


def test_a_jaw_that_is_no_joint_has_to_carry_a_mesh():
    made = rig("mouthSmileLeft")
    del made.document["skins"], made.document["nodes"][0]["skin"]
    assert animate_head(made.glb(), animation_of(jawOpen=0.5))[1].face_bones == {}
    made.document["nodes"][JAW]["mesh"] = 0
    assert list(animate_head(made.glb(), animation_of(jawOpen=0.5))[1].face_bones) == ["Jaw"]


def test_without_targets_and_jaw_there_is_a_sentence():
    for call in (lambda glb: animate_head(glb, animation_of()), lambda glb: inspect_head(glb, fit=True)):
        with pytest.raises(InputError, match="no blendshapes .* and no bone called jaw"):
            call(rig(jaw="Chin", left="a", right="b").glb())
