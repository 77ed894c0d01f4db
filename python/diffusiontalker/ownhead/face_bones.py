"""Jaw and eyes that are bones: they turn where a character has no targets for them.

The angles of a weight of 1 are those of the built-in head, measured as the rotation of its chin and its eyeballs. VRM
states its own for the eyes, and these go before. Weights count from 0 to 1, so the angles are the bounds."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from diffusiontalker.errors import InputError
from diffusiontalker.io.gltf.container import Gltf
from diffusiontalker.ownhead.bones import PREFIXES, STILL, Bone, bone_at, humanoid, multiply, named
from diffusiontalker.ownhead.curves import Curves
from diffusiontalker.ownhead.names import spelt, words
from diffusiontalker.ownhead.visemes import VISEMES

# Degrees.
JAW_OPEN, JAW_ASIDE = 21.0, 5.0
EYE_ASIDE, EYE_UP, EYE_DOWN = 15.0, 10.0, 11.0

PARTS = ("jaw", "leftEye", "rightEye")
_JAWS = ("jaw", "lowerjaw", "jawlower", "mandible")
_BEFORE = PREFIXES | {"face", "facial", "head", "adj"}
_BEHIND = {"root", "master", "bone", "jnt", "joint", "m", "x"}


@dataclass(frozen=True)
class FaceBone:
    """part: of PARTS.   channels: that turn it.   angles: degrees of a weight of 1; of the jaw open and aside, of an
    eye inwards, outwards, up and down."""

    part: str
    bone: Bone
    channels: tuple[str, ...]
    angles: tuple[float, ...]


def find_face_bones(gltf: Gltf, wanted: dict[str, str | None], shown: set[str]) -> tuple[FaceBone, ...]:
    """The bones that turn.   wanted: part -> name of a node, STILL, or None for the one that is found.
    shown: channels and visemes that targets show already; a bone that is named turns all the same.
    Raises InputError: no such node, one node for two parts, a node that cannot be animated, damaged.
    """
    found: list[FaceBone] = []
    for part in PARTS:
        name, channels = wanted.get(part), _channels(part)
        if name == STILL or (name is None and shown & _instead(part)):
            continue
        index = _likely(gltf, part) if name is None else named(gltf.items("nodes"), name)
        if index is None:
            continue
        bone = bone_at(gltf, index)
        if any(other.bone.node == bone.node for other in found):
            raise InputError(f"the node {bone.name} is two bones of the mapping: name another one")
        if part == "jaw" and "mouthClose" not in shown:
            channels += ("mouthClose",)
        found.append(FaceBone(part, bone, channels, _angles(gltf.document, part)))
    return tuple(found)


def turns(face_bone: FaceBone, curves: Curves) -> np.ndarray:
    """Rotations about the face's axes in each frame, unit quaternions x, y, z, w, float64 [n, 4]."""

    def weight(channel: str) -> np.ndarray:
        return np.clip(curves.channel(channel).astype(np.float64), 0, 1)

    if face_bone.part == "jaw":
        opening, aside = face_bone.angles
        # Lips that close under an open jaw take the jaw along where no target closes them.
        closing = weight("mouthClose") if "mouthClose" in face_bone.channels else 0.0
        pitch = opening * np.maximum(weight("jawOpen") - closing, 0)
        yaw = aside * (weight("jawLeft") - weight("jawRight"))
    else:
        inwards, outwards, up, down = face_bone.angles
        side, sign = ("Left", 1) if face_bone.part == "leftEye" else ("Right", -1)
        pitch = down * weight(f"eyeLookDown{side}") - up * weight(f"eyeLookUp{side}")
        yaw = sign * (outwards * weight(f"eyeLookOut{side}") - inwards * weight(f"eyeLookIn{side}"))
    return multiply(_about(1, yaw), _about(0, pitch))


def _about(axis: int, degrees: np.ndarray) -> np.ndarray:
    half = np.radians(degrees) / 2
    out = np.zeros((len(half), 4))
    out[:, axis], out[:, 3] = np.sin(half), np.cos(half)
    return out


def _channels(part: str) -> tuple[str, ...]:
    if part == "jaw":
        return ("jawOpen", "jawLeft", "jawRight")
    side = part.removesuffix("Eye").title()
    return tuple(f"eyeLook{way}{side}" for way in ("In", "Out", "Up", "Down"))


def _instead(part: str) -> set[str]:
    """What targets show when the bone is not needed."""
    return {"jawOpen", *VISEMES} if part == "jaw" else set(_channels(part))


def _likely(gltf: Gltf, part: str) -> int | None:
    """VRM's bone, or the joint, else the node above a mesh, with a name for the part."""
    nodes = gltf.items("nodes")
    try:
        vrm = humanoid(gltf.document)
        if vrm.get(part) is not None:
            return int(vrm[part]) if 0 <= int(vrm[part]) < len(nodes) else None
        joints = {joint for skin in gltf.items("skins") for joint in skin.get("joints", [])}
        fitting = [i for i, node in enumerate(nodes) if "matrix" not in node and _is_called(node.get("name"), part)]
        carrying = [i for i in fitting if i not in joints and _carries(nodes, i)]
    except (AttributeError, IndexError, KeyError, TypeError, ValueError, RecursionError) as e:
        raise InputError("the head is damaged: its nodes cannot be read") from e
    return next(iter([*(i for i in fitting if i in joints), *carrying]), None)


def _is_called(name, part: str) -> bool:
    if not isinstance(name, str):
        return False
    if part != "jaw":
        found = [w for w in words(name) if not w.isdigit()]
        return found[-2:] == ["eye", part.removesuffix("Eye")] and all(w in _BEFORE for w in found[:-2])
    found = [w for w in spelt(name) if not w.isdigit()]
    while found and found[-1] in _BEHIND:
        found.pop()
    return any("".join(found[i:]) in _JAWS and all(w in _BEFORE for w in found[:i]) for i in range(len(found)))


def _carries(nodes: list[dict], index: int) -> bool:
    """Whether a node or one below it shows a mesh that no skin moves."""
    node = nodes[index]
    if "mesh" in node and "skin" not in node:
        return True
    return any(_carries(nodes, child) for child in node.get("children", []))


def _angles(document: dict, part: str) -> tuple[float, ...]:
    if part == "jaw":
        return JAW_OPEN, JAW_ASIDE
    ours = (EYE_ASIDE, EYE_ASIDE, EYE_UP, EYE_DOWN)
    ways = ("HorizontalInner", "HorizontalOuter", "VerticalUp", "VerticalDown")
    extensions = document.get("extensions", {})
    try:
        if "VRMC_vrm" in extensions:
            stated = extensions["VRMC_vrm"].get("lookAt") or {}
            ranges = [_range(stated.get(f"rangeMap{way}"), "inputMaxValue", "outputScale") for way in ways]
        else:
            stated = extensions.get("VRM", {}).get("firstPerson") or {}
            ranges = [_range(stated.get(f"lookAt{way}"), "xRange", "yRange") for way in ways]
    except (AttributeError, TypeError, ValueError) as e:
        raise InputError("the head is damaged: its VRM gaze cannot be read") from e
    return tuple(
        angle if known is None else min(angle, known[0]) / known[0] * known[1]
        for angle, known in zip(ours, ranges, strict=True)
    )


def _range(stated: dict | None, most: str, scale: str) -> tuple[float, float] | None:
    """Degrees of gaze at which the eye turns farthest, and degrees that it turns then."""
    if not stated or most not in stated or scale not in stated:
        return None
    known = float(stated[most]), float(stated[scale])
    if not (math.isfinite(known[0]) and 0 < known[0] and 0 <= known[1] <= 90):
        return None
    return known
