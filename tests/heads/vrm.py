"""A character of MakeHuman as a VRM: the humanoid's bones, expressions and gaze, added to a .glb."""

from __future__ import annotations

import json
import struct

SIDED = {
    "UpperArm": "upperarm01", "LowerArm": "lowerarm01", "Hand": "wrist", "UpperLeg": "upperleg01",
    "LowerLeg": "lowerleg01", "Foot": "foot", "Eye": "eye",
}  # fmt: skip
BONES = {"hips": "spine05", "spine": "spine03", "neck": "neck01", "head": "head", "jaw": "jaw"}
BONES |= {f"{s}{bone}": f"{name}.{s[0].upper()}" for s in ("left", "right") for bone, name in SIDED.items()}
# VRM 1 -> VRM 0, and the face units of a pose.
EXPRESSIONS = {
    "aa": ("a", {"jawOpen": 0.8}), "ih": ("i", {"jawOpen": 0.2, "mouthStretchLeft": 0.6, "mouthStretchRight": 0.6}),
    "ou": ("u", {"mouthPucker": 0.9}), "ee": ("e", {"jawOpen": 0.4, "mouthSmileLeft": 0.5, "mouthSmileRight": 0.5}),
    "oh": ("o", {"jawOpen": 0.5, "mouthFunnel": 0.7}), "blinkLeft": ("blink_l", {"eyeBlinkLeft": 1.0}),
    "blinkRight": ("blink_r", {"eyeBlinkRight": 1.0}),
}  # fmt: skip


def as_vrm(glb: bytes, version: int) -> bytes:
    """The file as VRM 0 or 1, its targets without names, so that only expressions tell what they are."""
    (n,) = struct.unpack_from("<I", glb, 12)
    document = json.loads(glb[20 : 20 + n])
    number = {node["name"]: i for i, node in enumerate(document["nodes"]) if "name" in node}
    (mesh,) = (i for i, m in enumerate(document["meshes"]) if "targets" in m["primitives"][0])
    node = next(i for i, item in enumerate(document["nodes"]) if item.get("mesh") == mesh)
    names = document["meshes"][mesh].pop("extras")["targetNames"]
    bones = {bone: number[name] for bone, name in BONES.items()}
    poses = {vrm: (old, {names.index(k): v for k, v in pose.items()}) for vrm, (old, pose) in EXPRESSIONS.items()}
    name, extension = ("VRMC_vrm", _vrm1(bones, poses, node)) if version == 1 else ("VRM", _vrm0(bones, poses, mesh))
    document.setdefault("extensions", {})[name] = extension
    document.setdefault("extensionsUsed", []).append(name)
    text = json.dumps(document).encode()
    text += b" " * (-len(text) % 4)
    rest = glb[20 + n :]
    return struct.pack("<4sIII4s", b"glTF", 2, 20 + len(text) + len(rest), len(text), b"JSON") + text + rest


def _vrm1(bones: dict[str, int], poses: dict, node: int) -> dict:
    preset = {
        name: {"morphTargetBinds": [{"node": node, "index": k, "weight": v} for k, v in pose.items()]}
        for name, (_, pose) in poses.items()
    }
    ways = ("HorizontalInner", "HorizontalOuter", "VerticalDown", "VerticalUp")
    gaze = {f"rangeMap{way}": {"inputMaxValue": 90, "outputScale": 10} for way in ways}
    return {
        "specVersion": "1.0",
        "meta": {"name": "MakeHuman", "authors": ["MakeHuman"], "licenseUrl": "https://vrm.dev/licenses/1.0/"},
        "humanoid": {"humanBones": {bone: {"node": i} for bone, i in bones.items()}},
        "expressions": {"preset": preset},
        "lookAt": {"type": "bone", "offsetFromHeadBone": [0, 0.06, 0], **gaze},
    }


def _vrm0(bones: dict[str, int], poses: dict, mesh: int) -> dict:
    groups = [
        {
            "name": old, "presetName": old, "isBinary": False, "materialValues": [],
            "binds": [{"mesh": mesh, "index": k, "weight": 100 * v} for k, v in pose.items()],
        }
        for old, pose in poses.values()
    ]  # fmt: skip
    curve = {"curve": [0, 0, 0, 1, 1, 1, 1, 0], "xRange": 90, "yRange": 10}
    ways = ("HorizontalInner", "HorizontalOuter", "VerticalDown", "VerticalUp")
    return {
        "specVersion": "0.0",
        "meta": {"title": "MakeHuman", "author": "MakeHuman", "licenseName": "CC0"},
        "humanoid": {"humanBones": [{"bone": b, "node": i, "useDefaultValues": True} for b, i in bones.items()]},
        "blendShapeMaster": {"blendShapeGroups": groups},
        "firstPerson": {"lookAtTypeName": "Bone", **{f"lookAt{way}": curve for way in ways}},
        "materialProperties": [],
    }
